"""The commands before a study: ``init`` and ``check``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tuner.cli.console import command, results, say_next
from tuner.cli.formats import SchemaKind


def init(folder: Annotated[Path, typer.Argument(metavar="DIR")]) -> None:
    """Write a commented study and search space to start from, and their JSON Schemas."""
    from tuner.studies import init_project

    files = init_project(folder)
    for path in files:
        results().print(f"wrote {path}")
    say_next(command("check", files[0]), command("run", files[0]))


def schema(
    kind: Annotated[
        SchemaKind,
        typer.Argument(metavar="KIND", help="study, search_space or schedule."),
    ],
) -> None:
    """Print the JSON Schema of a kind of file, by which editors complete and check it."""
    from tuner.definition import schema_text

    print(schema_text(kind.value), end="")


def check(study: Annotated[Path, typer.Argument(metavar="STUDY")]) -> None:
    """Read a study and all that it needs, print the plan, train nothing."""
    from tuner.cli.plan import show_plan
    from tuner.studies import check_study

    show_plan(check_study(study), study)
