"""Which schedulers a Lightning module has Lightning step, and how often."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence

from tuner.linting.source.amounts import EPOCHS, UPDATES
from tuner.linting.source.values import Known, Options

# A module with one of these steps its schedulers itself.
_ITSELF = {"automatic_optimization", "lr_schedulers", "lr_scheduler_step"}
Look = Callable[[ast.AST], Known | None]


def scheduled(
    node: ast.Return, inside: Sequence[ast.stmt], look: Look
) -> Iterator[tuple[ast.expr, str]]:
    """Yield what Lightning steps, and after what: what `configure_optimizers` returns.

    Args:
        node: A return.
        inside: The classes and functions around it, outermost first.
        look: What an expression is, if that is known.
    """
    match inside:
        case [*_, ast.ClassDef() as module, ast.FunctionDef(name="configure_optimizers")]:
            if not any(_name(part) in _ITSELF for part in ast.walk(module)):
                for part in _schedulers(node.value, look):
                    yield from _configured(_written(part, look), look)


def _name(node: ast.AST) -> str | None:
    match node:
        case ast.FunctionDef(name=name) | ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return None


def _written(node: ast.expr, look: Look) -> ast.expr:
    """Return the dict that a name stands for, or the expression itself."""
    known = look(node)
    return known.node if isinstance(known, Options) and known.node is not None else node


def _schedulers(returned: ast.expr | None, look: Look) -> list[ast.expr]:
    match returned:
        case ast.Tuple(elts=[_, ast.List(elts=schedulers)]):
            return schedulers
        case ast.expr():
            written = _written(returned, look)
            return [value for key, value in _items(written) if key == "lr_scheduler"]
    return []


def _configured(scheduler: ast.expr, look: Look) -> Iterator[tuple[ast.expr, str]]:
    if not isinstance(scheduler, ast.Dict) and not _items(scheduler):
        yield scheduler, EPOCHS
        return
    items = _items(scheduler)
    intervals = [value for key, value in items if key == "interval"]
    # `None` is a `**` of what is written elsewhere.
    if any(key is None for key, _ in items):
        return
    every = EPOCHS
    if intervals:
        known = look(intervals[-1])
        if known not in ("step", "epoch"):
            return
        every = UPDATES if known == "step" else EPOCHS
    for key, value in items:
        if key == "scheduler":
            yield value, every


def _items(node: ast.expr) -> list[tuple[object, ast.expr]]:
    match node:
        case ast.Dict():
            keys = (key.value if isinstance(key, ast.Constant) else None for key in node.keys)
            return list(zip(keys, node.values, strict=True))
        case ast.Call(func=ast.Name(id="dict")):
            return [(word.arg, word.value) for word in node.keywords]
    return []
