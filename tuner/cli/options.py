"""The options and arguments that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tuner.cli.formats import Format
from tuner.errors import UnitError


def _a_time(text: str | None) -> str | None:
    if text is not None:
        from tuner.definition import seconds

        try:
            seconds(text)
        except UnitError as error:
            raise typer.BadParameter(str(error)) from error
    return text


StudyFile = Annotated[Path | None, typer.Argument(metavar="STUDY", help="The study file.")]
StorageURL = Annotated[
    str | None,
    typer.Option(
        "--storage", metavar="URL", envvar="TUNER_STORAGE", help="The database, by its URL."
    ),
]
RequiredStorage = Annotated[
    str,
    typer.Option(
        "--storage", metavar="URL", envvar="TUNER_STORAGE", help="The database, by its URL."
    ),
]
StudyName = Annotated[
    str | None, typer.Option("--study", metavar="NAME", help="The study's name in the database.")
]
Trials = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="Finished trials that the study may have.")
]
Timeout = Annotated[
    str | None,
    typer.Option(
        metavar="TIME", callback=_a_time, help="How long this run may take: 90s, 30m, 2h."
    ),
]
WorkerCount = Annotated[
    int | None, typer.Option("--workers", metavar="N", help="Processes that train at once.")
]
Dask = Annotated[
    str | None,
    typer.Option("--dask", metavar="ADDRESS", help="Place the workers on this Dask cluster."),
]
Confirm = Annotated[
    bool | None,
    typer.Option(
        "--confirm/--no-confirm",
        help="Whether to confirm at the end, instead of what the file says.",
        show_default=False,
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
Form = Annotated[Format, typer.Option("--format", help="How to write it.")]
