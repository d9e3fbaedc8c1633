"""The commands that look at a study or a schedule, and write what they find."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tuner.cli.completion import schedule_files
from tuner.cli.console import (
    STDOUT,
    command,
    print_file,
    print_row,
    prints_to_talk,
    results,
    say_next,
    talk,
)
from tuner.cli.formats import FileFormat, Format
from tuner.cli.options import Form, StorageURL, StudyFile, StudyName
from tuner.cli.values import one_of, whole
from tuner.reading import options_told

if TYPE_CHECKING:
    from tuner.studies import StudyResult


def status(
    study: StudyFile = None,
    storage: StorageURL = None,
    name: StudyName = None,
    form: Form = Format.table,
    watch: Annotated[
        bool, typer.Option("--watch", help="Show it until the study is done. Ctrl-C ends it.")
    ] = False,
) -> None:
    """Say how far a study is, and what is best so far."""
    from tuner.cli.tables import show_summary
    from tuner.definition import passed_task
    from tuner.storage import hide_password

    found = _opened(study, storage, name)
    if watch:
        from tuner.cli.watching import watch as go_on

        go_on(found)
    storage, metric = hide_password(found.storage), found.spec.objective.noun
    summary = found.summary
    show_summary(summary, found.confirmation, storage, form, metric, found.spec.unit)
    if summary.states.get("interrupted") and form is Format.table:
        again = command("resume", "--storage", storage, "--study", found.name)
        if passed_task(found.spec):
            again = "run your script again"
        talk().print(f"interrupted: its process is gone. To go on where it stopped: {again}")


def list_trials(
    study: StudyFile = None,
    storage: StorageURL = None,
    name: StudyName = None,
    form: Form = Format.table,
) -> None:
    """List the trials of a study."""
    from tuner.cli.tables import show_trials

    found = _opened(study, storage, name)
    metric = found.spec.objective.noun
    unit = found.spec.unit
    show_trials(found.trials, form, metric, found.summary, found.confirmation, unit)


def best(
    study: StudyFile = None,
    storage: StorageURL = None,
    name: StudyName = None,
    top: Annotated[int, typer.Option(metavar="K", parser=whole(1), help="Show K trials.")] = 1,
    form: Form = Format.table,
) -> None:
    """Show the best trials of a study.

    Only complete trials count. Of a confirmed study the winner comes first, with what the fresh
    seeds say of it.
    """
    from tuner.cli.tables import print_confirmed, show_trials
    from tuner.report import beside_sentences, search_sentence
    from tuner.search import ranking

    found = _opened(study, storage, name)
    first = found.best  # of a confirmed study the winner, which need not rank first
    rows = [first, *(row for row in ranking(found.trials) if row.number != first.number)][:top]
    metric = found.spec.objective.noun
    show_trials(rows, form, metric, found.summary, found.confirmation, found.spec.unit)
    if form is Format.table:
        for row in rows:
            print_row(f"{row.number:>5}", row.schedule_text, 7)
            if row.options:
                print_row("", f"with {options_told(row.options)}", 7)
        if found.confirmation:
            print_confirmed(found.confirmation, metric)
        if sentence := search_sentence(first, found.best_of_search, metric):
            print_row("", sentence, 11)
        for sentence in beside_sentences(found.summary, found.confirmation, metric):
            print_row("", sentence, 7)


def export(
    study: StudyFile = None,
    storage: StorageURL = None,
    name: StudyName = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Where to write it; - for stdout. Without it, to best.json, or to trial-N.json"
            " for a trial.",
        ),
    ] = None,
    trial: Annotated[
        int | None,
        typer.Option(
            metavar="N", parser=whole(0), help="Write the schedule of trial N, not the best."
        ),
    ] = None,
    form: Annotated[
        FileFormat | None,
        typer.Option(
            "--format",
            help="Write a schedule file, a table of updates and learning rates, or a Python"
            " module that needs no package. Without it, the suffix of FILE decides.",
            **one_of(FileFormat),
        ),
    ] = None,
) -> None:
    """Write the best schedule of a study as a file.

    Load a JSON file with `tuner.load_schedule(FILE)`. A confirmed study's best schedule is the
    winner.
    """
    from tuner.studies import form_of

    # Not best.json for a trial: that is the winner's, which may be there.
    stem = "best" if trial is None else f"trial-{trial}"
    usual = Path(f"{stem}{(form or FileFormat.json).suffix}")
    path = usual if output in (None, STDOUT) else output
    found = _opened(study, storage, name)

    def write(path: Path) -> object:
        return found.export(path, trial=trial, form=form and form.value)

    if output == STDOUT:
        print_file(write, usual.suffix)
    else:
        write(path)
    row = None if trial is None else found.trials[trial]
    if row and row.state != "complete":
        verb = {"pruned": "was ", "failed": "", "collapsed": ""}.get(row.state, "is ")
        unit = found.spec.unit
        at = f"{unit.word} {unit.count(row.epochs)}"
        state = f"trial {trial} {verb}{row.state} after {at}"
        talk().print(f"{state}: it has no final value")
    if output == STDOUT:
        return
    results().print(f"wrote {path}")
    if form_of(path, form and form.value) == "json":
        say_next(command("show", path))


def report(
    study: StudyFile = None,
    storage: StorageURL = None,
    name: StudyName = None,
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="FILE", help="Where to write it; - for stdout."),
    ] = Path("report.html"),
) -> None:
    """Write one HTML page about a study.

    The page is one file and needs no network.
    """
    found = _opened(study, storage, name)
    if output == STDOUT:
        print_file(found.report, ".html")
        return
    found.report(output)
    results().print(f"wrote {output}")


def show(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="The schedule file.", autocompletion=schedule_files),
    ],
    png: Annotated[
        Path | None,
        typer.Option(metavar="OUT", help="Write a PNG picture, with matplotlib; - for stdout."),
    ] = None,
    svg: Annotated[
        Path | None, typer.Option(metavar="OUT", help="Write an SVG picture; - for stdout.")
    ] = None,
) -> None:
    """Show a schedule file: formula, values and curve.

    It says where the schedule comes from, too. With `--png` or `--svg` it writes a picture
    instead. Neither MXNet nor Optuna is needed.
    """
    from tuner.cli.show import show_file, write_pictures
    from tuner.schedules import read_schedule_file

    found = read_schedule_file(file)
    if png is None and svg is None:
        show_file(file, found)
    write_pictures(file, found, png=png, svg=svg)


def dashboard(
    study: StudyFile = None,
    storage: StorageURL = None,
    name: StudyName = None,
    host: Annotated[
        str, typer.Option(metavar="HOST", help="Listen at this address.")
    ] = "localhost",
    port: Annotated[
        int,
        typer.Option(
            metavar="PORT", parser=whole(0, 65535), help="Listen at this port; 0 takes a free one."
        ),
    ] = 8080,
    browser: Annotated[bool, typer.Option(help="Open it in a browser, or do not.")] = True,
) -> None:
    """Watch a study in the browser.

    This serves optuna-dashboard on the study's database, with a picture of each trial's schedule.
    Ctrl-C ends it.
    """
    import warnings
    import webbrowser

    from tuner.cli.signals import stop_request
    from tuner.studies import serve_dashboard

    def started(address: str) -> None:
        talk().print(f"{address}; Ctrl-C ends it")
        if browser:
            webbrowser.open(address)

    # Of the importances of parameters, at every look at a young study.
    warnings.filterwarnings("ignore", message="Some regimes for parameter")
    found = _opened(study, storage, name)
    with stop_request(announce="stopping") as request:
        serve_dashboard(found, host=host, port=port, on_start=started, stop_requested=request)


def _opened(study: Path | None, storage: str | None, name: str | None) -> StudyResult:
    """Open a study; what its module prints when it is imported is no result."""
    from tuner.studies import open_study

    with prints_to_talk():
        return open_study(study, storage=storage, name=name)
