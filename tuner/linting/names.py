"""What the names and expressions of a source file stand for, as far as that is known."""

from __future__ import annotations

import ast
import re

from tuner.linting.amounts import Amount, amount
from tuner.linting.bindings import Options, Rate, Scheduler
from tuner.linting.loops import Loop

# A str names an optimizer; a list has schedulers in it.
Known = Amount | Scheduler | Options | Rate | str | list[Scheduler]
# The length of a training, other than `warmup_epochs` or `start_epoch`.
_ITS_EPOCHS = re.compile(r"((num|n|max|total|num_train)_)?epochs", re.IGNORECASE)


class Names:
    """Keeps what each name is, in its scope, and what was found on the way."""

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
        self._around: list[ast.stmt] = []  # classes and functions, outermost first

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

    def _known(self, node: ast.AST) -> Known | None:
        """Return what an expression is, after it was visited."""
        if isinstance(node, (ast.Name, ast.Attribute)):
            return self._find(ast.unparse(node))
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        return self._made.get(node)

    def _bind(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, (ast.Tuple, ast.List)):
            values = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
            for part, of in zip(target.elts, values, strict=False):
                self._bind(part, of)
            return
        known, name = self._known(value), ast.unparse(target)
        if isinstance(known, Scheduler) and not re.fullmatch(r"(self\.)?\w+", name):
            known.passed = True  # as in `trainer.lr_scheduler = scheduler`
        if isinstance(target, ast.Subscript):
            self._bind_item(target, value)
            return
        found = known if known is not None else self._amount(value)
        # `self.x` is known in the other methods of its class as well.
        names = self._names[-2] if name.startswith("self.") and self._around else self._names[-1]
        names[name] = found
        if isinstance(found, Amount):
            self._note_epochs(name, found)

    def _bind_item(self, target: ast.Subscript, value: ast.expr) -> None:
        options, key = self._known(target.value), target.slice
        if isinstance(options, Options) and isinstance(key, ast.Constant):
            self._option(options, key.value, value)
        if ast.unparse(target).endswith("['lr']"):
            self._set_by_hand(value)

    def _option(self, options: Options, key: object, value: ast.expr) -> None:
        if key == "learning_rate":
            options.rate = self._amount(value)
        elif key == "lr_scheduler":
            options.scheduler = self._scheduler(value)
            if options.scheduler:
                options.scheduler.handed.append(value.lineno)

    def _set_by_hand(self, rate: ast.expr) -> None:
        """Note that the program itself sets what a scheduler said, or a part of it."""
        for part in ast.walk(rate):
            known = self._known(part)
            if isinstance(known, Rate):
                known.scheduler.by_hand = True

    def _note_epochs(self, name: str, found: Amount) -> None:
        """Keep the epochs that the file writes down, as `num_epochs = 30`."""
        if found.value and _ITS_EPOCHS.fullmatch(name.rpartition(".")[2]):
            self.epochs.append(round(found.value))
