"""What a loop is for: training by updates, by epochs, or only looking at a scheduler."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from tuner.linting.amounts import EPOCHS, UPDATES, amount

Loop = ast.For | ast.While | ast.AsyncFor
_LOOPS = (ast.For, ast.While, ast.AsyncFor)
BOTH = "epochs and updates"  # of a training with all data at once
TRAINING = (UPDATES, EPOCHS, BOTH)
# What a loop calls that only looks: a training calls its network as well.
_SHOWING = {"append", "get_last_lr", "get_lr", "print", "plot"}
_LOOKING = _SHOWING | {"step", "zero_grad", "range", "float", "item", "enumerate", "len"}
_BEGUN = re.compile("(?<!re)start|resum|skip", re.IGNORECASE)


def purpose(loops: Sequence[Loop], at_module_level: bool) -> str | None:
    """Say what a ``step()`` inside these loops, outermost first, is called for.

    Returns:
        One of ``TRAINING``, ``"looking"``, or None if it is hard to tell.
    """
    if not loops:
        return "looking" if at_module_level else None
    inner = loops[-1]
    if _trains(_outside_loops(inner)):
        return BOTH if _over_epochs(inner) else UPDATES
    if _trains(ast.walk(inner)):
        return EPOCHS
    calls = [node for node in ast.walk(inner) if isinstance(node, ast.Call)]
    if all(_called(call) in _LOOKING for call in calls):
        return "looking" if _shows(inner) and not resumes(inner) else None
    return EPOCHS if "epoch" in _target(inner) and not resumes(inner) else None


def resumes(loop: Loop) -> bool:
    """Tell whether a loop only goes to where an earlier training ended."""
    return any(_BEGUN.search(ast.unparse(end)) for end in _ends(loop))


def _over_epochs(loop: Loop) -> bool:
    in_epochs = (amount(end, lambda _: None).unit == EPOCHS for end in _ends(loop))
    return "epoch" in _target(loop) or any(in_epochs)


def _target(loop: Loop) -> str:
    return "" if isinstance(loop, ast.While) else ast.unparse(loop.target).lower()


def _ends(loop: Loop) -> list[ast.expr]:
    """Return what a loop compares, or where its range ends."""
    if isinstance(loop, ast.While):
        test = loop.test
        return [test.left, *test.comparators] if isinstance(test, ast.Compare) else []
    return [
        call.args[min(1, len(call.args) - 1)]
        for call in ast.walk(loop.iter)
        if isinstance(call, ast.Call) and call.args and _called(call).endswith("range")
    ]


def _shows(loop: Loop) -> bool:
    """Tell whether a loop keeps or prints learning rates, as before a plot."""
    return any(
        (isinstance(node, ast.Call) and _called(node) in _SHOWING)
        or (isinstance(node, ast.Subscript) and ast.unparse(node.slice) == "'lr'")
        for node in ast.walk(loop)
    )


def _trains(nodes: Iterator[ast.AST]) -> bool:
    return any(isinstance(n, ast.Call) and _called(n) == "backward" for n in nodes)


def _called(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


def _outside_loops(node: ast.AST) -> Iterator[ast.AST]:
    """Walk what is inside, but not inside another loop or function."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (*_LOOPS, ast.FunctionDef, ast.Lambda)):
            yield child
            yield from _outside_loops(child)
