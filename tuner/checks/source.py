"""Checks of source text: read by its syntax tree, never run, nothing of it imported."""

from __future__ import annotations

import ast
import re

from tuner.checks.amounts import UNKNOWN, Amount, amount
from tuner.checks.bindings import Options, Scheduler
from tuner.checks.finding import Finding
from tuner.checks.known import MAKERS, OURS, Place
from tuner.checks.lengths import Training
from tuner.checks.loops import Loop, purpose, resumes
from tuner.checks.notebook import NOTEBOOK, Line, parse_notebook
from tuner.errors import ScheduleError

Known = Amount | Scheduler | Options
# The length of a training, other than `warmup_epochs` or `start_epoch`.
_ITS_EPOCHS = re.compile(r"((num|n|max|total|num_train)_)?epochs", re.IGNORECASE)


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
    reader = _Reader()
    reader.visit(_parse(text, file))
    if training.epochs is None and reader.epochs:
        training = training._replace(epochs=max(reader.epochs))
    found = [finding for each in reader.schedulers for finding in each.findings(training)]
    found += [finding for each in reader.options for finding in each.findings()]
    found.sort(key=lambda finding: finding.line or 0)
    return [_placed(finding, file) for finding in found]


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


class _Reader(ast.NodeVisitor):
    """Reads the statements in their order and notes what becomes of each scheduler."""

    def __init__(self) -> None:
        self.schedulers: list[Scheduler] = []
        self.options: list[Options] = []
        self.epochs: list[int] = []
        self._names: list[dict[str, Known]] = [{}]
        self._made: dict[ast.AST, Known] = {}
        self._classes: dict[str, bool] = {}  # callable classes of the file: do they change
        self._ours: set[str] = set()  # names that `from tuner import` gave
        self._loops: list[Loop] = []
        self._ranges: list[tuple[str, Amount]] = []  # of loops and comprehensions: what runs
        self._functions = 0

    # --- names ---

    def _find(self, name: str) -> Known | None:
        return next((names[name] for names in reversed(self._names) if name in names), None)

    def _find_amount(self, name: str) -> Amount | None:
        found = self._find(name)
        return found if isinstance(found, Amount) else None

    def _amount(self, node: ast.expr) -> Amount:
        return amount(node, self._find_amount)

    def _scheduler(self, node: ast.expr) -> Scheduler | None:
        found = self._known(node)
        return found if isinstance(found, Scheduler) else None

    def _known(self, node: ast.expr) -> Known | None:
        """Return what an expression is, after it was visited."""
        if isinstance(node, (ast.Name, ast.Attribute)):
            return self._find(ast.unparse(node))
        return self._made.get(node)

    def _bind(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, (ast.Tuple, ast.List)):
            values = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
            for part, of in zip(target.elts, values, strict=False):
                self._bind(part, of)
            return
        known = self._known(value)
        if isinstance(target, ast.Subscript):
            options, key = self._known(target.value), target.slice
            if isinstance(options, Options) and isinstance(key, ast.Constant):
                self._option(options, key.value, value)
            if ast.unparse(target).endswith("['lr']"):
                self._set_by_hand(value)
            return
        name = ast.unparse(target)
        found = known if known is not None else self._amount(value)
        # `self.x` is known in the other methods of its class as well.
        names = (
            self._names[-2] if name.startswith("self.") and self._functions else self._names[-1]
        )
        names[name] = found
        if isinstance(found, Amount):
            self._note_epochs(name, found)

    def _note_epochs(self, name: str, found: Amount) -> None:
        """Keep the epochs that the file writes down, as `num_epochs = 30`."""
        if found.value and _ITS_EPOCHS.fullmatch(name.rpartition(".")[2]):
            self.epochs.append(round(found.value))

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
        self._inside(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._inside(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._inside(node)

    def _inside(self, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        loops, self._loops = self._loops, []
        self._names.append({})
        self._functions += 1
        if not isinstance(node, ast.ClassDef):
            arguments = [*node.args.posonlyargs, *node.args.args]
            arguments = arguments[len(arguments) - len(node.args.defaults) :]
            for argument, default in zip(arguments, node.args.defaults, strict=True):
                self._bind(ast.Name(argument.arg), default)
        self.generic_visit(node)
        self._functions -= 1
        self._names.pop()
        self._loops = loops

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
        call = ast.unparse(over.func) if isinstance(over, ast.Call) and over.args else ""
        length = UNKNOWN
        if isinstance(over, ast.Call) and re.search(r"(^|\.)a?range$", call):
            length = self._amount(over.args[min(1, len(over.args) - 1)])
        self._ranges.append((ast.unparse(target), length))

    # --- expressions ---

    def visit_Dict(self, node: ast.Dict) -> None:
        self.generic_visit(node)
        options = Options(node.lineno)
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant):
                self._option(options, key.value, value)
        self._made[node] = options
        self.options.append(options)

    def _option(self, options: Options, key: object, value: ast.expr) -> None:
        if key == "learning_rate":
            options.rate = self._amount(value)
        elif key == "lr_scheduler":
            options.scheduler = self._scheduler(value)
            if options.scheduler:
                options.scheduler.handed.append(value.lineno)

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        name = ast.unparse(node.func)
        called = self._scheduler(node.func)
        if called is not None:
            called.asked.append((node.lineno, self._unit_of(node.args)))
        elif name.endswith(".step") and isinstance(node.func, ast.Attribute):
            stepped = self._scheduler(node.func.value)
            # An argument says where in the schedule it is, in whatever that counts.
            if stepped is not None and not (node.args or node.keywords):
                where = purpose(self._loops, at_module_level=not self._functions)
                stepped.steps.append((node.lineno, where))
        elif name.endswith("set_learning_rate") and node.args:
            self._set_by_hand(node.args[-1])
        else:
            self._make(node, name)

    def _set_by_hand(self, node: ast.expr) -> None:
        asked = self._scheduler(node.func) if isinstance(node, ast.Call) else None
        if asked is not None:
            asked.by_hand = True

    def _unit_of(self, arguments: list[ast.expr]) -> str | None:
        name = ast.unparse(arguments[0]) if arguments else ""
        return next((of.unit for target, of in reversed(self._ranges) if target == name), None)

    def _make(self, node: ast.Call, name: str) -> None:
        """Note a scheduler that is made, or what a call hands to an optimizer."""
        last = name.rpartition(".")[2]
        if name in self._classes:
            made = Scheduler(name, node.lineno, None, self._classes[name])
        elif last in MAKERS or (last in OURS and (name == f"tuner.{last}" or last in self._ours)):
            maker = MAKERS.get(last) or OURS[last]
            made = Scheduler(last, node.lineno, maker, maker.changes)
            made.horizon = self._argument(node, maker.horizon)
            made.warmup = self._argument(node, maker.warmup)
            made.base = self._argument(node, maker.base)
        else:
            self._hand_over(node)
            return
        self._made[node] = made
        self.schedulers.append(made)

    def _argument(self, node: ast.Call, place: Place | None) -> Amount:
        if place is None:
            return UNKNOWN
        for keyword in node.keywords:
            if keyword.arg == place[0]:
                return self._amount(keyword.value)
        return self._amount(node.args[place[1]]) if place[1] < len(node.args) else UNKNOWN

    def _hand_over(self, node: ast.Call) -> None:
        options = Options(node.lineno)
        for keyword in node.keywords:
            self._option(options, keyword.arg, keyword.value)
        self.options.append(options)
        words = [part.value for part in node.args if isinstance(part, ast.Constant)]
        for part in (*node.args, *(keyword.value for keyword in node.keywords)):
            given = self._known(part)
            if isinstance(given, Options):
                given.optimizer = next((word for word in words if isinstance(word, str)), "")
        if words and str(words[0]).startswith("--"):
            for keyword in node.keywords:  # an option of the command line, with its default
                if keyword.arg == "default":
                    name = str(words[0]).lstrip("-").replace("-", "_")
                    self._note_epochs(name, self._amount(keyword.value))
