"""What the calls of a source file make of a scheduler, and do with it."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from tuner.linting.amounts import EPOCHS, UNKNOWN, UPDATES, Amount
from tuner.linting.bindings import Options, Rate, Scheduler
from tuner.linting.known import MAKERS, OURS, STEPPED, Maker, Place
from tuner.linting.loops import purpose
from tuner.linting.names import Names


class Calls(Names):
    """Notes what each call does, after what is inside it was read."""

    def _call(self, node: ast.Call) -> None:
        """Note what a call makes, asks, steps or hands over."""
        name = ast.unparse(node.func)
        called = self._scheduler(node.func)
        mapped = self._scheduler(node.args[0]) if name == "map" and node.args else None
        if called is not None:
            called.asked.append((node.lineno, self._unit_of(node.args)))
            self._made[node] = Rate(called)
        elif mapped is not None:
            mapped.asked.append((node.lineno, self._length_of(node.args[-1]).unit))
        elif name.endswith("set_learning_rate") and node.args:
            self._set_by_hand(node.args[-1])
        elif isinstance(node.func, ast.Attribute) and self._scheduler(node.func.value):
            self._method(node, node.func)
        else:
            self._make(node, name)

    def _method(self, node: ast.Call, method: ast.Attribute) -> None:
        """Note a call of a scheduler's own method."""
        scheduler = self._scheduler(method.value)
        if scheduler is None:
            return
        if method.attr == "step":
            # An argument says where in the schedule it is, in whatever that counts.
            if not (node.args or node.keywords):
                where = purpose(self._loops, at_module_level=not self._around)
                scheduler.steps.append((node.lineno, where))
        elif method.attr == "to_torch":
            # Stepped on its own, so that one may be plotted and another trained with.
            stepped = Scheduler(scheduler.name, node.lineno, STEPPED)
            scheduler.stepped.append(stepped)
            self._made[node] = stepped
            self.schedulers.append(stepped)
        elif method.attr.startswith("to_"):
            scheduler.passed = True

    def _length_of(self, over: ast.expr) -> Amount:
        """Return how often a loop over this runs, if it is over a range."""
        if not (isinstance(over, ast.Call) and over.args):
            return UNKNOWN
        if not re.search(r"(^|\.)a?range$", ast.unparse(over.func)):
            return UNKNOWN
        return self._amount(over.args[min(1, len(over.args) - 1)])

    def _unit_of(self, arguments: Sequence[ast.expr]) -> str | None:
        name = ast.unparse(arguments[0]) if arguments else ""
        return next((of.unit for target, of in reversed(self._ranges) if target == name), None)

    def _make(self, node: ast.Call, name: str) -> None:
        """Note a scheduler that is made, or what a call hands to an optimizer."""
        last = name.rpartition(".")[2]
        if name in self._classes:
            made = Scheduler(name, node.lineno, None, self._classes[name])
        elif last in MAKERS or (last in OURS and (name == f"tuner.{last}" or last in self._ours)):
            made = self._made_by(node, last)
        else:
            self._hand_over(node, name)
            return
        self._made[node] = made
        self.schedulers.append(made)

    def _made_by(self, node: ast.Call, name: str) -> Scheduler:
        maker = MAKERS.get(name) or OURS[name]
        made = Scheduler(maker.what or name, node.lineno, maker, maker.changes)
        made.horizon = self._horizon(node, maker)
        made.warmup = self._argument(node, maker.warmup)
        made.base = self._argument(node, maker.base)
        if name == "join_schedules":
            for part in (*node.args, *(keyword.value for keyword in node.keywords)):
                pieces = self._known(part)
                for piece in pieces if isinstance(pieces, list) else []:
                    piece.whole = made
        return made

    def _horizon(self, node: ast.Call, maker: Maker) -> Amount:
        given = self._argument(node, maker.horizon)
        if given.text or maker.per_epoch is None:
            return given
        epochs = self._keyword(node, "epochs")
        per_epoch = self._keyword(node, maker.per_epoch)
        # Some lay a schedule out in epochs by saying that an epoch has one update.
        one = per_epoch is not None and self._amount(per_epoch).value == 1
        if maker.horizon is None:  # of a file, whose own length is in updates
            return UNKNOWN if one else Amount(None, UPDATES)
        if epochs is None or per_epoch is None:
            return UNKNOWN
        product = self._amount(ast.BinOp(epochs, ast.Mult(), per_epoch))
        return product._replace(unit=EPOCHS if one else UPDATES)

    def _keyword(self, node: ast.Call, name: str) -> ast.expr | None:
        return next((word.value for word in node.keywords if word.arg == name), None)

    def _argument(self, node: ast.Call, place: Place | None) -> Amount:
        if place is None:
            return UNKNOWN
        by_name = self._keyword(node, place[0])
        if by_name is not None:
            return self._amount(by_name)
        return self._amount(node.args[place[1]]) if place[1] < len(node.args) else UNKNOWN

    def _hand_over(self, node: ast.Call, name: str) -> None:
        options = Options(node.lineno)
        for keyword in node.keywords:
            self._option(options, keyword.arg, keyword.value)
        self.options.append(options)
        if name == "dict":
            self._made[node] = options
            return
        optimizer = self._optimizer(node, name)
        given = [self._known(part) for part in (*node.args, *(k.value for k in node.keywords))]
        for each in (options, *given):
            if isinstance(each, Options) and optimizer:
                each.optimizer = optimizer
        self._read_option(node)

    def _optimizer(self, node: ast.Call, name: str) -> str:
        """Return the optimizer that a call names: with a word, or by its class."""
        by_name = self._keyword(node, "optimizer")
        parts = node.args if by_name is None else [by_name]
        words = [word for part in parts if isinstance(word := self._known(part), str)]
        last = name.rpartition(".")[2]
        return words[0].lower() if words else last.lower() if last[:1].isupper() else ""

    def _read_option(self, node: ast.Call) -> None:
        """Note the epochs that an option of the command line has by default."""
        first = self._known(node.args[0]) if node.args else None
        default = self._keyword(node, "default")
        if isinstance(first, str) and first.startswith("--") and default is not None:
            self._note_epochs(first.lstrip("-").replace("-", "_"), self._amount(default))


def passed_on(node: ast.AST) -> Sequence[ast.expr]:
    """Return what goes elsewhere as a value: what is asked alone is not among it."""
    match node:
        case ast.Call(func=ast.Name("map")):
            return node.args[1:]
        case ast.Call():
            return [*node.args, *(keyword.value for keyword in node.keywords)]
        case ast.List() | ast.Tuple() | ast.Set():
            return node.elts
        case ast.Dict():
            return node.values
        case ast.Return() | ast.Yield():
            return [] if node.value is None else [node.value]
    return []
