"""``tuner lint``: the classic mistakes with schedules in source files and notebooks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tuner.cli.console import results, talk
from tuner.cli.exits import FAILED

# Said when no length of the training is: no mistakes found would promise more than was looked at.
_LEFT_OUT = """\
not looked for: lengths written as numbers that do not fit the training (horizon-in-epochs,
horizon-in-updates; only against epochs that a file itself says), and a warmup as long as the
training. Name its length: --updates N, or --epochs N --updates-per-epoch N"""


def lint(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Read, never run.")],
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
    """Find the classic mistakes with schedules in Python files and notebooks.

    Exit code 1 if there are any.
    """
    from tuner.linting import NOT_READ
    from tuner.linting import lint as check

    # Once each, for a file is also read with those that import it.
    found = {
        (finding.rule, finding.file, finding.cell, finding.line): finding
        for file in files
        for finding in check(
            file, updates=updates, updates_per_epoch=updates_per_epoch, epochs=epochs
        )
    }
    for key in [key for key in found if key[0] == NOT_READ]:
        talk().print(str(found.pop(key)))
    for finding in found.values():
        results().print(str(finding))
    kinds = f"{len(found)} mistake{'s' if len(found) != 1 else ''}" if found else "no mistakes"
    talk().print(f"{kinds} found in {len(files)} file{'s' if len(files) != 1 else ''}")
    if updates is updates_per_epoch is epochs is None:
        talk().print(_LEFT_OUT)
    if found:
        raise typer.Exit(FAILED)
