"""The command ``tuner``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

import tuner
from tuner.cli import linting, looking, starting, training
from tuner.cli.console import results
from tuner.cli.exits import explained

app = typer.Typer(
    name="tuner",
    help="Tunes learning-rate schedules and hands back the best one as a file.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _show_version(asked: bool) -> None:
    if asked:
        results().print(f"tuner {tuner.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version, and exit."
        ),
    ] = False,
    debug: Annotated[bool, typer.Option(help="Show tracebacks.")] = False,
) -> None:
    """Take the options that every command has; :mod:`tuner.cli.exits` reads them itself."""


# In the order of ``tuner --help``.
app.command("init")(starting.init)
app.command("check")(starting.check)
app.command("schema")(starting.schema)
app.command("run")(training.run)
app.command("resume")(training.resume)
app.command("confirm")(training.confirm_best)
app.command("compare")(training.compare)
app.command("worker")(training.worker)
app.command("storage-proxy")(training.storage_proxy)
app.command("status")(looking.status)
app.command("trials")(looking.list_trials)
app.command("best")(looking.best)
app.command("export")(looking.export)
app.command("report")(looking.report)
app.command("show")(looking.show)
app.command("dashboard")(looking.dashboard)
app.command("lint")(linting.lint)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line.

    Args:
        arguments: What was typed; by default the process's, which then are no one else's: a module
            of a study may read a command line of its own.
    """
    if arguments is None:
        arguments = sys.argv[1:]
        del sys.argv[1:]
    with explained(debug="--debug" in arguments):
        try:
            app([*arguments])
        finally:
            sys.stdout.flush()
