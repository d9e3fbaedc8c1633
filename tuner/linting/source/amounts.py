"""Lengths as source writes them: a value where it is written down, a unit where names tell it."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from typing import NamedTuple

EPOCHS, UPDATES = "epochs", "updates"
_EPOCHS = re.compile(r"(^|_)(?<!per_)epochs?$", re.IGNORECASE)
_UPDATES = re.compile(
    r"(^|_)(steps?|updates?|iters?|iterations?|batches|per_epoch)(_|$)", re.IGNORECASE
)
# `StepLR(optimizer, args.lr_step_size)`: called as its argument is, in whatever that counts.
_EITHER = re.compile(r"(.+_)?step_sizes?|((lr|decay|scheduler)_)*steps?", re.IGNORECASE)
_RULES: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
}
# Fewer updates than this in an epoch, and lengths in one and the other are hard to tell apart.
_SHORTEST_EPOCH = 10


# What is said beside the number. It is one epoch; it counts batches; they are divided by the
# batches of an update; they were counted after Accelerate had shared them out among processes;
# the number of processes is in it.
ONE_EPOCH, BATCHES, ACCUMULATED = "one epoch", "batches", "accumulated"
SHORTENED, PROCESSES = "shortened", "processes"
_ONE_EPOCH = re.compile(
    r"(.*_)?(steps|updates|iters|iterations|batches|num_batches)_per_epoch", re.IGNORECASE
)
_LOADER = re.compile(r"(.*[_.])?(\w*loader|\w*_?iter|\w*_dl|dl|batches)(\[.*\])?", re.IGNORECASE)
_ACCUMULATION = re.compile(r"accum", re.IGNORECASE)
_PROCESSES = re.compile(r"num_processes|world_size", re.IGNORECASE)


class Amount(NamedTuple):
    """A number of epochs or updates; unknown parts are None."""

    value: float | None = None
    unit: str | None = None
    text: str = ""
    marks: frozenset[str] = frozenset()
    alias: str = ""  # what the name in the text was set to


UNKNOWN = Amount()
Find = Callable[[str], Amount | None]


def amount(node: ast.expr, find: Find) -> Amount:
    """Return what is known about an expression.

    Args:
        node: The expression.
        find: What is known about a name, or None.
    """
    try:
        known, text = _amount(node, find), ast.unparse(node)
    except RecursionError:  # a sum of hundreds
        return UNKNOWN
    before = find(text) if isinstance(node, (ast.Name, ast.Attribute)) else None
    return known._replace(text=text, alias=(before.alias or before.text) if before else "")


def _amount(node: ast.expr, find: Find) -> Amount:
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return Amount(float(node.value))
    if isinstance(node, (ast.Name, ast.Attribute)):
        return _named(ast.unparse(node), find)
    if isinstance(node, (ast.List, ast.Tuple)) and node.elts:
        parts = [_amount(part, find) for part in node.elts]
        values = [part.value for part in parts if part.value is not None]
        unit = next((part.unit for part in parts if part.unit), None)
        return Amount(max(values) if len(values) == len(parts) else None, unit)
    if isinstance(node, ast.IfExp):
        return _either(_amount(node.body, find), _amount(node.orelse, find))
    if isinstance(node, (ast.ListComp, ast.GeneratorExp)):
        return Amount(None, _amount(node.elt, find).unit)
    if isinstance(node, ast.Call):
        name = ast.unparse(node.func)
        if (
            name in ("int", "round", "float", "math.ceil", "math.floor", "max", "min")
            and node.args
        ):
            return _amount(node.args[0], find)
        return _length(ast.unparse(node.args[0]), find) if name == "len" and node.args else UNKNOWN
    if isinstance(node, ast.BinOp):
        found = _combined(node.op, _amount(node.left, find), _amount(node.right, find))
        if isinstance(node.op, (ast.Div, ast.FloorDiv)) and _ACCUMULATION.search(
            ast.unparse(node.right)
        ):
            found = found._replace(marks=found.marks | {ACCUMULATED})
        # Multiplied again, as some do for what they step after every batch.
        if isinstance(node.op, ast.Mult) and _ACCUMULATION.search(ast.unparse(node.right)):
            found = found._replace(marks=found.marks - {ACCUMULATED})
        return found
    return UNKNOWN


def _length(of: str, find: Find) -> Amount:
    """Return what is known of the length of what is called so."""
    known = find(f"len({of})")
    if known is not None:
        return known
    marks = {ONE_EPOCH, BATCHES} if _LOADER.fullmatch(of) else ()
    return Amount(None, UPDATES, marks=frozenset(marks))


def _either(one: Amount, other: Amount) -> Amount:
    units = {one.unit, other.unit} - {None}
    return Amount(
        one.value if one.value == other.value else None,
        units.pop() if len(units) == 1 else None,
        marks=one.marks & other.marks,
    )


def _named(name: str, find: Find) -> Amount:
    known, last = find(name), name.rpartition(".")[2]
    marks = known.marks if known else frozenset()
    if _PROCESSES.search(last):
        return Amount(known.value if known else None, marks=frozenset({PROCESSES}))
    if _EPOCHS.search(last):
        return Amount(known.value if known else None, EPOCHS, marks=marks)
    if known is not None and (known.value is not None or known.unit):
        return known
    in_updates = _UPDATES.search(last) and not _EITHER.fullmatch(last)
    if _ONE_EPOCH.fullmatch(last):
        marks |= {ONE_EPOCH}
    return Amount(None, UPDATES if in_updates else None, marks=marks)


def _combined(op: ast.operator, left: Amount, right: Amount) -> Amount:
    marks = (left.marks | right.marks) - {ONE_EPOCH}
    if isinstance(op, (ast.Div, ast.FloorDiv)):
        marks -= {BATCHES}
    return _product(op, left, right)._replace(marks=marks)


def _product(op: ast.operator, left: Amount, right: Amount) -> Amount:
    value = None
    if left.value is not None and right.value is not None:
        value = _computed(op, left.value, right.value)
    units = {left.unit, right.unit}
    if isinstance(op, ast.Mult) and EPOCHS in units:
        other = right if left.unit == EPOCHS else left
        # A share or a few of the epochs are epochs; so many times the epochs are updates.
        few = other.value is not None and other.value < _SHORTEST_EPOCH
        return Amount(value, EPOCHS if few and other.unit is None else UPDATES)
    if UPDATES in units and not (isinstance(op, (ast.Div, ast.FloorDiv)) and units == {UPDATES}):
        return Amount(value, UPDATES)
    return Amount(value, EPOCHS if EPOCHS in units else None)


def _computed(op: ast.operator, left: float, right: float) -> float | None:
    rule = _RULES.get(type(op))
    try:
        return rule(left, right) if rule else None
    except (ZeroDivisionError, OverflowError):
        return None
