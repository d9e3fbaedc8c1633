"""Reads a source text by its syntax tree: never run, nothing of it imported."""

from __future__ import annotations

import ast

from tuner.linting.source.amounts import UNKNOWN
from tuner.linting.source.calls import Calls, passed_on
from tuner.linting.source.imports import Imports
from tuner.linting.source.lightning import scheduled
from tuner.linting.source.loops import Frame, Loop, called, ends, resumes, unwrapped
from tuner.linting.source.program import Program
from tuner.linting.source.values import (
    Class,
    Counter,
    Epochs,
    Function,
    Module,
    Options,
    Several,
    Step,
    combined,
    merged,
)


def read(tree: ast.Module, file: str | None = None) -> Program:
    """Read a module, the functions that it calls, and then those that nobody calls."""
    reader = _Reader(Module(file))
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


class _Reader(Imports, Calls, ast.NodeVisitor):
    """Reads the statements in their order and notes what becomes of each scheduler."""

    def generic_visit(self, node: ast.AST) -> None:
        """Read what is inside, then note the schedulers that it passes on."""
        super().generic_visit(node)
        # What a function gets or returns is followed, unless nobody calls that.
        followed = isinstance(node, ast.Return) and len(self._inside) > 1
        if not followed and not self._is_followed(node):
            self._pass_on(passed_on(node))

    def _is_followed(self, node: ast.AST) -> bool:
        return isinstance(node, ast.Call) and isinstance(self._known(node.func), (Function, Class))

    # --- statements ---

    def visit_Import(self, node: ast.Import) -> None:
        self._import(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self._import_from(node)

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
        if not ends(node.body):
            other = {} if ends(node.orelse) else dict(names)
            names.clear()
            names.update(merged(after, other))

    def visit_For(self, node: ast.For) -> None:
        self._running(node.target, node.iter)
        epochs = self._length_of(unwrapped(node.iter)).value
        if epochs and "epoch" in ast.unparse(node.target).lower() and not resumes(node):
            self.epochs.append(Epochs(round(epochs), self._functions()))
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
        over = unwrapped(over)
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

    def visit_BinOp(self, node: ast.BinOp) -> None:
        # A sum of hundreds is nested as deeply.
        left: ast.expr = node
        rights = []
        while isinstance(left, ast.BinOp):
            rights.append(left.right)
            left = left.left
        for part in (left, *reversed(rights)):
            self.visit(part)

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
