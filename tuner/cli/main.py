"""The command ``tuner``."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from tuner.cli.console import command, results, talk
from tuner.cli.formats import Format
from tuner.errors import TrainingError, TunerError, UnitError

_STDOUT = 1  # the number of its file
DONE, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130

app = typer.Typer(
    name="tuner",
    help="Tunes learning-rate schedules and hands back the best one as a file.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _a_time(text: str | None) -> str | None:
    if text is not None:
        from tuner.spec_sections import seconds

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


@app.callback()
def options(
    debug: Annotated[bool, typer.Option(help="Show tracebacks.")] = False,
) -> None:
    """Take the options that every command has; :func:`_say` reads them itself."""


@app.command()
def init(folder: Annotated[Path, typer.Argument(metavar="DIR")]) -> None:
    """Write a commented study and search space to start from."""
    from tuner.api import init_project

    files = init_project(folder)
    for path in files:
        results().print(f"wrote {path}", markup=False)
    _next(command("check", files[0]), command("run", files[0]))


@app.command()
def check(study: Annotated[Path, typer.Argument(metavar="STUDY")]) -> None:
    """Read a study and all that it needs, print the plan, train nothing."""
    from tuner.api import check_study
    from tuner.cli.plan import show_plan

    show_plan(check_study(study), study)


@app.command()
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
    from tuner.api import run_study
    from tuner.storage_urls import hide_password

    limits: dict[str, Any] = {"trials": trials, "timeout": timeout, "workers": workers}
    _run(
        quiet,
        "run",
        (study,) if storage is None else (study, "--storage", hide_password(storage)),
        lambda **more: run_study(
            study, storage=storage, dask=dask, confirm=confirm, **limits, **more
        ),
        dask,
        _confirm_option(confirm),
    )


@app.command()
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
    from tuner.api import resume_study
    from tuner.storage_urls import hide_password

    named = ("--study", study) if study else ()
    limits: dict[str, Any] = {"trials": trials, "timeout": timeout, "workers": workers}
    _run(
        quiet,
        "resume",
        ("--storage", hide_password(storage), *named),
        lambda **more: resume_study(
            storage, study=study, dask=dask, confirm=confirm, **limits, **more
        ),
        dask,
        _confirm_option(confirm),
    )


@app.command("confirm")
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
    from tuner.api import confirm_study
    from tuner.cli.tables import show_confirmation
    from tuner.storage_urls import hide_password

    named: list[str | Path] = [study] if study else []
    named += ["--storage", hide_password(storage)] if storage else []
    named += ["--study", name] if name else []
    numbers: dict[str, Any] = {"top": top, "seeds": seeds, "max_seeds": max_seeds}
    given = [f"--{key.replace('_', '-')}={value}" for key, value in numbers.items() if value]
    again = command("confirm", *named, *given, *(("--dask", dask) if dask else ()))
    result = _finish(
        quiet,
        again,
        lambda **more: confirm_study(
            study, storage=storage, name=name, **numbers,
            timeout=timeout, workers=workers, dask=dask, **more,
        ),
    )  # fmt: skip
    show_confirmation(result.confirmation, form)
    if result.ended == "timeout":
        talk().print(f"out of time; continue with: {again}", markup=False)
    else:
        talk().print(f"wrote {result.folder / 'best.json'}", markup=False)
        _next(command("show", result.folder / "best.json"))


@app.command()
def worker(
    storage: RequiredStorage,
    study: StudyName = None,
    trials: Trials = None,
    events: Annotated[bool, typer.Option("--events", hidden=True)] = False,
) -> None:
    """Be one more worker of a running study, on any machine that reaches its database."""
    from tuner.api import run_worker
    from tuner.cli.progress import progress
    from tuner.cli.signals import stop_request, stop_with_stdin
    from tuner.search.events import to_json

    _set_up_logging()
    with stop_request() as request:
        if events:  # for the process that started this one; see tuner/workers.py
            stop_with_stdin()
            ended = run_worker(
                storage,
                study=study,
                trials=trials,
                on_event=lambda event: print(to_json(event), flush=True),
                stop_requested=request,
                supervised=True,
            )
        else:
            with progress() as listen:
                ended = run_worker(
                    storage, study=study, trials=trials, on_event=listen, stop_requested=request
                )
    raise typer.Exit(INTERRUPTED if ended == "interrupted" else DONE)


@app.command("storage-proxy")
def storage_proxy(
    storage: RequiredStorage,
    host: Annotated[str, typer.Option(metavar="HOST", help="Where to listen.")] = "localhost",
    port: Annotated[int, typer.Option(metavar="PORT", min=1, max=65535)] = 13000,
) -> None:
    """Stand between a database and many workers, which use grpc://HOST:PORT as their storage."""
    from tuner.cli.signals import stop_request
    from tuner.proxy import serve

    with stop_request(announce="stopping") as request:
        talk().print(f"workers use --storage grpc://{host}:{port}; Ctrl-C ends it", markup=False)
        serve(storage, host=host, port=port, stop_requested=request)


@app.command()
def status(
    study: StudyFile = None,
    storage: StorageURL = None,
    name: StudyName = None,
    form: Form = Format.table,
) -> None:
    """Say where a study stands."""
    from tuner.api import open_study
    from tuner.cli.tables import show_summary
    from tuner.storage_urls import hide_password

    found = open_study(study, storage=storage, name=name)
    show_summary(found.summary, found.confirmation, hide_password(found.storage), form)


@app.command("trials")
def list_trials(
    study: StudyFile = None,
    storage: StorageURL = None,
    name: StudyName = None,
    form: Form = Format.table,
) -> None:
    """List the trials of a study."""
    from tuner.api import open_study
    from tuner.cli.tables import show_trials

    show_trials(open_study(study, storage=storage, name=name).trials, form)


@app.command()
def best(
    study: StudyFile = None,
    storage: StorageURL = None,
    name: StudyName = None,
    top: Annotated[int, typer.Option(metavar="K", min=1, help="How many.")] = 1,
    form: Form = Format.table,
) -> None:
    """Show the best complete trials, and what fresh seeds say of them."""
    from tuner.api import open_study
    from tuner.cli.tables import show_trials
    from tuner.report.confirmed import confirmed_sentence
    from tuner.results import ranking

    found = open_study(study, storage=storage, name=name)
    first = found.best  # of a confirmed study the winner, which need not rank first
    rows = [first, *(row for row in ranking(found.trials) if row.number != first.number)][:top]
    show_trials(rows, form)
    if form is Format.table:
        for row in rows:
            results().print(f"{row.number:>5}  {row.schedule!r}", markup=False)
        if found.confirmation:
            results().print(f"confirmed: {confirmed_sentence(found.confirmation)}", markup=False)


@app.command()
def export(
    study: StudyFile = None,
    storage: StorageURL = None,
    name: StudyName = None,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE")] = Path("best.json"),
    trial: Annotated[int | None, typer.Option(metavar="N", help="Instead of the best.")] = None,
) -> None:
    """Write the best schedule, or a trial's, as a file."""
    from tuner.api import open_study

    open_study(study, storage=storage, name=name).export(output, trial=trial)
    results().print(f"wrote {output}", markup=False)
    _next(command("show", output))


@app.command()
def report(
    study: StudyFile = None,
    storage: StorageURL = None,
    name: StudyName = None,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE")] = Path("report.html"),
) -> None:
    """Write the report, one HTML file that needs no network."""
    from tuner.api import open_study

    open_study(study, storage=storage, name=name).report(output)
    results().print(f"wrote {output}", markup=False)


@app.command()
def show(file: Annotated[Path, typer.Argument(metavar="FILE", help="A schedule file.")]) -> None:
    """Show a schedule file: formula, origin, values, curve."""
    from tuner.cli.show import show_file
    from tuner.schedules import read_schedule_file

    show_file(file, read_schedule_file(file))


def _run(
    quiet: bool,
    verb: str,
    named: tuple[str | Path, ...],
    start: Callable[..., Any],
    dask: str | None,
    more: tuple[str, ...],
) -> None:
    """Run a study with progress and signals, then say what there is and what to type next."""
    from tuner.cli.plan import show_result

    again = command(verb, *named, *(("--dask", dask) if dask else ()), *more)
    result = _finish(quiet, again, start)
    show_result(result, again, command("trials", *named))


def _confirm_option(confirm: bool | None) -> tuple[str, ...]:
    return () if confirm is None else ("--confirm" if confirm else "--no-confirm",)


def _finish(quiet: bool, again: str, start: Callable[..., Any]) -> Any:
    """Run something with progress and signals; if it is interrupted, exit and say ``again``."""
    from tuner.cli.progress import progress
    from tuner.cli.signals import stop_request

    _set_up_logging()
    try:
        with stop_request() as request, progress(quiet) as listen:
            result = start(on_event=listen, stop_requested=request)
    except KeyboardInterrupt:
        talk().print(f"stopped; the trial is queued again. Continue with: {again}", markup=False)
        raise typer.Exit(INTERRUPTED) from None
    if result.ended == "interrupted":
        talk().print(f"saved. Continue with: {again}", markup=False)
        raise typer.Exit(INTERRUPTED)
    return result


def _set_up_logging() -> None:
    """Print our own warnings as lines, and leave Optuna's about every trial out."""
    import logging

    import optuna

    class Talk(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            talk().print(f"warning: {record.getMessage()}", markup=False)

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    logging.getLogger("tuner").handlers = [Talk()]


def _next(*commands: str) -> None:
    for position, text in enumerate(commands):
        talk().print(f"{'next' if position == 0 else '':<6}{text}", markup=False)


@contextmanager
def _explained() -> Iterator[None]:
    """Turn an error into its message and exit code; no traceback without --debug."""
    try:
        yield
    except TunerError as error:
        _say(error, f"error: {error}")
        sys.exit(FAILED if isinstance(error, TrainingError) else BAD_INPUT)
    except BrokenPipeError:
        _stop_writing()
    except SystemExit as ended:
        # Typer makes a failure of whoever read our output and has had enough.
        if isinstance(ended.__context__, BrokenPipeError):
            _stop_writing()
        raise
    except OSError as error:
        _say(error, f"error: {error}")
        _stop_writing(FAILED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:
        text = f"error: {type(error).__name__}: {error}\nThis is a defect of tuner;"
        _say(error, f"{text} `tuner --debug ...` shows where.")
        sys.exit(FAILED)


def _stop_writing(code: int = DONE) -> NoReturn:
    """Exit without another try to write what is still buffered."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), _STDOUT)
    sys.exit(code)


def _say(error: Exception, text: str) -> None:
    if os.environ.get("TUNER_DEBUG") or "--debug" in sys.argv:
        traceback.print_exception(error)
    talk().print(text, markup=False)


def main() -> None:
    """Run the command line."""
    with _explained():
        try:
            app()
        finally:
            sys.stdout.flush()
