"""The commands before a study: ``init`` and ``check``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tuner.cli.console import command, prints_to_talk, results, say_next
from tuner.cli.formats import SchemaKind, Template
from tuner.cli.options import GivenStudy
from tuner.cli.running import set_up_logging
from tuner.cli.values import one_of


def init(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder; it is made if it does not exist.")
    ],
    template: Annotated[
        Template | None,
        typer.Option(
            help="What is trained: torch, gluon or function for a training of your own, chapter"
            " for its LeNet. Without it, what is installed decides.",
            **one_of(Template),
        ),
    ] = None,
) -> None:
    """Write a study and a search space to start from.

    Both have comments that explain them. JSON Schemas come with them, by which editors complete
    and check what you write.
    """
    from tuner.studies import init_project

    files = init_project(folder, template.value if template else None)
    for path in files:
        results().print(f"wrote {path}")
    say_next(command("check", files[0]), command("run", files[0]))


def schema(
    kind: Annotated[
        SchemaKind,
        typer.Argument(
            help="The kind of file: study, search_space or schedule.",
            **{**one_of(SchemaKind), "metavar": "KIND"},
        ),
    ],
) -> None:
    """Print the JSON Schema of a kind of file.

    Editors complete and check the file by it.
    """
    from tuner.definition import schema_text

    print(schema_text(kind.value), end="")


def check(
    study: GivenStudy,
    train: Annotated[
        bool,
        typer.Option(
            "--train",
            help="Train two epochs as well: twice from one seed, and from the state between.",
        ),
    ] = False,
) -> None:
    """Check a study and print its plan; train nothing.

    Everything that the study needs is read: its search space, task, data and device. All
    mistakes of a file are told at once.
    """
    from tuner.cli.plan import show_plan
    from tuner.studies import check_study

    set_up_logging()
    with prints_to_talk():
        plan = check_study(study, train=train)
    show_plan(plan, study)
