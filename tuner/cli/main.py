"""The command ``tuner``."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

import tuner
from tuner.cli import linting, looking, ranging, starting, training, tuning
from tuner.cli.console import open_streams, results, talk
from tuner.cli.exits import BAD_INPUT, DONE, end_in_time, explained
from tuner.cli.pages import Command, Program

app = typer.Typer(
    name="tuner",
    cls=Program,
    help="""
    Find a good learning-rate schedule for your training, and save it as one file.

    Type `tuner init mine` first. `tuner COMMAND -h` explains a command.
    """,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _show_version(asked: bool) -> None:
    if asked:
        results().print(f"tuner {tuner.__version__}")
        raise typer.Exit


@app.callback()
def options(
    ctx: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version, and exit."
        ),
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show where in the program an error came from.")
    ] = False,
    no_debug: Annotated[bool, typer.Option("--no-debug", hidden=True)] = False,
) -> None:
    """Take the options that every command has; :mod:`tuner.cli.exits` reads them itself."""
    if ctx.invoked_subcommand is None:
        talk().print(ctx.get_help())
        raise typer.Exit(BAD_INPUT)


# What ``tuner -h`` shows, in its order: group, command, and an example of how it is typed.
_COMMANDS: dict[str, list[tuple[Callable[..., Any], str]]] = {
    "Start": [
        (starting.init, "init mine"),
        (starting.check, "check mine/studies/quickstart.toml"),
        (starting.schema, "schema study"),
        (ranging.lr_range, "range mine/studies/quickstart.toml"),
    ],
    "Run": [
        (tuning.tune, "tune net.py:train --epochs 10 -u 235 --base-lr 0.1"),
        (training.run, "run mine/studies/quickstart.toml"),
        (training.resume, "resume --storage sqlite:///study.db"),
        (training.confirm_best, "confirm mine/studies/quickstart.toml"),
        (training.compare, "compare mine/studies/quickstart.toml"),
        (training.worker, "worker --storage postgresql+psycopg://me@host/tuner"),
        (training.storage_proxy, "storage-proxy --storage sqlite:///study.db"),
    ],
    "Look": [
        (looking.status, "status mine/studies/quickstart.toml --watch"),
        (looking.list_trials, "trials mine/studies/quickstart.toml"),
        (looking.best, "best mine/studies/quickstart.toml --top 3"),
        (looking.report, "report mine/studies/quickstart.toml -o page.html"),
        (looking.dashboard, "dashboard mine/studies/quickstart.toml"),
    ],
    "Use": [
        (looking.export, "export mine/studies/quickstart.toml -o best.json"),
        (looking.show, "show best.json"),
        (tuning.apply, "apply best.json -- python train.py"),
    ],
    "Your code": [
        (linting.lint, "lint train.py --updates 7000"),
    ],
}
for _group, _commands in _COMMANDS.items():
    for _function, _example in _commands:
        app.command(
            _example.partition(" ")[0],
            cls=Command,
            rich_help_panel=_group,
            epilog=f"tuner {_example}",
        )(_function)


@functools.cache
def _program() -> Any:
    """Return what Typer makes of the commands, which takes a tenth of a second."""
    return typer.main.get_command(app)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line.

    Args:
        arguments: What was typed; by default the process's, which then are no one else's: a module
            of a study may read a command line of its own.
    """
    open_streams()
    if arguments is None:
        arguments = sys.argv[1:]
        del sys.argv[1:]
    try:
        own = list(arguments).index("--") if "--" in arguments else len(arguments)
        with explained(debug="--debug" in arguments[:own]):
            try:
                _program()([*arguments], prog_name="tuner")
            finally:
                sys.stdout.flush()
    except SystemExit as ended:
        end_in_time(ended.code or DONE)
        raise
