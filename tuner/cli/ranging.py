"""The command ``range``: what a ramp of the learning rate shows."""

from __future__ import annotations

import csv
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuner.cli.console import command, results, talk
from tuner.cli.formats import Format
from tuner.cli.options import Form, GivenStudy, Quiet, Timestamps
from tuner.cli.running import Progress, shown, typed_options
from tuner.cli.values import positive, whole

if TYPE_CHECKING:
    from tuner.studies import LRRange


def lr_range(
    study: GivenStudy,
    low: Annotated[
        float, typer.Option(metavar="LR", parser=positive, help="Begin at this learning rate.")
    ] = 1e-6,
    high: Annotated[
        float, typer.Option(metavar="LR", parser=positive, help="Rise to this learning rate.")
    ] = 10.0,
    epochs: Annotated[
        int,
        typer.Option(
            metavar="N",
            parser=whole(5),
            help="Rise over N epochs, or N reports of a training that has no epochs.",
        ),
    ] = 20,
    seeds: Annotated[
        int, typer.Option(metavar="N", parser=whole(1, 1000), help="Train from N seeds.")
    ] = 3,
    quiet: Quiet = False,
    timestamps: Timestamps = False,
    form: Form = Format.table,
) -> None:
    """Find bounds for the learning rate of a study.

    It trains for a short time while the learning rate rises, and says where training begins and
    where it collapses. Nothing is stored. It finds no schedule and no best learning rate.
    """
    from tuner.studies import lr_range as find

    options: dict[str, Any] = {"low": low, "high": high, "epochs": epochs, "seeds": seeds}
    found = shown(
        Progress(quiet, timestamps),
        command("range", study, *typed_options(**options)),
        lambda **more: find(study, **options, **more),
    )
    _show(found, form)


def _show(found: LRRange, form: Format) -> None:
    """Write what a ramp shows: all of it in JSON, its points in CSV."""
    from tuner.cli.tables import plain_table
    from tuner.cli.written import write_json
    from tuner.definition import digits
    from tuner.studies import RANGE_CAVEAT

    if form is Format.json:
        points = [point._asdict() for point in found.points]
        write_json({**found._asdict(), "points": points, "caveat": RANGE_CAVEAT})
        return
    if form is Format.csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(["lr", "mean", "sd", "raw"])
        writer.writerows(["" if x is None else x for x in point] for point in found.points)
        return
    table = plain_table("learning rate", found.measured, "smoothed", "sd", "note")
    marks = {found.begins: "begins", found.collapses: "collapses"}
    digit = digits(found.measured)
    for lr, mean, sd, raw in found.points:
        steepest = ["steepest"] if lr == found.steepest else []
        note = ", ".join([*([marks[lr]] if lr in marks else []), *steepest])
        numbers = ["-" if x is None else f"{x:{digit}}" for x in (raw, mean, sd)]
        table.add_row(f"{lr:.2g}", *numbers, note)
    out = results()
    out.print(table)
    out.print(
        f"{found.measured}, mean of {len(found.seeds)} seeds, with its running median; a report"
        f" spans a factor of {found.resolution:.2g}"
    )
    if found.collapses is not None:
        out.print(f"the upper bound is below the collapse at {found.collapses:.2g}, half of it")
    out.print()
    out.print(found.toml)
    for note in (*found.notes, RANGE_CAVEAT):
        talk().print(f"\n{note}")
