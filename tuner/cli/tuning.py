"""The commands that need no study file: ``tune`` and ``apply``."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any

import typer

from tuner.cli.completion import schedule_files
from tuner.cli.console import talk
from tuner.cli.exits import FAILED
from tuner.cli.mistakes import ArgumentsError
from tuner.cli.options import (
    Confirm,
    Quiet,
    StorageURL,
    Timeout,
    Timestamps,
    WorkerCount,
)
from tuner.cli.running import Progress, run_shown, typed_options
from tuner.cli.values import positive, whole, whole_or_time

Optimizer = Annotated[
    str | None,
    typer.Option(
        metavar="WHICH",
        help="Drive this optimizer of a script that has several: its class, or its number from 0.",
    ),
]


def tune(
    function: Annotated[
        str | None,
        typer.Argument(metavar="FUNCTION", help="A function of a trial: FILE.py:NAME."),
    ] = None,
    command: Annotated[
        str | None,
        typer.Option(metavar="COMMAND", help="Run this instead, such as 'python train.py'."),
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="What the function reports. For a command that prints, a pattern with a group"
            " around the number, such as 'val loss ([0-9.]+)'.",
        ),
    ] = None,
    direction: Annotated[
        str | None,
        typer.Option(
            metavar="maximize|minimize",
            help="Say which values are better, if the metric's name does not.",
        ),
    ] = None,
    epochs: Annotated[
        Any, typer.Option(metavar="N", parser=whole_or_time, help="Train N epochs, or 30min.")
    ] = None,
    updates_per_epoch: Annotated[
        int | None,
        typer.Option(
            "--updates-per-epoch",
            "-u",
            metavar="N",
            parser=whole(1),
            help="An epoch has N optimizer updates.",
        ),
    ] = None,
    updates: Annotated[
        Any,
        typer.Option(
            metavar="N",
            parser=whole_or_time,
            help="Train N updates, or 30min, where there are no epochs.",
        ),
    ] = None,
    report_every: Annotated[
        int | None,
        typer.Option(metavar="N", parser=whole(1), help="A report is made every N updates."),
    ] = None,
    base_lr: Annotated[
        float | None,
        typer.Option(
            metavar="LR",
            parser=positive,
            help="The learning rate of today.",
        ),
    ] = None,
    space: Annotated[
        str, typer.Option(metavar="SPACE", help="Sample from default, chapter, modern, or a file.")
    ] = "default",
    params: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="An option of your own; type it once for each."),
    ] = None,
    optimizer: Optimizer = None,
    report_seconds: Annotated[
        float | None,
        typer.Option(
            metavar="S",
            parser=positive,
            help="A command that reports nothing for S seconds has failed.",
        ),
    ] = None,
    trials: Annotated[
        int, typer.Option(metavar="N", parser=whole(1), help="Stop at N finished trials.")
    ] = 40,
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Name the study, and its folder, so."),
    ] = None,
    seed: Annotated[
        int, typer.Option(metavar="N", parser=whole(0), help="Search and train from this seed.")
    ] = 0,
    timeout: Timeout = None,
    workers: WorkerCount = None,
    storage: StorageURL = None,
    confirm: Confirm = None,
    quiet: Quiet = False,
    timestamps: Timestamps = False,
) -> None:
    """Tune a function or a command, without a study file.

    The database, the best schedule and the report are in a folder named as the function or script.
    The same command continues the study. A script of PyTorch or Keras needs no changed line.
    """
    from tuner.studies import tune as tune_it

    numbers: dict[str, Any] = {
        "epochs": epochs, "updates_per_epoch": updates_per_epoch, "updates": updates,
        "report_every": report_every, "base_lr": base_lr,
    }  # fmt: skip
    shared: dict[str, Any] = {
        "direction": direction, **numbers, "space": space, "trials": trials, "name": name,
        "seed": seed, "timeout": timeout, "workers": workers, "storage": storage,
    }  # fmt: skip
    only_command = {"optimizer": optimizer, "report_seconds": report_seconds}
    train, measured = _train(function, command, metric, only_command)
    options = [
        *typed_options(command=command, metric=metric, **{**shared, "storage": None}),
        *typed_options(**only_command, confirm=confirm),
        *(word for pair in params or () for word in ("--params", pair)),
    ]
    run_shown(
        Progress(quiet, timestamps),
        "tune",
        (function,) if function else (),
        lambda **more: tune_it(
            train, metric=measured, params=_params(params or []),
            confirm=True if confirm is None else confirm, **shared, **more,
        ),
        options,
        by_database=True,
    )  # fmt: skip


def apply(
    schedule: Annotated[
        Path,
        typer.Argument(
            metavar="SCHEDULE", help="The schedule file.", autocompletion=schedule_files
        ),
    ],
    words: Annotated[
        list[str], typer.Argument(metavar="COMMAND", help="The command, after `--`.")
    ],
    optimizer: Optimizer = None,
) -> None:
    """Run an unchanged script under a schedule.

    The learning rate of its PyTorch or Keras optimizer is set before each update. Placeholders in
    the command are filled, as in a study. The exit code is that of the script.
    """
    from tuner.studies import run_under

    applied = run_under(schedule, words, optimizer=optimizer)
    if applied.warning:
        talk().print(f"warning: {applied.warning}")
    raise typer.Exit(applied.code or (FAILED if not applied.reached else 0))


def _train(
    function: str | None, pattern_of: str | None, metric: str | None, options: dict[str, Any]
) -> tuple[Any, str]:
    """Return what is trained, and the metric's name."""
    if (function is None) == (pattern_of is None):
        raise ArgumentsError(
            "tuner tune needs a function, FILE.py:NAME, or a --command, and not both."
        )
    given = {key: value for key, value in options.items() if value is not None}
    if pattern_of is None:
        if given:
            word = next(iter(given)).replace("_", "-")
            raise ArgumentsError(f"--{word} is for a --command, but got a function.")
        return function, metric or "accuracy"
    found = {"command": pattern_of, **given}
    if "optimizer" in found and found["optimizer"].isdecimal():
        found["optimizer"] = int(found["optimizer"])
    if metric is None or re.fullmatch(r"[A-Za-z]\w*", metric):
        return found, metric or "value"  # of a script that reports itself
    return {**found, "value": metric}, metric_name(metric)


def metric_name(pattern: str) -> str:
    """Return what a pattern measures: the words before its group.

    Example:
        >>> metric_name("step [1-9][0-9]*: .*val loss ([0-9.]+)"), metric_name("(.*)")
        ('val_loss', 'value')
    """
    before = re.sub(r"\\.", " ", re.split(r"(?<!\\)\((?!\?[:=!<i])", pattern)[0])
    found = re.search(r"([A-Za-z][A-Za-z0-9_ ]*)[^A-Za-z]*$", before)
    return "_".join(found[1].split()) if found else "value"


def _params(pairs: list[str]) -> dict[str, Any]:
    found = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.isidentifier():
            raise ArgumentsError(f"--params must be KEY=VALUE, but got {pair!r}.")
        try:
            found[key] = json.loads(value)
        except ValueError:
            found[key] = value
    return found
