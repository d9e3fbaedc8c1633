"""``tuner lint``: the classic mistakes with schedules in source files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tuner.cli.console import results, talk
from tuner.cli.exits import FAILED


def lint(
    files: Annotated[list[Path], typer.Argument(metavar="FILE.py...", help="Read, never run.")],
    updates: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Updates of the training.")
    ] = None,
    updates_per_epoch: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Updates in an epoch of it.")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Its epochs, if the file is silent.")
    ] = None,
) -> None:
    """Find the classic mistakes with schedules in source files; exit code 1 if there are any."""
    from tuner.checks import lint as check

    found = [
        finding
        for file in files
        for finding in check(
            file, updates=updates, updates_per_epoch=updates_per_epoch, epochs=epochs
        )
    ]
    for finding in found:
        results().print(str(finding), markup=False)
    kinds = f"{len(found)} mistake{'s' if len(found) != 1 else ''}" if found else "no mistakes"
    talk().print(f"{kinds} found in {len(files)} file{'s' if len(files) != 1 else ''}")
    if found:
        raise typer.Exit(FAILED)
