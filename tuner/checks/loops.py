"""What a loop is for: training by updates, by epochs, or only looking at a scheduler."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

Loop = ast.For | ast.While | ast.AsyncFor
_LOOPS = (ast.For, ast.While, ast.AsyncFor)
# What a loop calls that only looks: a training calls its network as well.
_LOOKING = {
    "append", "step", "get_last_lr", "get_lr", "zero_grad", "range", "print", "float", "item",
    "plot", "enumerate", "len",
}  # fmt: skip


def purpose(loops: Sequence[Loop], at_module_level: bool) -> str | None:
    """Say what a ``step()`` inside these loops, outermost first, is called for.

    Returns:
        ``"updates"`` or ``"epochs"`` of a training, ``"looking"``, or None if it is hard to tell.
    """
    if not loops:
        return "looking" if at_module_level else None
    inner = loops[-1]
    if _trains(_outside_loops(inner)):
        return "updates"
    if _trains(ast.walk(inner)):
        return "epochs"
    calls = [node for node in ast.walk(inner) if isinstance(node, ast.Call)]
    if all(_called(call) in _LOOKING for call in calls):
        return "looking"
    target = ast.unparse(inner.target) if isinstance(inner, (ast.For, ast.AsyncFor)) else ""
    return "epochs" if "epoch" in target.lower() else None


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
