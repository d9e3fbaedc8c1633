"""A schedule as the source text of a function that needs no package.

The text is put together from the family's own source: its constants, the methods that its
learning rate is made of, and the functions that they call. So it gives the same values to the
last bit, for every family, those of other packages included.
"""

from __future__ import annotations

import ast
import builtins
import dataclasses
import functools
import inspect
import textwrap
from types import FunctionType, ModuleType
from typing import Any

from tuner.errors import ScheduleError
from tuner.schedules.base import Schedule

_PLAIN = (bool, int, float, str, tuple)

_TEMPLATE = '''\
"""Learning rates of the schedule

    {schedule}

written by Schedule Tuner. With W = {decays_from} and T = horizon, the learning rate of
update u is {formula} after the warmup.
"""

from __future__ import annotations

{imports}

ScheduleError = ValueError
{helpers}

class _Schedule:
{constants}

{methods}


def learning_rate(update: float) -> float:
    """Return the learning rate of an update; the first of a training is 1."""
    return _SCHEDULE._lr(update)


_SCHEDULE = _Schedule()
'''


def python_source(schedule: Schedule) -> str:
    """Return a module of the standard library alone whose ``learning_rate`` is the schedule.

    Args:
        schedule: A schedule of any family.

    Returns:
        Python source text.

    Raises:
        ScheduleError: If a family of another package uses what cannot be written into the text.

    Example:
        >>> from tuner.schedules import Cosine
        >>> schedule = Cosine(base_lr=0.1, horizon=100)
        >>> module = {}
        >>> exec(python_source(schedule), module)
        >>> module["learning_rate"](50) == schedule(50)
        True
    """
    parts = _Parts(type(schedule))
    parts.add_method("_lr")
    fields = [field.name for field in dataclasses.fields(schedule)]
    return _TEMPLATE.format(
        schedule=repr(schedule),
        decays_from=schedule.decays_from,
        formula=schedule.formula.replace("\\", r"\\").replace('"', r"\""),
        imports="\n".join(f"import {name}" for name in sorted(parts.modules)),
        helpers="".join(f"\n\n{text}" for text in parts.helpers.values()),
        constants="\n".join(f"    {name} = {getattr(schedule, name)!r}" for name in fields),
        methods="\n\n".join(textwrap.indent(text, "    ") for text in parts.methods.values()),
    )


class _Parts:
    """What the methods of a class are made of, found by following the names in their source."""

    def __init__(self, cls: type[Schedule]) -> None:
        self.cls = cls
        self.fields = {field.name for field in dataclasses.fields(cls)}
        self.modules: set[str] = set()
        self.helpers: dict[str, str] = {}
        self.methods: dict[str, str] = {}

    def add_method(self, name: str) -> None:
        if name in self.fields or name in self.methods:
            return
        member = inspect.getattr_static(self.cls, name)
        function: Any = member
        if isinstance(member, property):
            function = member.fget
        elif isinstance(member, functools.cached_property):
            function = member.func
        if isinstance(member, _PLAIN):
            self.methods[name] = f"{name} = {member!r}"
        elif isinstance(function, FunctionType):
            self.methods[name] = ""  # so that a method that calls itself ends
            self.methods[name] = self._source(function)
        else:
            raise self._not_plain(name, member)

    def _add_global(self, name: str, value: object) -> None:
        if value is ScheduleError or name in self.helpers:
            return
        if isinstance(value, ModuleType) and value.__name__ == name:
            self.modules.add(name)
        elif isinstance(value, FunctionType):
            self.helpers[name] = ""
            self.helpers[name] = self._source(value)
        elif isinstance(value, _PLAIN):
            self.helpers[name] = f"{name} = {value!r}"
        else:
            raise self._not_plain(name, value)

    def _source(self, function: FunctionType) -> str:
        text = textwrap.dedent(inspect.getsource(function)).rstrip()
        [definition] = ast.parse(text).body
        assert isinstance(definition, ast.FunctionDef)
        annotations = {id(inner) for hint in _hints(definition) for inner in ast.walk(hint)}
        for node in ast.walk(definition):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "self":
                self.add_method(node.attr)
            elif isinstance(node, ast.Name) and id(node) not in annotations:
                if node.id == "super":
                    raise self._not_plain("super", super)
                if not hasattr(builtins, node.id) and node.id in function.__globals__:
                    self._add_global(node.id, function.__globals__[node.id])
        return text

    def _not_plain(self, name: str, value: object) -> ScheduleError:
        return ScheduleError(
            f"{self.cls.__name__} must be made of its fields, its own methods, functions of its"
            f" package and modules of Python to be written as text, but uses {name!r},"
            f" {type(value).__name__}."
        )


def _hints(definition: ast.FunctionDef) -> list[ast.expr]:
    arguments = [*definition.args.args, *definition.args.kwonlyargs]
    hints = [definition.returns, *(argument.annotation for argument in arguments)]
    return [hint for hint in hints if hint is not None]
