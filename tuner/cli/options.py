"""The options and arguments that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tuner.cli.completion import study_files
from tuner.cli.formats import Format
from tuner.cli.values import one_of, whole
from tuner.errors import UnitError


def _a_time(text: str | None) -> str | None:
    if text is not None:
        from tuner.definition import seconds

        try:
            seconds(text)
        except UnitError as error:
            raise typer.BadParameter(str(error)) from error
    return text


GivenStudy = Annotated[
    Path, typer.Argument(metavar="STUDY", help="The study file.", autocompletion=study_files)
]
StudyFile = Annotated[
    Path | None,
    typer.Argument(
        metavar="STUDY",
        help="The study file, or the folder that its database is in. Or leave it out, and name"
        " the database with `--storage`.",
        autocompletion=study_files,
    ),
]
_DATABASE = "The database, by its URL. The variable TUNER_STORAGE says the same."
StorageURL = Annotated[
    str | None,
    typer.Option("--storage", metavar="URL", envvar="TUNER_STORAGE", help=_DATABASE),
]
RequiredStorage = Annotated[
    str, typer.Option("--storage", metavar="URL", envvar="TUNER_STORAGE", help=_DATABASE)
]
StudyName = Annotated[
    str | None,
    typer.Option(
        "--study",
        metavar="NAME",
        help="The study's name in the database. It is needed if there are several.",
    ),
]
Trials = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        parser=whole(1),
        help="Stop when the study has N finished trials, those of earlier runs included.",
    ),
]
Timeout = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        callback=_a_time,
        help="Stop after this time, such as 90s, 30min or 2h. The study can be continued.",
    ),
]
WorkerCount = Annotated[
    int | None,
    typer.Option("--workers", metavar="N", parser=whole(1), help="Train in N processes at once."),
]
Dask = Annotated[
    str | None,
    typer.Option("--dask", metavar="ADDRESS", help="Place the workers on this Dask cluster."),
]
Confirm = Annotated[
    bool | None,
    typer.Option(
        "--confirm/--no-confirm",
        help="Confirm the best trials at the end, or do not, whatever the study file says.",
        show_default=False,
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
Timestamps = Annotated[
    bool,
    typer.Option(
        "--timestamps",
        help="Write a line for each event, with its date and time in front.",
    ),
]
Form = Annotated[
    Format, typer.Option("--format", help="Write a table, JSON or CSV.", **one_of(Format))
]
