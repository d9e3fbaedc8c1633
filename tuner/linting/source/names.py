"""What the names and expressions of a source file stand for, as far as that is known."""

from __future__ import annotations

import ast
import re

from tuner.linting.places import Place
from tuner.linting.source.amounts import SHORTENED, UPDATES, Amount, amount
from tuner.linting.source.loops import Frame
from tuner.linting.source.values import (
    Class,
    Counter,
    Epochs,
    Function,
    Instance,
    Known,
    Module,
    Options,
    Rate,
    Scheduler,
    Several,
    Taken,
    schedulers_of,
)

# The length of a training, other than `warmup_epochs` or `start_epoch`.
_ITS_EPOCHS = re.compile(r"((num|n|max|total|num_train)_)?epochs", re.IGNORECASE)


class Names:
    """Keeps what each name is, in its scope, and what was found on the way."""

    def __init__(self, module: Module) -> None:
        self.schedulers: list[Scheduler] = []
        self.options: list[Options] = []
        self.epochs: list[Epochs] = []
        self._inside: list[ast.AST] = []  # the functions that are being read
        self.frames: list[Frame] = []  # the loops that were read
        self.at_once = False  # something trains with all data at once
        self.splits = False  # Accelerate is told to step a scheduler once an update
        self._module = module
        self._scopes: list[dict[str, Known]] = [module.names]
        self._made: dict[ast.AST, Known] = {}
        self._frame: Frame | None = None
        self._conditions: list[ast.If] = []
        self._around: list[ast.stmt] = []  # classes and functions, outermost first

    def _place(self, node: ast.expr | ast.stmt) -> Place:
        return Place(node.lineno, self._module.file)

    def _find(self, name: str) -> Known | None:
        """Return what a name stands for, or one with dots in it."""
        found = next((names[name] for names in reversed(self._scopes) if name in names), None)
        if found is None and "." in name:
            whole, _, part = name.rpartition(".")
            found = self._part(self._find(whole), part)
        return found

    def _part(self, of: Known | None, name: str) -> Known | None:
        """Return what an attribute of something stands for."""
        found = of.names.get(name) if isinstance(of, (Instance, Module, Class)) else None
        if found is None and isinstance(of, Instance):
            found = self._of_class(of, name)
        return found

    def _of_class(self, instance: Instance, name: str) -> Known | None:
        method = instance.of.methods.get(name)
        if method is None:
            return instance.of.names.get(name)
        return Function(method.node, method.module, method.scopes, method.owner, instance)

    def _find_amount(self, name: str) -> Amount | None:
        if name.startswith("len("):
            taken = isinstance(self._find(name[4:-1]), Taken)
            return Amount(None, UPDATES, marks=frozenset({SHORTENED})) if taken else None
        found = self._find(name)
        return found if isinstance(found, Amount) else None

    def _amount(self, node: ast.expr) -> Amount:
        return amount(node, self._find_amount)

    def _schedulers(self, node: ast.expr) -> list[Scheduler]:
        return schedulers_of(self._known(node))

    def _known(self, node: ast.AST) -> Known | None:
        """Return what an expression is, after it was visited."""
        if isinstance(node, (ast.Name, ast.Attribute)):
            found = self._find(ast.unparse(node))
            if found is None and isinstance(node, ast.Attribute):
                of = self._made.get(node.value)  # as in `Learner(model).fit()`
                found = self._part(of, node.attr)
            return found
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        return self._made.get(node)

    def _known_or_amount(self, node: ast.expr) -> Known | None:
        known = self._known(node)
        if known is None:
            found = self._amount(node)
            known = found if found.value is not None or found.unit or found.marks else None
        return known

    def _bind(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, (ast.Tuple, ast.List)) and isinstance(value, (ast.Tuple, ast.List)):
            for part, of in zip(target.elts, value.elts, strict=False):
                self._bind(part, of)
            return
        known = self._known(value)
        if isinstance(target, ast.Subscript):
            self._bind_item(target, value)
        if not re.fullmatch(r"(self\.)?\w+", ast.unparse(target)):
            for scheduler in schedulers_of(known):
                scheduler.passed = True  # as in `trainer.lr_scheduler = scheduler`
        self._set(target, known if known is not None else self._amount(value))

    def _set(self, target: ast.expr, known: Known) -> None:
        """Let a name stand for something."""
        if isinstance(target, (ast.Tuple, ast.List)):
            parts = known.parts if isinstance(known, Several) else ()
            each = [known] * len(target.elts) if isinstance(known, Taken) else [*parts]
            for part, of in zip(target.elts, each, strict=False):
                if of is not None:
                    self._set(part, of)
            return
        if isinstance(target, ast.Subscript):
            return
        name, names, near = ast.unparse(target), self._scopes[-1], self._functions()
        if isinstance(target, ast.Attribute):
            of = self._find(ast.unparse(target.value))
            if isinstance(of, Instance):
                names, name, near = of.names, target.attr, frozenset([of.of.node])
        names[name] = known
        if isinstance(known, Amount):
            self._note_epochs(name, known, near)

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
            options.schedulers = self._schedulers(value)
            for scheduler in options.schedulers:
                scheduler.hand_to_trainer(self._place(value))

    def _set_by_hand(self, rate: ast.expr) -> None:
        """Note that the program itself sets what a scheduler said, or a part of it."""
        for part in ast.walk(rate):
            known = self._known(part)
            if isinstance(known, Rate):
                for scheduler in known.schedulers:
                    scheduler.by_hand = True
                    scheduler.set_as.append(known.asking)

    def _from_0(self, node: ast.expr) -> bool:
        """Tell whether what is counted here begins at 0."""
        return self._begin(node) == 0

    def _begin(self, node: ast.expr) -> float | None:
        known = self._known(node)
        if isinstance(known, Counter):
            return known.begin
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "int" and node.args:
            return self._begin(node.args[0])
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Mult)):
            left, right = self._begin(node.left), self._begin(node.right)
            if isinstance(node.op, ast.Mult):
                return 0 if 0 in (left, right) else None
            return None if left is None or right is None else left + right
        return self._amount(node).value

    def _note_epochs(self, name: str, found: Amount, near: frozenset[ast.AST]) -> None:
        """Keep the epochs that the file writes down, as `num_epochs = 30`.

        Args:
            name: What they are called.
            found: How many they are.
            near: The functions, or the class, that they are for; empty if for all.
        """
        if found.value and _ITS_EPOCHS.fullmatch(name.rpartition(".")[2]):
            self.epochs.append(Epochs(round(found.value), near))

    def _functions(self) -> frozenset[ast.AST]:
        """Return the functions that are being read, or the class if there is none."""
        return frozenset(self._inside or self._around)

    def _where(self) -> frozenset[ast.AST]:
        """Return the functions that are being read, and their classes."""
        return frozenset([*self._inside, *self._around])
