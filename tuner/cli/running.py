"""How the commands that train are run: progress, signals, and what to type next."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import typer

from tuner.cli.console import command, dated, prints_to_talk, talk
from tuner.cli.exits import INTERRUPTED
from tuner.cli.loaded import kept_from_collections


class Progress(NamedTuple):
    """How much a user wants to see while something runs."""

    quiet: bool
    timestamps: bool


def run_shown(
    progress: Progress,
    verb: str,
    named: tuple[str | Path, ...],
    start: Callable[..., Any],
    options: list[str],
    *,
    by_database: bool = False,
) -> None:
    """Run a study with progress and signals, then say what there is and what to type next.

    Args:
        progress: What to show meanwhile.
        verb: The command that was typed.
        named: The study as it was typed.
        start: What runs it, given ``on_event`` and ``stop_requested``.
        options: The other options as they were typed.
        by_database: Whether other commands know the study by its database alone.
    """
    from tuner.cli.plan import show_result
    from tuner.search import Event, TrialEnded
    from tuner.storage import hide_password

    seen: set[type[Event]] = set()

    def noticed(*, on_event: Callable[[Event], object], **more: Any) -> Any:
        def listen(event: Event) -> None:
            seen.add(type(event))
            on_event(event)

        return start(on_event=listen, **more)

    again = command(verb, *named, *options)
    result = finish(progress, again, noticed)
    # After a run that trained nothing it was printed before.
    program = TrialEnded in seen and not progress.quiet
    if by_database:
        named = ("--storage", hide_password(result.spec.storage_url))
    show_result(result, again, command("trials", *named), program=program)


def finish(progress: Progress, again: str, start: Callable[..., Any]) -> Any:
    """Run a study with progress and signals; if it is interrupted, exit and say ``again``."""
    result = shown(progress, again, start)
    if result.ended == "interrupted":
        talk().print(f"saved. Continue with: {again}")
        raise typer.Exit(INTERRUPTED)
    return result


def shown(progress: Progress, again: str, start: Callable[..., Any]) -> Any:
    """Run something with progress and signals; if Ctrl-C ends it, exit and say ``again``."""
    from tuner.cli.progress import live
    from tuner.cli.signals import stop_request

    set_up_logging(progress.timestamps)
    try:
        with (
            stop_request() as request,
            live(**progress._asdict()) as listen,
            prints_to_talk(),  # what a training prints is no result
        ):
            heard = kept_from_collections(listen)
            return start(on_event=heard, stop_requested=request)
    except KeyboardInterrupt as stop:
        what = str(stop) or "stopped; the trial is queued again"
        talk().print(f"{what}. Continue with: {again}")
        raise typer.Exit(INTERRUPTED) from None


def typed_options(*, confirm: bool | None = None, **given: object) -> list[str]:
    """Return what was typed, to be typed again: what is None was not.

    Example:
        >>> typed_options(confirm=False, max_seeds=8, top=None)
        ['--no-confirm', '--max-seeds', '8']
    """
    typed = [] if confirm is None else ["--confirm" if confirm else "--no-confirm"]
    for name, value in given.items():
        if value is not None:
            typed += [f"--{name.replace('_', '-')}", str(value)]
    return typed


def set_up_logging(timestamps: bool = False) -> None:
    """Print our own warnings as lines, and with --debug the tracebacks of trainings."""

    class Talk(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            line = record.getMessage()
            if record.levelno >= logging.WARNING:
                line = f"warning: {line}"
            talk().print(dated(line) if timestamps else line)

    logging.getLogger("tuner").handlers = [Talk()]
