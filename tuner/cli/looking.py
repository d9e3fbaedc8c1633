"""The commands that look at a study or a schedule, and write what they find."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tuner.cli.console import command, results, say_next
from tuner.cli.formats import FileFormat, Format
from tuner.cli.options import Form, StorageURL, StudyFile, StudyName


def status(
    study: StudyFile = None,
    storage: StorageURL = None,
    name: StudyName = None,
    form: Form = Format.table,
) -> None:
    """Say where a study stands."""
    from tuner.api import open_study
    from tuner.cli.tables import show_summary
    from tuner.storage_urls import hide_password

    found = open_study(study, storage=storage, name=name)
    show_summary(found.summary, found.confirmation, hide_password(found.storage), form)


def list_trials(
    study: StudyFile = None,
    storage: StorageURL = None,
    name: StudyName = None,
    form: Form = Format.table,
) -> None:
    """List the trials of a study."""
    from tuner.api import open_study
    from tuner.cli.tables import show_trials

    found = open_study(study, storage=storage, name=name)
    show_trials(found.trials, form, found.spec.objective.noun)


def best(
    study: StudyFile = None,
    storage: StorageURL = None,
    name: StudyName = None,
    top: Annotated[int, typer.Option(metavar="K", min=1, help="How many.")] = 1,
    form: Form = Format.table,
) -> None:
    """Show the best complete trials, and what fresh seeds say of them."""
    from tuner.api import open_study
    from tuner.cli.tables import show_trials
    from tuner.report.confirmed import confirmed_sentence
    from tuner.results import ranking

    found = open_study(study, storage=storage, name=name)
    first = found.best  # of a confirmed study the winner, which need not rank first
    rows = [first, *(row for row in ranking(found.trials) if row.number != first.number)][:top]
    show_trials(rows, form, found.spec.objective.noun)
    if form is Format.table:
        for row in rows:
            results().print(f"{row.number:>5}  {row.schedule!r}", markup=False)
        if found.confirmation:
            results().print(f"confirmed: {confirmed_sentence(found.confirmation)}", markup=False)


def export(
    study: StudyFile = None,
    storage: StorageURL = None,
    name: StudyName = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="best.json, best.csv or best.py if left out."
        ),
    ] = None,
    trial: Annotated[int | None, typer.Option(metavar="N", help="Instead of the best.")] = None,
    form: Annotated[
        FileFormat,
        typer.Option(
            "--format",
            help="A schedule file, a table of updates and learning rates, or a Python module that"
            " needs no package.",
        ),
    ] = FileFormat.json,
) -> None:
    """Write the best schedule, or a trial's, as a file."""
    from tuner.api import open_study

    suffix = "py" if form is FileFormat.python else form.value
    path = output or Path(f"best.{suffix}")
    open_study(study, storage=storage, name=name).export(path, trial=trial, form=form.value)
    results().print(f"wrote {path}", markup=False)
    if form is FileFormat.json:
        say_next(command("show", path))


def report(
    study: StudyFile = None,
    storage: StorageURL = None,
    name: StudyName = None,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE")] = Path("report.html"),
) -> None:
    """Write the report, one HTML file that needs no network."""
    from tuner.api import open_study

    open_study(study, storage=storage, name=name).report(output)
    results().print(f"wrote {output}", markup=False)


def show(file: Annotated[Path, typer.Argument(metavar="FILE", help="A schedule file.")]) -> None:
    """Show a schedule file: formula, origin, values, curve."""
    from tuner.cli.show import show_file
    from tuner.schedules import read_schedule_file

    show_file(file, read_schedule_file(file))
