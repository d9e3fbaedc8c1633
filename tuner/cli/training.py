"""The commands that train, and the storage proxy for those that do it elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from tuner.cli.console import command, say_next, talk
from tuner.cli.exits import DONE, INTERRUPTED
from tuner.cli.formats import Format
from tuner.cli.options import (
    Confirm,
    Dask,
    Form,
    Quiet,
    RequiredStorage,
    StorageURL,
    StudyFile,
    StudyName,
    Timeout,
    Trials,
    WorkerCount,
)


def run(
    study: Annotated[Path, typer.Argument(metavar="STUDY", help="The study file.")],
    trials: Trials = None,
    timeout: Timeout = None,
    workers: WorkerCount = None,
    storage: StorageURL = None,
    dask: Dask = None,
    confirm: Confirm = None,
    quiet: Quiet = False,
) -> None:
    """Create the study, or continue it, up to its budget; then confirm it."""
    from tuner.storage import hide_password
    from tuner.studies import run_study

    limits: dict[str, Any] = {"trials": trials, "timeout": timeout, "workers": workers}
    _run(
        quiet,
        "run",
        (study,) if storage is None else (study, "--storage", hide_password(storage)),
        lambda **more: run_study(
            study, storage=storage, dask=dask, confirm=confirm, **limits, **more
        ),
        _options(dask=dask, confirm=confirm, **limits),
    )


def resume(
    storage: RequiredStorage,
    study: StudyName = None,
    trials: Trials = None,
    timeout: Timeout = None,
    workers: WorkerCount = None,
    dask: Dask = None,
    confirm: Confirm = None,
    quiet: Quiet = False,
) -> None:
    """Continue a study and its confirm from its database alone."""
    from tuner.storage import hide_password
    from tuner.studies import resume_study

    named = ("--study", study) if study else ()
    limits: dict[str, Any] = {"trials": trials, "timeout": timeout, "workers": workers}
    _run(
        quiet,
        "resume",
        ("--storage", hide_password(storage), *named),
        lambda **more: resume_study(
            storage, study=study, dask=dask, confirm=confirm, **limits, **more
        ),
        _options(dask=dask, confirm=confirm, **limits),
    )


def confirm_best(
    study: StudyFile = None,
    storage: StorageURL = None,
    name: StudyName = None,
    top: Annotated[
        int | None, typer.Option(metavar="K", min=1, help="How many of the best trials.")
    ] = None,
    seeds: Annotated[
        int | None, typer.Option(metavar="N", min=2, help="Fresh seeds for everybody.")
    ] = None,
    max_seeds: Annotated[
        int | None, typer.Option(metavar="N", min=2, help="Fresh seeds for tied leaders.")
    ] = None,
    timeout: Timeout = None,
    workers: WorkerCount = None,
    dask: Dask = None,
    quiet: Quiet = False,
    form: Form = Format.table,
) -> None:
    """Train the best schedules and the baselines again, all on the same fresh seeds."""
    from tuner.cli.tables import show_confirmation
    from tuner.storage import hide_password
    from tuner.studies import confirm_study

    named: list[str | Path] = [study] if study else []
    named += ["--storage", hide_password(storage)] if storage else []
    named += ["--study", name] if name else []
    numbers: dict[str, Any] = {"top": top, "seeds": seeds, "max_seeds": max_seeds}
    limits: dict[str, Any] = {"timeout": timeout, "workers": workers}
    again = command("confirm", *named, *_options(**numbers, **limits, dask=dask))
    result = _finish(
        quiet,
        again,
        lambda **more: confirm_study(
            study, storage=storage, name=name, **numbers, **limits, dask=dask, **more,
        ),
    )  # fmt: skip
    show_confirmation(result.confirmation, form, result.spec.objective.noun)
    if result.ended == "timeout":
        talk().print(f"out of time; continue with: {again}")
    else:
        talk().print(f"wrote {result.folder / 'best.json'}")
        say_next(command("show", result.folder / "best.json"))


def compare(
    study: StudyFile = None,
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE", help="Schedule files, instead of the study's baselines."),
    ] = None,
    seeds: Annotated[
        int, typer.Option(metavar="N", min=2, help="From how many seeds each is trained.")
    ] = 5,
    storage: StorageURL = None,
    name: StudyName = None,
    timeout: Timeout = None,
    workers: WorkerCount = None,
    dask: Dask = None,
    quiet: Quiet = False,
    form: Form = Format.table,
) -> None:
    """Train the baselines, or other schedules, on the same seeds, side by side."""
    from tuner.cli.tables import show_comparison
    from tuner.storage import hide_password
    from tuner.studies import compare_study

    given = [path for path in (study, *(files or [])) if path is not None]
    # If the study is named by its database, all of them are schedules.
    file = None if study is None or study.suffix == ".json" else given.pop(0)
    named: list[str | Path] = [*([file] if file else []), *given]
    named += ["--storage", hide_password(storage)] if storage else []
    named += ["--study", name] if name else []
    limits: dict[str, Any] = {"timeout": timeout, "workers": workers}
    again = command("compare", *named, *_options(seeds=seeds, **limits, dask=dask))
    result = _finish(
        quiet,
        again,
        lambda **more: compare_study(
            file, given, seeds=seeds, storage=storage, name=name, **limits, dask=dask, **more,
        ),
    )  # fmt: skip
    show_comparison(result.comparison, form)
    if result.ended == "timeout":
        talk().print(f"out of time; continue with: {again}")
    talk().print(f"wrote {result.folder / 'compare.html'}")


def worker(
    storage: RequiredStorage,
    study: StudyName = None,
    trials: Trials = None,
    events: Annotated[bool, typer.Option("--events", hidden=True)] = False,
) -> None:
    """Be one more worker of a running study, on any machine that reaches its database."""
    from tuner.cli.channel import say_all
    from tuner.cli.progress import live
    from tuner.cli.signals import stop_request, stop_with_stdin
    from tuner.studies import run_worker

    _set_up_logging()
    with stop_request() as request:
        if events:  # for the process that started this one; see tuner/workers/child.py
            stop_with_stdin()
            ended = say_all(
                lambda listen: run_worker(
                    storage,
                    study=study,
                    trials=trials,
                    on_event=listen,
                    stop_requested=request,
                    supervised=True,
                )
            )
        else:
            with live() as listen:
                ended = run_worker(
                    storage, study=study, trials=trials, on_event=listen, stop_requested=request
                )
    raise typer.Exit(INTERRUPTED if ended == "interrupted" else DONE)


def storage_proxy(
    storage: RequiredStorage,
    host: Annotated[str, typer.Option(metavar="HOST", help="Where to listen.")] = "localhost",
    port: Annotated[int, typer.Option(metavar="PORT", min=1, max=65535)] = 13000,
) -> None:
    """Stand between a database and many workers, which use grpc://HOST:PORT as their storage."""
    from tuner.cli.signals import stop_request
    from tuner.workers import serve

    def started(url: str) -> None:
        talk().print(f"workers use --storage {url}; Ctrl-C ends it")

    with stop_request(announce="stopping") as request:
        serve(storage, host=host, port=port, on_start=started, stop_requested=request)


def _run(
    quiet: bool,
    verb: str,
    named: tuple[str | Path, ...],
    start: Callable[..., Any],
    options: list[str],
) -> None:
    """Run a study with progress and signals, then say what there is and what to type next."""
    from tuner.cli.plan import show_result
    from tuner.search import Event, TrialEnded

    seen: set[type[Event]] = set()

    def noticed(*, on_event: Callable[[Event], object], **more: Any) -> Any:
        def listen(event: Event) -> None:
            seen.add(type(event))
            on_event(event)

        return start(on_event=listen, **more)

    again = command(verb, *named, *options)
    result = _finish(quiet, again, noticed)
    # After a run that trained nothing it was printed before.
    program = TrialEnded in seen and not quiet
    show_result(result, again, command("trials", *named), program=program)


def _options(*, confirm: bool | None = None, **given: object) -> list[str]:
    """Return what was typed, to be typed again: what is None was not."""
    typed = [] if confirm is None else ["--confirm" if confirm else "--no-confirm"]
    for name, value in given.items():
        if value is not None:
            typed += [f"--{name.replace('_', '-')}", str(value)]
    return typed


def _finish(quiet: bool, again: str, start: Callable[..., Any]) -> Any:
    """Run something with progress and signals; if it is interrupted, exit and say ``again``."""
    from tuner.cli.progress import live
    from tuner.cli.signals import stop_request

    _set_up_logging()
    try:
        with stop_request() as request, live(quiet) as listen:
            result = start(on_event=listen, stop_requested=request)
    except KeyboardInterrupt:
        talk().print(f"stopped; the trial is queued again. Continue with: {again}")
        raise typer.Exit(INTERRUPTED) from None
    if result.ended == "interrupted":
        talk().print(f"saved. Continue with: {again}")
        raise typer.Exit(INTERRUPTED)
    return result


def _set_up_logging() -> None:
    """Print our own warnings as lines."""
    import logging

    class Talk(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            talk().print(f"warning: {record.getMessage()}")

    logging.getLogger("tuner").handlers = [Talk()]
