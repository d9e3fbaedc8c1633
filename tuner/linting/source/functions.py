"""Functions and classes of a file: read where they are called, with what they are called with."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterable, Sequence

from tuner.linting.source.amounts import UNKNOWN
from tuner.linting.source.known import MAKERS, OURS
from tuner.linting.source.names import Names
from tuner.linting.source.values import (
    Class,
    Function,
    Instance,
    Known,
    Module,
    Several,
    combined,
    schedulers_of,
)

# A file whose calls lead to more is read no further: its length would double with every floor.
_DEEPEST, _MOST = 12, 500
# What a function must do, or call something that does, so that reading it can tell anything.
_OF_INTEREST = {"step", "backward", "lr_scheduler", "set_learning_rate", "apply_gradients"}
_OF_INTEREST |= {"apply_updates", "update", "prepare", *MAKERS}

Definition = ast.FunctionDef | ast.AsyncFunctionDef


class Functions(Names, ast.NodeVisitor):
    """Reads a function with the names of its caller, and returns what it returns."""

    def __init__(self, module: Module) -> None:
        super().__init__(module)
        self._defined: list[Function] = []
        self._called_so: dict[str, list[Function]] = {}
        self._read: set[ast.AST] = set()
        self._entered = 0
        self._returned: list[Known | None] = []
        self._lone: dict[Class, Instance] = {}
        self._interest: dict[ast.AST, bool] = {}
        self._names_in: dict[ast.AST, set[str]] = {}

    # --- definitions ---

    def _define(self, node: Definition, owner: Class | None = None) -> Function:
        function = Function(node, self._module, list(self._scopes), owner)
        self._defined.append(function)
        self._called_so.setdefault(node.name, []).append(function)
        return function

    def _define_class(self, node: ast.ClassDef) -> None:
        made = Class(node, self._module)
        for base in node.bases:
            of = self._known(base)
            if isinstance(of, Class):
                made.methods |= of.methods
                made.changes = of.changes
        self._scopes.append(made.names)
        self._around.append(node)
        for part in node.body:
            if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef)):
                # Of what is in a class, its methods see nothing without a name before it.
                self._scopes.pop()
                made.methods[part.name] = self._define(part, made)
                self._scopes.append(made.names)
            else:
                self.visit(part)
        self._around.pop()
        self._scopes.pop()
        if any(part.name == "__call__" for part in node.body if isinstance(part, Definition)):
            made.changes = _changes(made.methods["__call__"].node)
        self._scopes[-1][node.name] = made

    # --- calls ---

    def _run(self, function: Function, call: ast.Call | None) -> Known | None:
        """Read a function as it is called, or on its own; return what it returns."""
        node = function.node
        if node in self._inside or len(self._inside) > _DEEPEST or self._entered > _MOST:
            return None
        self._read.add(node)
        self._entered += 1
        names = self._arguments(function, call)
        before = self._scopes, self._module, self._around, self._returned, self._conditions
        self._scopes = [*function.scopes, names]
        self._module, self._returned = function.module, []
        self._around = [*([function.owner.node] if function.owner else []), node]
        self._inside.append(node)
        for part in node.body:
            self.visit(part)
        self._inside.pop()
        returned = combined(self._returned)
        self._scopes, self._module, self._around, self._returned, self._conditions = before
        return returned

    def _arguments(self, function: Function, call: ast.Call | None) -> dict[str, Known]:
        node, names = function.node, dict[str, Known]()
        places = [*node.args.posonlyargs, *node.args.args]
        pairs = [*zip(reversed(places), reversed(node.args.defaults), strict=False)]
        pairs += [
            (place, default)
            for place, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
            if default is not None
        ]
        for place in (*places, *node.args.kwonlyargs):
            names[place.arg] = UNKNOWN  # and not what is called so outside
        for place, default in pairs:
            known = self._known_or_amount(default)
            # Who calls it may well name another optimizer than the default.
            if known is not None and not (call is None and isinstance(known, str)):
                names[place.arg] = known
        if function.instance and places and not _static(node):
            names[places.pop(0).arg] = function.instance
        if call is not None:
            given = [
                *((place.arg, part) for place, part in zip(places, call.args, strict=False)),
                *((word.arg, word.value) for word in call.keywords if word.arg in names),
            ]
            for name, part in given:
                if name is not None and not isinstance(part, ast.Starred):
                    names[name] = self._known_or_amount(part) or UNKNOWN
        return names

    def _instance(self, made: Class, call: ast.Call | None) -> Instance:
        """Return an object of a class, made as a call makes it or on its own."""
        instance = Instance(made)
        begin = self._of_class(instance, "__init__")
        given = [] if call is None else [*call.args, *(word.value for word in call.keywords)]
        if isinstance(begin, Function) and self._of_interest(begin, given):
            self._run(begin, call)
        return instance

    # --- what is called by nobody ---

    def read_the_rest(self) -> None:
        """Read what no call led to: first what nothing else of it calls."""
        rest = [each for each in self._defined if self._is_left(each)]
        called = {each.node: set(_called(each.node.body)) for each in rest}
        while rest := [each for each in rest if each.node not in self._read]:
            named = set().union(*(called[each.node] for each in rest))
            for function in [each for each in rest if each.node.name not in named] or rest[:1]:
                if function.node not in self._read:
                    self._read_alone(function)

    def _is_left(self, function: Function) -> bool:
        here = function.module.file == self._module.file
        return here and function.node not in self._read and self._tells(function)

    def _read_alone(self, function: Function) -> None:
        self._read.add(function.node)
        owner = function.owner
        if owner is not None:
            if owner not in self._lone:
                self._lone[owner] = self._instance(owner, None)
            if function.node.name == "__init__":
                return
            function = dataclasses.replace(function, instance=self._lone[owner])
        self._entered = 0
        self._run(function, None)

    def _tells(self, function: Function) -> bool:
        """Tell whether a function does something of interest, or calls what does."""
        node = function.node
        if node not in self._interest:
            self._interest[node] = False  # for what calls itself
            names = self._named(node)
            ours = "tuner" in function.module.origins.values() and not names.isdisjoint(OURS)
            within = (each for name in names for each in self._called_so.get(name, ()))
            self._interest[node] = (
                ours or not names.isdisjoint(_OF_INTEREST) or any(map(self._tells, within))
            )
        return self._interest[node]

    def _of_interest(self, function: Function, given: Sequence[ast.expr]) -> bool:
        """Tell whether a call of a function can tell anything: it may well name a scheduler."""
        named = [
            names[name]
            for names in function.scopes
            for name in self._named(function.node).intersection(names)
        ]
        return (
            self._tells(function)
            or any(schedulers_of(known) for known in named)
            or any(
                schedulers_of(known := self._known(part)) or isinstance(known, (Several, Instance))
                for part in given
            )
        )

    def _named(self, node: ast.AST) -> set[str]:
        if node not in self._names_in:
            self._names_in[node] = set(_names(node))
        return self._names_in[node]


def _static(node: Definition) -> bool:
    return any(ast.unparse(each) == "staticmethod" for each in node.decorator_list)


def _changes(method: Definition) -> bool:
    return any(
        isinstance(part, ast.Attribute)
        and isinstance(part.ctx, ast.Store)
        and ast.unparse(part.value) == "self"
        for part in ast.walk(method)
    )


def _names(node: ast.AST) -> Iterable[str]:
    for part in ast.walk(node):
        match part:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.keyword(arg=str(name)):
                yield name
            case ast.Constant(value=str(text)) if text == "lr_scheduler":
                yield text


def _called(body: Iterable[ast.AST]) -> Iterable[str]:
    for statement in body:
        for part in ast.walk(statement):
            match part:
                case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                    yield name
