"""``tuner show``: a schedule file for people. Needs neither MXNet nor Optuna."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeGuard

from tuner.cli.console import STDOUT, print_file, results
from tuner.cli.folding import behind
from tuner.cli.plot import curve as plotted
from tuner.errors import ScheduleFileError
from tuner.reading import options_told
from tuner.schedules import (
    Schedule,
    ScheduleFile,
    Schedules,
    curves_of,
    in_words,
    is_whole,
    write_whole,
)
from tuner.schedules import svg as draw_svg

# The width of a curve where there is room, and what stands beside it.
_COLUMNS, _BESIDE = 60, 20
# Lines are no longer, also where a pipe has no width: this is for people.
_WIDTH = 80
_HEAD = "  update      epoch"
_MEANINGS = "u: update, the first of a training is 1; W: {}; T: horizon"


def show_file(path: Path, file: ScheduleFile) -> None:
    """Print what a schedule file says: formula, parameters, values, curve, origin."""
    out = results()
    schedule, curves = file.schedule, curves_of(file.schedule)
    others = f" with {' and '.join(schedule.others)}" if isinstance(schedule, Schedules) else ""
    out.print(f"{path}: {schedule.family}{others}")
    for name, curve in curves.items():
        _print_parameters(name, curve, schedule)
    if isinstance(schedule, Schedules):
        for name, factor in schedule.factors().items():
            out.print(f"\n{name}(u) = {factor:g} * lr(u)")
    per_epoch = file.updates_per_epoch
    options = file.provenance.get("options")
    if per_epoch:
        out.print(f"  tuned at {per_epoch} updates an epoch{_size(file)}")
    if _is_table(options) and options:
        _row("  tuned with ", options_told(options))
    horizon = max(curve.horizon for curve in curves.values())
    updates = _interesting(schedule, horizon)
    for columns in _side_by_side(curves):
        _print_values(columns, updates, per_epoch)
    for name, curve in curves.items():
        out.print(f"\n{in_words(name)}" if others else "")
        _draw(curve, horizon)
    if file.provenance:
        out.print("\norigin")
        for key, value in file.provenance.items():
            text = value if isinstance(value, str) else json.dumps(value)
            _row(f"  {key:<12} ", text)


def _size(file: ScheduleFile) -> str:
    """Return the examples of an update, which are those of the batches that it accumulates."""
    if not file.batch_size:
        return ""
    task = file.provenance.get("task")
    batches = task.get("accumulate", 1) if _is_table(task) else 1
    if is_whole(batches) and batches > 1 and file.batch_size % batches == 0:
        of = file.batch_size // batches
        return f", {file.batch_size} examples an update, {batches} batches of {of}"
    return f", batch size {file.batch_size}"


def _is_table(data: object) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(data, Mapping)


def _row(start: str, text: str) -> None:
    """Print a text behind its start and below itself; below that if a word has no room there."""
    out = results()
    width = min(out.width, _WIDTH)
    if len(start) + max(map(len, text.split()), default=0) > width:
        out.print(start.rstrip())
        start = "    "
    for line in behind(start, text, width):
        out.print(line)


def _print_parameters(name: str, curve: Schedule, schedule: Schedule) -> None:
    results().print()
    _row(f"{name}(u) = ", curve.formula)
    if name == "lr" or curve.decays_from != curves_of(schedule)["lr"].decays_from:
        _row("        ", _MEANINGS.format(curve.decays_from))
    for field in dataclasses.fields(curve):
        kind, value = field.metadata["kind"], getattr(curve, field.name)
        if kind == "followed":  # that of another schedule, which is printed
            continue
        if kind == "schedule" and value == curves_of(schedule)["lr"]:
            value = "lr"
        unit = " updates" if kind.startswith("update") else ""
        _row(f"  {field.name:<16} ", f"{value}{unit}")


def _side_by_side(curves: Mapping[str, Schedule]) -> Iterator[dict[str, Schedule]]:
    """Yield the curves by their heads, as many at a time as fit into a line."""
    columns: dict[str, Schedule] = {}
    for name, curve in curves.items():
        head = in_words(name)
        if columns and len(_HEAD) + sum(len(each) + 2 for each in [*columns, head]) > _WIDTH:
            yield columns
            columns = {}
        columns[head] = curve
    yield columns


def _print_values(
    columns: Mapping[str, Schedule], updates: Sequence[int], per_epoch: int | None
) -> None:
    out = results()
    out.print(f"\n{_HEAD}  {'  '.join(columns)}")
    for update in updates:
        epoch = f"{update / per_epoch:10.2f}" if per_epoch else " " * 10
        values = (f"{curve(update):<{len(head)}.8g}" for head, curve in columns.items())
        out.print(f"{update:8d} {epoch}  {'  '.join(values).rstrip()}")
    out.print("   later             the same")


def _draw(curve: Schedule, horizon: int) -> None:
    out = results()
    columns = max(min(_COLUMNS, out.width - _BESIDE), 16)
    values = curve([1 + (horizon - 1) * i / (columns - 1) for i in range(columns)])
    for number, line in enumerate(plotted(values)):
        label = f"{max(values):.3g}" if number == 0 else ""
        out.print(f"{label:>10} |{line}")
    axis = f"1{horizon:>{columns - 1}}"
    out.print(f"{0:>10} +{'-' * columns}\n{'':>12}{axis} updates")


def write_pictures(path: Path, file: ScheduleFile, *, png: Path | None, svg: Path | None) -> None:
    """Write pictures of a schedule file, in epochs if it says how long they are."""
    for picture_path in filter(None, (png, svg)):
        _refuse_itself(picture_path, path)
    if svg is not None:
        picture = draw_svg(file.schedule, updates_per_epoch=file.updates_per_epoch).encode()
        _write(svg, lambda path: write_whole(picture, str(path)))
    if png is not None:
        from tuner.adapters.matplotlib import save_png

        size = file.updates_per_epoch
        _write(png, lambda path: save_png(file.schedule, path, updates_per_epoch=size), ".png")


def _write(path: Path, write: Callable[[Path], object], suffix: str = ".svg") -> None:
    if path == STDOUT:
        print_file(write, suffix)
        return
    with _written(path):
        write(path)
    results().print(f"wrote {path}")


def _refuse_itself(picture: Path, path: Path) -> None:
    if picture.exists() and picture.samefile(path):
        raise ScheduleFileError(
            f"{picture} cannot be written: it must be another file than the schedule's, but is"
            " the same, which would be lost. Name another file."
        )


@contextmanager
def _written(path: Path) -> Iterator[None]:
    """Say of a file that cannot be written what is said of a schedule file."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise ScheduleFileError(
            f"{path} cannot be written: {reason}. Name another file."
        ) from error


def _interesting(schedule: Schedule, horizon: int) -> list[int]:
    """Return updates worth a line: the ends, the end of warmup, and tenths between."""
    tenths = {round(horizon * tenth / 10) for tenth in range(1, 10)}
    updates = {1, schedule.warmup_steps, schedule.horizon, horizon} | tenths
    return sorted(update for update in updates if 1 <= update <= horizon)
