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
from tuner.schedules.quantities import QUANTITIES, Schedules

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

{classes}


def learning_rate(update: float) -> float:
    """Return the learning rate of an update; the first of a training is 1."""
    return _SCHEDULE._lr(update)
{others}

_SCHEDULE = _Schedule()
'''
_CLASS = """\
class {name}:
{constants}

{methods}
"""
_OTHER = '''

def {name}(update: float) -> float:
    """Return the {words} of an update."""
    return {made}._lr(update)
'''
_WORDS = {"momentum": "momentum", "weight_decay": "weight decay"}


def python_source(schedule: Schedule) -> str:
    """Return a module of the standard library alone whose ``learning_rate`` is the schedule.

    Of :class:`~tuner.Schedules` it has ``momentum`` and ``weight_decay`` as well, and for
    parameter groups ``GROUPS``: by name or place, a function for each quantity.

    Args:
        schedule: A schedule of any family, or several as one.

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
    module = _Module()
    others = ""
    if isinstance(schedule, Schedules):
        module.add_class("_Schedule", schedule.lr)
        for name in QUANTITIES:
            curve = getattr(schedule, name)
            if curve is not None:
                others += _OTHER.format(name=name, words=_WORDS[name], made=module.made(curve))
        if schedule.groups:
            others += _groups(schedule, module)
    else:
        module.add_class("_Schedule", schedule)
    return _TEMPLATE.format(
        schedule=repr(schedule),
        decays_from=schedule.decays_from,
        formula=schedule.formula.replace("\\", r"\\").replace('"', r"\""),
        imports="\n".join(f"import {name}" for name in sorted(module.modules)),
        helpers="".join(f"\n\n{text}" for text in module.helpers.values()),
        classes="\n\n".join(module.classes.values()).rstrip(),
        others=others,
    )


def _groups(schedule: Schedules, module: _Module) -> str:
    lines = []
    for key, _ in schedule.own_groups():
        curves = schedule.group(key)
        lr = "learning_rate"
        if isinstance(curves.lr, Schedule):
            lr = f"{module.made(curves.lr)}._lr"
        elif curves.lr is not None:
            lr = f"lambda update: {curves.lr!r} * learning_rate(update)"
        functions = {"learning_rate": lr}
        for name in QUANTITIES:
            curve = getattr(curves, name)
            if curve is not None:
                own = curve is not getattr(schedule, name)
                functions[name] = f"{module.made(curve)}._lr" if own else name
        inner = "".join(f"        {name!r}: {text},\n" for name, text in functions.items())
        lines.append(f"    {key!r}: {{\n{inner}    }},\n")
    return f"\n\n# What parameter groups have.\nGROUPS = {{\n{''.join(lines)}}}\n"


class _Module:
    """The classes of a module, one for each schedule, and what their methods need."""

    def __init__(self) -> None:
        self.modules: set[str] = set()
        self.helpers: dict[str, str] = {}
        self.classes: dict[str, str] = {}

    def made(self, schedule: Schedule) -> str:
        """Return the text that makes the object of a schedule, whose class is added."""
        name = f"_Curve{len(self.classes)}"
        self.classes[name] = ""  # so that the next one has another name
        self.add_class(name, schedule)
        return f"{name}()"

    def add_class(self, name: str, schedule: Schedule) -> None:
        parts = _Parts(type(schedule))
        parts.add_method("_lr")
        values = {f.name: getattr(schedule, f.name) for f in dataclasses.fields(schedule)}
        constants = {
            field: self.made(value) if isinstance(value, Schedule) else repr(value)
            for field, value in values.items()
        }
        self.modules |= parts.modules
        for helper, text in parts.helpers.items():
            if self.helpers.setdefault(helper, text) != text:
                raise ScheduleError(
                    f"functions and constants of one name must be the same to be written as text,"
                    f" but {helper!r} of {type(schedule).__name__} is another one than before."
                )
        self.classes.pop(name, None)  # after those of its constants
        self.classes[name] = _CLASS.format(
            name=name,
            constants="\n".join(f"    {field} = {text}" for field, text in constants.items()),
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
