"""``tuner lint``: the classic mistakes with schedules in source files and notebooks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tuner.cli.console import results, talk
from tuner.cli.exits import FAILED
from tuner.cli.values import whole

# Said when no length of the training is: no mistakes found would promise more than was looked at.
_LEFT_OUT = """\
not looked for: lengths written as numbers that do not fit the training
(horizon-in-epochs, horizon-in-updates; only against epochs that a file itself
says), and a warmup as long as the training. Name its length: --updates N, or
--epochs N --updates-per-epoch N"""


def lint(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE", help="Python files and notebooks. They are read, never run."
        ),
    ],
    updates: Annotated[
        int | None, typer.Option(metavar="N", parser=whole(1), help="The training has N updates.")
    ] = None,
    updates_per_epoch: Annotated[
        int | None, typer.Option(metavar="N", parser=whole(1), help="An epoch has N updates.")
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            parser=whole(1),
            help="The training has N epochs. It is needed if the file does not say so.",
        ),
    ] = None,
) -> None:
    """Find mistakes with schedules in your own code.

    It knows the classic ones of every framework. Some can be seen only if you say how long the
    training is. The exit code is 1 if a mistake was found.
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
