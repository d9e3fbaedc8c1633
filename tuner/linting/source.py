"""Checks of source text: read by its syntax tree, never run, nothing of it imported."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator

from tuner.errors import ScheduleError
from tuner.linting.amounts import EPOCHS
from tuner.linting.bindings import Options
from tuner.linting.calls import Calls, passed_on
from tuner.linting.finding import Finding
from tuner.linting.lengths import Training
from tuner.linting.lightning import stepped_by_epoch
from tuner.linting.loops import resumes
from tuner.linting.notebook import NOTEBOOK, Line, parse_notebook


def check_source(text: str, training: Training, file: str | None = None) -> list[Finding]:
    """Find the mistakes of a source text.

    Args:
        text: A Python module, or a notebook if that is how the file is called.
        training: What is known of its training beside what it says.
        file: What to call it.

    Returns:
        What is wrong, in the order of the lines.

    Raises:
        ScheduleError: If it is not Python.
    """
    tree = _parse(text, file)
    found = [finding for check in CHECKS for finding in check(tree, training)]
    found.sort(key=lambda finding: finding.line or 0)
    return [_placed(finding, file) for finding in found]


def _check_schedulers(tree: ast.Module, training: Training) -> Iterator[Finding]:
    """Find the mistakes with the schedulers that a module makes."""
    reader = _Reader()
    reader.visit(tree)
    if training.epochs is None and reader.epochs:
        training = training._replace(epochs=max(reader.epochs))
    for scheduler in reader.schedulers:
        yield from scheduler.findings(training)
    for options in reader.options:
        yield from options.findings()


# What is asked about the syntax tree of a source text; a finding has the line of its node.
CHECKS: list[Callable[[ast.Module, Training], Iterable[Finding]]] = [_check_schedulers]


def _parse(text: str, file: str | None) -> ast.Module:
    if file and file.lower().endswith(NOTEBOOK):
        return parse_notebook(text, file)
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise ScheduleError(f"{file or 'the text'} must be Python, but: {error}.") from error


def _placed(finding: Finding, file: str | None) -> Finding:
    if isinstance(finding.line, Line):
        finding = finding._replace(cell=finding.line.cell, line=finding.line.line)
    return finding._replace(file=file)


class _Reader(Calls, ast.NodeVisitor):
    """Reads the statements in their order and notes what becomes of each scheduler."""

    def generic_visit(self, node: ast.AST) -> None:
        """Read what is inside, then note the schedulers that it passes on."""
        super().generic_visit(node)
        for part in passed_on(node):
            scheduler = self._scheduler(part)
            if scheduler is not None:
                scheduler.passed = True

    # --- statements ---

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if (node.module or "").partition(".")[0] == "tuner":
            self._ours |= {alias.asname or alias.name for alias in node.names}

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        methods = {part.name: part for part in node.body if isinstance(part, ast.FunctionDef)}
        if "__call__" in methods:
            self._classes[node.name] = any(
                isinstance(part, ast.Attribute)
                and isinstance(part.ctx, ast.Store)
                and ast.unparse(part.value) == "self"
                for part in ast.walk(methods["__call__"])
            )
        self._enter(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._enter(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._enter(node)

    def _enter(self, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        loops, self._loops = self._loops, []
        self._names.append({})
        self._around.append(node)
        if not isinstance(node, ast.ClassDef):
            arguments = [*node.args.posonlyargs, *node.args.args]
            arguments = arguments[len(arguments) - len(node.args.defaults) :]
            for argument, default in zip(arguments, node.args.defaults, strict=True):
                # Who calls it may well name another optimizer than the default.
                if not isinstance(self._known(default), str):
                    self._bind(ast.Name(argument.arg), default)
        self.generic_visit(node)
        self._around.pop()
        self._names.pop()
        self._loops = loops

    def visit_Return(self, node: ast.Return) -> None:
        self.generic_visit(node)
        for part in stepped_by_epoch(node, self._around):
            scheduler = self._scheduler(part)
            if scheduler is not None:
                scheduler.steps.append((part.lineno, EPOCHS))

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self._bind(target, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)
            self._bind(node.target, node.value)

    def visit_For(self, node: ast.For) -> None:
        self._loops.append(node)
        self._running(node.target, node.iter)
        epochs = self._ranges[-1][1].value
        if epochs and "epoch" in ast.unparse(node.target).lower() and not resumes(node):
            self.epochs.append(round(epochs))
        self.generic_visit(node)
        self._ranges.pop()
        self._loops.pop()

    def visit_While(self, node: ast.While) -> None:
        self._loops.append(node)
        self.generic_visit(node)
        self._loops.pop()

    def visit_ListComp(self, node: ast.ListComp) -> None:
        self._comprehension(node)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        self._comprehension(node)

    def _comprehension(self, node: ast.ListComp | ast.GeneratorExp) -> None:
        for part in node.generators:
            self._running(part.target, part.iter)
        self.generic_visit(node)
        del self._ranges[len(self._ranges) - len(node.generators) :]

    def _running(self, target: ast.expr, over: ast.expr) -> None:
        self._ranges.append((ast.unparse(target), self._length_of(over)))

    # --- expressions ---

    def visit_List(self, node: ast.List) -> None:
        self.generic_visit(node)
        schedulers = [known for part in node.elts if (known := self._scheduler(part))]
        if schedulers:
            self._made[node] = schedulers

    def visit_Dict(self, node: ast.Dict) -> None:
        self.generic_visit(node)
        options = Options(node.lineno)
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant):
                self._option(options, key.value, value)
        self._made[node] = options
        self.options.append(options)

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        self._call(node)
