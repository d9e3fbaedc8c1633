"""The commands that train, and the storage proxy for those that do it elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tuner.cli.completion import studies_and_schedules
from tuner.cli.console import command, say_next, talk
from tuner.cli.exits import DONE, INTERRUPTED
from tuner.cli.formats import Format
from tuner.cli.options import (
    Confirm,
    Dask,
    Form,
    GivenStudy,
    Quiet,
    RequiredStorage,
    StorageURL,
    StudyFile,
    StudyName,
    Timeout,
    Timestamps,
    Trials,
    WorkerCount,
)
from tuner.cli.running import Progress, finish, run_shown, set_up_logging, typed_options
from tuner.cli.values import whole


def run(
    study: GivenStudy,
    trials: Trials = None,
    timeout: Timeout = None,
    workers: WorkerCount = None,
    storage: StorageURL = None,
    dask: Dask = None,
    confirm: Confirm = None,
    quiet: Quiet = False,
    timestamps: Timestamps = False,
) -> None:
    """Start a study, or continue it where it stopped.

    It trains until the study has as many finished trials as its budget says. Then the best are
    confirmed on fresh seeds, if the study says so. The best schedule and the report are written
    beside the study file.
    """
    from tuner.storage import hide_password
    from tuner.studies import run_study

    limits: dict[str, Any] = {"trials": trials, "timeout": timeout, "workers": workers}
    run_shown(
        Progress(quiet, timestamps),
        "run",
        (study,) if storage is None else (study, "--storage", hide_password(storage)),
        lambda **more: run_study(
            study, storage=storage, dask=dask, confirm=confirm, **limits, **more
        ),
        typed_options(dask=dask, confirm=confirm, **limits),
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
    timestamps: Timestamps = False,
) -> None:
    """Continue a study from its database alone.

    The study file is not needed: the database holds the whole definition. A confirm that was
    begun is continued, too.
    """
    from tuner.storage import hide_password
    from tuner.studies import resume_study

    named = ("--study", study) if study else ()
    limits: dict[str, Any] = {"trials": trials, "timeout": timeout, "workers": workers}
    run_shown(
        Progress(quiet, timestamps),
        "resume",
        ("--storage", hide_password(storage), *named),
        lambda **more: resume_study(
            storage, study=study, dask=dask, confirm=confirm, **limits, **more
        ),
        typed_options(dask=dask, confirm=confirm, **limits),
    )


def confirm_best(
    study: StudyFile = None,
    storage: StorageURL = None,
    name: StudyName = None,
    top: Annotated[
        int | None, typer.Option(metavar="K", parser=whole(1), help="Take the K best trials.")
    ] = None,
    seeds: Annotated[
        int | None, typer.Option(metavar="N", parser=whole(2), help="Train all on N fresh seeds.")
    ] = None,
    max_seeds: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            parser=whole(2),
            help="Train those that are tied with the leader on up to N fresh seeds.",
        ),
    ] = None,
    timeout: Timeout = None,
    workers: WorkerCount = None,
    dask: Dask = None,
    quiet: Quiet = False,
    timestamps: Timestamps = False,
    form: Form = Format.table,
) -> None:
    """Train the best schedules again on fresh seeds.

    The baselines are trained on the same seeds. What the file says of it is taken where no option
    says otherwise. The winner is written to best.json.
    """
    from tuner.cli.tables import show_confirmation
    from tuner.storage import hide_password
    from tuner.studies import confirm_study

    named: list[str | Path] = [study] if study else []
    named += ["--storage", hide_password(storage)] if storage else []
    named += ["--study", name] if name else []
    numbers: dict[str, Any] = {"top": top, "seeds": seeds, "max_seeds": max_seeds}
    limits: dict[str, Any] = {"timeout": timeout, "workers": workers}
    again = command("confirm", *named, *typed_options(**numbers, **limits, dask=dask))
    result = finish(
        Progress(quiet, timestamps),
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
        typer.Argument(
            metavar="FILE",
            help="Schedule files to compare instead of the study's baselines.",
            autocompletion=studies_and_schedules,
        ),
    ] = None,
    seeds: Annotated[
        int, typer.Option(metavar="N", parser=whole(2), help="Train each schedule on N seeds.")
    ] = 5,
    storage: StorageURL = None,
    name: StudyName = None,
    timeout: Timeout = None,
    workers: WorkerCount = None,
    dask: Dask = None,
    quiet: Quiet = False,
    timestamps: Timestamps = False,
    form: Form = Format.table,
) -> None:
    """Train baselines or other schedules side by side.

    Each is trained on the same seeds. The study need not have been run. The table is written to
    compare.html as well.
    """
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
    again = command("compare", *named, *typed_options(seeds=seeds, **limits, dask=dask))
    result = finish(
        Progress(quiet, timestamps),
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
    timestamps: Timestamps = False,
    events: Annotated[bool, typer.Option("--events", hidden=True)] = False,
    failed: Annotated[str, typer.Option("--failed", hidden=True)] = "",
) -> None:
    """Join a running study as one more worker.

    It can be on any machine that reaches the study's database.
    """
    from tuner.cli.channel import say_all
    from tuner.cli.progress import live
    from tuner.cli.signals import stop_request, stop_with_stdin
    from tuner.studies import run_worker

    set_up_logging(timestamps)
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
                    failed=[int(number) for number in failed.split(",") if number],
                )
            )
        else:
            with live(timestamps=timestamps) as listen:
                ended = run_worker(
                    storage, study=study, trials=trials, on_event=listen, stop_requested=request
                )
    raise typer.Exit(INTERRUPTED if ended == "interrupted" else DONE)


def storage_proxy(
    storage: RequiredStorage,
    host: Annotated[
        str, typer.Option(metavar="HOST", help="Listen at this address.")
    ] = "localhost",
    port: Annotated[
        int, typer.Option(metavar="PORT", parser=whole(1, 65535), help="Listen at this port.")
    ] = 13000,
) -> None:
    """Let many workers share one database.

    The workers use `grpc://HOST:PORT` as their storage, and only this process opens the database.
    Ctrl-C ends it.
    """
    from tuner.cli.signals import stop_request
    from tuner.workers import serve

    def started(url: str) -> None:
        talk().print(f"workers use --storage {url}; Ctrl-C ends it")

    with stop_request(announce="stopping") as request:
        serve(storage, host=host, port=port, on_start=started, stop_requested=request)
