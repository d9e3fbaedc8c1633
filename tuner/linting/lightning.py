"""Which schedulers a Lightning module has Lightning step, and how often."""

from __future__ import annotations

import ast
from collections.abc import Sequence

# A module with one of these steps its schedulers itself.
_ITSELF = {"automatic_optimization", "lr_schedulers", "lr_scheduler_step"}


def stepped_by_epoch(node: ast.Return, inside: Sequence[ast.stmt]) -> list[ast.expr]:
    """Return what Lightning steps once an epoch: what `configure_optimizers` returns bare.

    Args:
        node: A return.
        inside: The classes and functions around it, outermost first.
    """
    match inside:
        case [*_, ast.ClassDef() as module, ast.FunctionDef(name="configure_optimizers")]:
            if not any(_name(part) in _ITSELF for part in ast.walk(module)):
                return [each for part in _schedulers(node.value) for each in _bare(part)]
    return []


def _name(node: ast.AST) -> str | None:
    match node:
        case ast.FunctionDef(name=name) | ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return None


def _schedulers(returned: ast.expr | None) -> list[ast.expr]:
    match returned:
        case ast.Tuple(elts=[_, ast.List(elts=schedulers)]):
            return schedulers
        case ast.Dict():
            return [value for key, value in _items(returned) if key == "lr_scheduler"]
    return []


def _bare(scheduler: ast.expr) -> list[ast.expr]:
    if not isinstance(scheduler, ast.Dict):
        return [scheduler]
    items = _items(scheduler)
    # `None` is a `**` of what is written elsewhere.
    if any(key in ("interval", None) for key, _ in items):
        return []
    return [value for key, value in items if key == "scheduler"]


def _items(node: ast.Dict) -> list[tuple[object, ast.expr]]:
    keys = (key.value if isinstance(key, ast.Constant) else None for key in node.keys)
    return list(zip(keys, node.values, strict=True))
