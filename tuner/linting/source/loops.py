"""What a loop is for: training by updates, by epochs, or only looking at a scheduler."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Callable

from tuner.linting.source.amounts import EPOCHS, UPDATES, Amount, amount

Loop = ast.For | ast.While | ast.AsyncFor
BOTH = "epochs and updates"  # of a training with all data at once
TRAINING = (UPDATES, EPOCHS, BOTH)
# What a loop calls that only looks: a training calls its network as well.
_SHOWING = {"append", "get_last_lr", "get_lr", "print", "plot"}
_LOOKING = _SHOWING | {"step", "zero_grad", "range", "float", "item", "enumerate", "len"}
_BEGUN = re.compile("(?<!re)start|resum|skip", re.IGNORECASE)
# Each makes an update, or is a part of one.
_UPDATING = {"backward", "apply_gradients", "apply_updates", "train_on_batch", "minimize"}


@dataclasses.dataclass(eq=False)
class Frame:
    """A loop that is being read, with what happens in it, in the functions it calls as well."""

    node: Loop
    outer: Frame | None = None
    over_epochs: bool = False  # it runs once an epoch, as far as its words say
    trains: bool = False  # an update in it, in no loop inside
    trains_inside: bool = False  # an update in a loop inside
    called: set[str] = dataclasses.field(default_factory=set)
    # The conditions around each `optimizer.step()` that is in no loop inside.
    updated: list[tuple[ast.If, ...]] = dataclasses.field(default_factory=list)

    def call(self, node: ast.Call) -> None:
        """Note a call inside."""
        name = called(node)
        # Of `dict.update` and a bar's there is one argument.
        updating = name in _UPDATING or (name == "update" and len(node.args) > 1)
        self.trains |= updating
        frame: Frame | None = self
        while frame is not None:
            frame.called.add(name)
            frame.trains_inside |= updating and frame is not self
            frame = frame.outer

    def purpose(self) -> str | None:
        """Say what a ``step()`` in it, but in no loop inside, is called for.

        Returns:
            One of ``TRAINING``, ``"looking"``, or None if it is hard to tell.
        """
        if self.trains:
            return BOTH if self.over_epochs else UPDATES
        if self.trains_inside:
            return EPOCHS
        if self.called <= _LOOKING:
            return "looking" if self._shows() and not self._resumes() else None
        return EPOCHS if "epoch" in _target(self.node) and not self._resumes() else None

    def settle(self, find: Callable[[str], Amount | None]) -> None:
        """Keep what its words say, while the names in them stand for what they do."""
        in_epochs = (amount(end, find).unit == EPOCHS for end in _last(self.node))
        self.over_epochs = "epoch" in _target(self.node) or any(in_epochs)

    def _resumes(self) -> bool:
        return resumes(self.node)

    def _shows(self) -> bool:
        """Tell whether it keeps or prints learning rates, as before a plot."""
        return bool(self.called & _SHOWING) or any(
            isinstance(node, ast.Subscript) and ast.unparse(node.slice) == "'lr'"
            for node in ast.walk(self.node)
        )


def resumes(loop: Loop) -> bool:
    """Tell whether a loop only goes to where an earlier training ended."""
    return any(_BEGUN.search(ast.unparse(end)) for end in _last(loop))


def called(call: ast.Call) -> str:
    """Return the last part of the name of what is called."""
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ast.unparse(call.func).rpartition(".")[2]


def _target(loop: Loop) -> str:
    return "" if isinstance(loop, ast.While) else ast.unparse(loop.target).lower()


def _last(loop: Loop) -> list[ast.expr]:
    """Return what a loop compares, or where its range ends."""
    if isinstance(loop, ast.While):
        test = loop.test
        return [test.left, *test.comparators] if isinstance(test, ast.Compare) else []
    return [
        call.args[min(1, len(call.args) - 1)]
        for call in ast.walk(loop.iter)
        if isinstance(call, ast.Call) and call.args and called(call).endswith("range")
    ]


def unwrapped(over: ast.expr) -> ast.expr:
    """Return what a bar of progress runs over."""
    while isinstance(over, ast.Call) and called(over) in ("tqdm", "track", "list", "progress_bar"):
        if not over.args:
            break
        over = over.args[0]
    return over


def ends(body: list[ast.stmt]) -> bool:
    """Tell whether nothing that follows these statements is reached from them."""
    return bool(body) and isinstance(body[-1], (ast.Return, ast.Raise, ast.Continue, ast.Break))
