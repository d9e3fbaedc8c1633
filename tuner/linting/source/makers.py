"""Calls that make a scheduler: of the frameworks, of this package, of the file's own classes."""

from __future__ import annotations

import ast

from tuner.linting.source.amounts import EPOCHS, UNKNOWN, UPDATES, Amount
from tuner.linting.source.known import MAKERS, OURS, PACKAGES, Argument, Maker
from tuner.linting.source.names import Names
from tuner.linting.source.values import Class, Rate, Scheduler, Several, schedulers_of

_WHOLES = ("join_schedules", "SequentialLR", "ChainedScheduler")


class Makers(Names):
    """Notes schedulers with their arguments."""

    def _make(self, node: ast.Call, name: str) -> Scheduler | None:
        """Return the scheduler that a call makes, if it makes one."""
        known = self._known(node.func)
        if isinstance(known, Amount) and known.text:  # a name of its own for a class
            name = known.text
        last = name.rpartition(".")[2]
        if isinstance(known, Class) and known.changes is not None:
            made = Scheduler(name, self._place(node), None, known.changes)
            made.base = self._argument(node, ("base_lr", 99))
            return made
        package = self._package(name)
        ours = last in OURS and package == "tuner"
        maker = OURS[last] if ours else MAKERS.get(last)
        if maker is None or (package is not None and package not in PACKAGES):
            return None
        if maker.of and package != maker.of:
            return None
        return self._made_by(node, last, maker)

    def _package(self, name: str) -> str | None:
        """Return the package that a name was imported from, if it was imported."""
        root = name.partition(".")[0]
        return self._module.origins.get(root, "tuner" if root == "tuner" else None)

    def _made_by(self, node: ast.Call, name: str, maker: Maker) -> Scheduler:
        made = Scheduler(maker.what or name, self._place(node), maker, maker.changes)
        made.horizon = self._horizon(node, maker)
        made.warmup = self._argument(node, maker.warmup)
        made.base = self._argument(node, maker.base)
        made.factor = self._argument(node, maker.factor)
        if not made.factor.text and maker.usual_factor is not None:
            made.factor = Amount(maker.usual_factor)
        made.floor = self._argument(node, maker.floor)
        made.frame, made.inside = self._frame, self._where()
        parts = [*node.args, *(keyword.value for keyword in node.keywords)]
        if name in _WHOLES:
            for part in parts:
                self._join(made, part, multiplying=name == "ChainedScheduler")
        if name == "LambdaLR":
            for part in parts:
                self._multiply(made, part)
        return made

    def _join(self, whole: Scheduler, part: ast.expr, multiplying: bool) -> None:
        pieces = self._known(part)
        inside = pieces.parts if isinstance(pieces, Several) else ()
        for piece in [each for one in inside for each in schedulers_of(one)]:
            piece.whole = whole
            if multiplying and len(inside) > 1:
                piece.multiplied.append(whole)

    def _multiply(self, by: Scheduler, part: ast.expr) -> None:
        """Note a schedule that is the function of a `LambdaLR`."""
        known = self._known(part.body if isinstance(part, ast.Lambda) else part)
        found = list(known.schedulers) if isinstance(known, Rate) else schedulers_of(known)
        for scheduler in found:
            scheduler.multiplied.append(by)

    def _horizon(self, node: ast.Call, maker: Maker) -> Amount:
        given = self._argument(node, maker.horizon)
        if given.text == "None":
            given = UNKNOWN
        if given.text or maker.per_epoch is None:
            if not given.text and maker.default is not None:
                return Amount(maker.default, UPDATES)
            return given
        epochs = self._written(node, maker.epochs)
        per_epoch = self._written(node, maker.per_epoch)
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

    def _written(self, node: ast.Call, place: Argument | None) -> ast.expr | None:
        if place is None:
            return None
        by_name = self._keyword(node, place[0])
        if by_name is not None:
            return by_name
        found = node.args[place[1]] if place[1] < len(node.args) else None
        return None if isinstance(found, ast.Starred) else found

    def _argument(self, node: ast.Call, place: Argument | None) -> Amount:
        found = self._written(node, place)
        return UNKNOWN if found is None else self._amount(found)
