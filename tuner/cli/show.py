"""``tuner show``: a schedule file for people. Needs neither MXNet nor Optuna."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tuner.cli.console import print_row, results
from tuner.cli.plot import curve
from tuner.errors import ScheduleFileError
from tuner.reading import options_told
from tuner.schedules import Schedule, ScheduleFile, write_whole
from tuner.schedules import svg as draw_svg

# The width of a curve where there is room, and what stands beside it.
_COLUMNS, _BESIDE = 64, 20
_MEANINGS = "u: update, the first of a training is 1; W: warmup_steps; T: horizon"


def show_file(path: Path, file: ScheduleFile) -> None:
    """Print what a schedule file says: formula, parameters, values, curve, origin."""
    out = results()
    schedule = file.schedule
    out.print(f"{path}: {schedule.family}")
    out.print(f"\nlr(u) = {schedule.formula}")
    print_row("        ", _MEANINGS, 8)
    for field in dataclasses.fields(schedule):
        unit = " updates" if field.metadata["kind"].startswith("update") else ""
        out.print(f"  {field.name:<16} {getattr(schedule, field.name)}{unit}")
    per_epoch = file.updates_per_epoch
    if per_epoch:
        out.print(f"  tuned at {per_epoch} updates an epoch, batch size {file.batch_size}")
    options = file.provenance.get("options")
    if isinstance(options, Mapping) and options:
        print_row("  tuned with ", options_told(options), 13)
    out.print("\n  update      epoch  learning rate")
    for update in _interesting(schedule):
        epoch = f"{update / per_epoch:10.2f}" if per_epoch else " " * 10
        out.print(f"{update:8d} {epoch}  {schedule(update):.8g}")
    out.print("   later             the same\n")
    columns = max(min(_COLUMNS, out.width - _BESIDE), 16)
    at = [1 + (schedule.horizon - 1) * i / (columns - 1) for i in range(columns)]
    rates = schedule(at)
    for number, line in enumerate(curve(rates)):
        label = f"{max(rates):.3g}" if number == 0 else ""
        out.print(f"{label:>10} |{line}")
    axis = f"1{schedule.horizon:>{columns - 1}}"
    out.print(f"{0:>10} +{'-' * columns}\n{'':>12}{axis} updates")
    if file.provenance:
        out.print("\norigin")
        for key, value in file.provenance.items():
            text = value if isinstance(value, str) else json.dumps(value)
            print_row(f"  {key:<12} ", text, 15)


def write_pictures(path: Path, file: ScheduleFile, *, png: Path | None, svg: Path | None) -> None:
    """Write pictures of a schedule file, in epochs if it says how long they are."""
    for picture_path in filter(None, (png, svg)):
        _refuse_itself(picture_path, path)
    if svg is not None:
        picture = draw_svg(file.schedule, updates_per_epoch=file.updates_per_epoch)
        with _written(svg):
            write_whole(picture.encode(), str(svg))
        results().print(f"wrote {svg}")
    if png is not None:
        from tuner.adapters.matplotlib import save_png

        with _written(png):
            save_png(file.schedule, png, updates_per_epoch=file.updates_per_epoch)
        results().print(f"wrote {png}")


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


def _interesting(schedule: Schedule) -> list[int]:
    """Return updates worth a line: the ends, the end of warmup, and tenths between."""
    horizon = schedule.horizon
    tenths = {round(horizon * tenth / 10) for tenth in range(1, 10)}
    updates = {1, schedule.warmup_steps, horizon} | tenths
    return sorted(update for update in updates if 1 <= update <= horizon)
