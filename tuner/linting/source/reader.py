"""Reads a source text by its syntax tree: never run, nothing of it imported."""

from __future__ import annotations

import ast
from pathlib import Path

from tuner.linting.source.amounts import UNKNOWN
from tuner.linting.source.calls import Calls, passed_on
from tuner.linting.source.lightning import scheduled
from tuner.linting.source.loops import Frame, Loop, called, resumes
from tuner.linting.source.modules import find_module, parse_module
from tuner.linting.source.program import Program
from tuner.linting.source.values import (
    Class,
    Counter,
    Epochs,
    Function,
    Known,
    Module,
    Options,
    Several,
    Step,
    combined,
)

_MODULES, _DEEP = 12, 3  # files beside that are read at most, and imports one after the other


def read(tree: ast.Module, file: str | None = None) -> Program:
    """Read a module, the functions that it calls, and then those that nobody calls."""
    reader = _Reader(file)
    reader.visit(tree)
    reader.read_the_rest()
    return Program(
        reader.schedulers,
        reader.options,
        reader.epochs,
        reader.frames,
        at_once=reader.at_once,
        splits=reader.splits,
    )


class _Reader(Calls, ast.NodeVisitor):
    """Reads the statements in their order and notes what becomes of each scheduler."""

    def __init__(self, file: str | None = None) -> None:
        super().__init__(Module(file))
        self._modules: dict[Path, Module] = {}
        self._deep = 0

    def generic_visit(self, node: ast.AST) -> None:
        """Read what is inside, then note the schedulers that it passes on."""
        super().generic_visit(node)
        # What a function gets or returns is followed, unless nobody calls that.
        followed = isinstance(node, ast.Return) and len(self._inside) > 1
        if not followed and not self._is_followed(node):
            self._pass_on(passed_on(node))

    def _is_followed(self, node: ast.AST) -> bool:
        return isinstance(node, ast.Call) and isinstance(self._known(node.func), (Function, Class))

    # --- imports ---

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            self._module.origins[name] = alias.name.partition(".")[0]
            module = self._beside(alias.name, 0)
            if module is not None and (alias.asname or "." not in alias.name):
                self._scopes[-1][name] = module

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        origin = "." if node.level else (node.module or "").partition(".")[0]
        module = self._beside(node.module or "", node.level)
        for alias in node.names:
            name = alias.asname or alias.name
            self._module.origins[name] = origin
            inside = f"{node.module}.{alias.name}" if node.module else alias.name
            known: Known | None = module.names.get(alias.name) if module else None
            known = known or self._beside(inside, node.level)
            if known is not None:
                self._scopes[-1][name] = known

    def _beside(self, name: str, level: int) -> Module | None:
        """Read a file that lies beside this one, once; return what its names stand for."""
        if self._module.file is None:
            return None
        path = find_module(name, level, self._module.file)
        if path is None:
            return None
        if path not in self._modules and len(self._modules) < _MODULES and self._deep < _DEEP:
            self._modules[path] = module = Module(str(path))
            tree = parse_module(path)
            before = self._scopes, self._module, self._frame, self._around
            self._scopes, self._module, self._frame = [module.names], module, None
            self._around = []
            self._deep += 1
            if tree is not None:
                self.visit(tree)
            self._deep -= 1
            self._scopes, self._module, self._frame, self._around = before
        return self._modules.get(path)

    # --- statements ---

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._scopes[-1][node.name] = self._define(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._scopes[-1][node.name] = self._define(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._define_class(node)

    def visit_Return(self, node: ast.Return) -> None:
        self.generic_visit(node)
        if node.value is not None:
            self._returned.append(self._known_or_amount(node.value))
        for part, every in scheduled(node, self._around, self._known):
            for scheduler in self._schedulers(part):
                scheduler.steps.append(Step(self._place(part), every=every))

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self._bind(target, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)
            self._bind(node.target, node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.visit(node.value)
        computed = ast.BinOp(node.target, node.op, node.value)
        self._set(node.target, self._amount(ast.copy_location(computed, node)))

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        self._conditions.append(node)
        names = self._scopes[-1]
        before = dict(names)
        for part in node.body:
            self.visit(part)
        after = dict(names)
        names.clear()
        names.update(before)
        for part in node.orelse:
            self.visit(part)
        self._conditions.pop()
        if not _ends(node.body):
            other = {} if _ends(node.orelse) else dict(names)
            names.clear()
            names.update(_merged(after, other))

    def visit_For(self, node: ast.For) -> None:
        self._running(node.target, node.iter)
        epochs = self._length_of(_unwrapped(node.iter)).value
        if epochs and "epoch" in ast.unparse(node.target).lower() and not resumes(node):
            self.epochs.append(Epochs(round(epochs), self._where()))
        if isinstance(self._known(node.iter), Several):  # a loop over schedulers, not over time
            self.generic_visit(node)
        else:
            self._loop(node)

    def visit_While(self, node: ast.While) -> None:
        self._loop(node)

    def _loop(self, node: Loop) -> None:
        self._frame = frame = Frame(node, self._frame)
        self.frames.append(frame)
        conditions, self._conditions = self._conditions, []
        frame.settle(self._find_amount)
        self.generic_visit(node)
        self._conditions = conditions
        self._frame = frame.outer

    def _running(self, target: ast.expr, over: ast.expr) -> None:
        """Let the names of a loop stand for what it counts."""
        over = _unwrapped(over)
        self.visit(over)
        known = self._known(over)
        if isinstance(known, Several):
            each = combined(known.parts)
            if each is not None:
                self._set(target, each)
            return
        if isinstance(over, ast.Call) and called(over) == "enumerate" and over.args:
            start = self._keyword(over, "start") or (over.args[1] if len(over.args) > 1 else None)
            begin = 0.0 if start is None else self._amount(start).value
            self._set(target, Several((Counter(UNKNOWN, begin), UNKNOWN)))
        elif isinstance(over, ast.Call) and over.args and called(over) in ("range", "arange"):
            begin = self._begin(over.args[0]) if len(over.args) > 1 else 0.0
            self._set(target, Counter(self._length_of(over), begin))
        elif isinstance(target, ast.Name):
            self._set(target, UNKNOWN)

    def visit_ListComp(self, node: ast.ListComp) -> None:
        self._comprehension(node)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        self._comprehension(node)

    def _comprehension(self, node: ast.ListComp | ast.GeneratorExp) -> None:
        self._scopes.append({})
        for part in node.generators:
            self._running(part.target, part.iter)
        self.generic_visit(node)
        self._scopes.pop()

    # --- expressions ---

    def visit_List(self, node: ast.List) -> None:
        self._several(node)

    def visit_Tuple(self, node: ast.Tuple) -> None:
        self._several(node)

    def _several(self, node: ast.List | ast.Tuple) -> None:
        self.generic_visit(node)
        parts = tuple(self._known_or_amount(part) for part in node.elts)
        # Numbers alone are an amount, as milestones are.
        if any(not isinstance(part, (str, type(UNKNOWN), type(None))) for part in parts):
            self._made[node] = Several(parts)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self.generic_visit(node)
        known = combined([self._known(node.body), self._known(node.orelse)])
        if known is not None:
            self._made[node] = known

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._scopes.append({each.arg: UNKNOWN for each in node.args.args})
        self.generic_visit(node)
        self._scopes.pop()

    def visit_Dict(self, node: ast.Dict) -> None:
        self.generic_visit(node)
        options = Options(self._place(node), node=node)
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant):
                self._option(options, key.value, value)
        self._made[node] = options
        self.options.append(options)

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        self._call(node)


def _unwrapped(over: ast.expr) -> ast.expr:
    """Return what a bar of progress runs over."""
    while isinstance(over, ast.Call) and called(over) in ("tqdm", "track", "list", "progress_bar"):
        if not over.args:
            break
        over = over.args[0]
    return over


def _ends(body: list[ast.stmt]) -> bool:
    return bool(body) and isinstance(body[-1], (ast.Return, ast.Raise, ast.Continue, ast.Break))


def _merged(one: dict[str, Known], other: dict[str, Known]) -> dict[str, Known]:
    """Return what names stand for after one of two ways."""
    merged: dict[str, Known] = {}
    for name in one | other:
        values = [names[name] for names in (one, other) if name in names]
        same = all(value is values[0] for value in values)
        found = values[0] if same else combined(values)
        merged[name] = values[-1] if found is None else found
    return merged
