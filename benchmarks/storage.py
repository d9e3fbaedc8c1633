"""Trials and reports per second of the storages, and the time a study spends outside training.

    python benchmarks/storage.py                                 # needs PostgreSQL and grpcio
    python benchmarks/storage.py --study studies/quickstart.toml

Trials train nothing: each is asked for, suggests one number and is told its value. Reports are
those of one trial for each process. Writes benchmarks/results/storage.json.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import optuna
from surroundings import surroundings

import tuner
from tuner.search import EpochEnded, TrialEnded, TrialStarted
from tuner.storage import close, open_storage

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))
RESULTS = Path(__file__).parent / "results" / "storage.json"
PROCESSES = (1, 2, 4, 8)
REPETITIONS = 3
SECONDS = 0.5


def work(url: str) -> None:
    """Be one process: open the storage, then do on every line of stdin what it names."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore")
    storage = open_storage(url)
    study = optuna.load_study(
        study_name="benchmark", storage=storage, sampler=optuna.samplers.RandomSampler()
    )
    print("ready", flush=True)
    for line in sys.stdin:
        began, done = time.monotonic(), 0
        if line.strip() == "trials":
            while time.monotonic() - began < SECONDS:
                trial = study.ask()
                study.tell(trial, trial.suggest_float("x", 0, 1))
                done += 1
        else:
            trial = study.ask()
            began = time.monotonic()
            while time.monotonic() - began < SECONDS:
                trial.report(0.5, step=done)
                done += 1
        print(done / (time.monotonic() - began), flush=True)
        if line.strip() != "trials":
            study.tell(trial, 0.5)
    close(storage)


def measure(url: str) -> list[dict[str, Any]]:
    """Return the speeds of a storage, summed over the processes."""
    storage = open_storage(url, create=True)
    optuna.create_study(study_name="benchmark", storage=storage)
    command = [sys.executable, __file__, "--work"]
    environment = {**os.environ, "TUNER_STORAGE": url}
    rows = []
    with ExitStack() as stack:
        crew = [
            stack.enter_context(
                subprocess.Popen(
                    command,
                    env=environment,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(max(PROCESSES))
        ]
        for process in crew:
            assert process.stdout.readline() == "ready\n"
        for count in PROCESSES:
            speeds: dict[str, list[float]] = {"trials": [], "reports": []}
            for kind in sorted(speeds) * REPETITIONS:
                for process in crew[:count]:
                    process.stdin.write(f"{kind}\n")
                    process.stdin.flush()
                total = sum(float(process.stdout.readline()) for process in crew[:count])
                speeds[kind].append(round(total, 1))
            rows.append({"processes": count, **speeds})
        for process in crew:
            process.stdin.close()
    close(storage)
    return rows


@contextmanager
def proxy(url: str) -> Iterator[str]:
    """Put a storage proxy in front of a database."""
    from servers import free_port

    port = free_port()
    command = [sys.executable, "-m", "tuner", "storage-proxy", "--port", str(port)]
    with subprocess.Popen(
        command, env={**os.environ, "TUNER_STORAGE": url}, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield f"grpc://localhost:{port}"
        finally:
            process.terminate()


def storages() -> dict[str, list[dict[str, Any]]]:
    """Measure all storages."""
    from servers import postgresql

    found = {}
    with tempfile.TemporaryDirectory() as folder:
        found["SQLite"] = measure(f"sqlite:///{folder}/study.db")
    for name in ("PostgreSQL", "proxy, PostgreSQL"):
        with postgresql(fsync=True) as server, ExitStack() as stack:
            found[name] = measure(
                server.url if name == "PostgreSQL" else stack.enter_context(proxy(server.url))
            )
    return found


def outside_training(study: Path, workers: int = 2) -> dict[str, Any]:
    """Return how much of the workers' time from first to last epoch is not training."""
    ends: list[tuple[float, float]] = []
    latest: dict[int, float] = {}  # when a trial said something

    def listen(event: object) -> None:
        now = time.monotonic()
        if isinstance(event, EpochEnded):
            ends.append((now, event.record.seconds))
        elif isinstance(event, TrialEnded) and event.reason.startswith(("collapsed", "diverged")):
            ends.append((now, now - latest[event.number]))  # an epoch that has no record
        if isinstance(event, (TrialStarted, EpochEnded)):
            latest[event.number] = now

    with tempfile.TemporaryDirectory() as folder:
        tuner.run_study(
            study, storage=f"sqlite:///{folder}/study.db", workers=workers, on_event=listen
        )
    # Until one of them finds nothing more to do all are busy; the last epochs are left out.
    busy = ends[: len(ends) - 2 * workers]
    began = max(at - seconds for at, seconds in busy[:workers])
    ended = busy[-1][0]
    inside = sum(max(0.0, min(at, ended) - max(at - seconds, began)) for at, seconds in ends)
    wall = workers * (ended - began)
    return {
        "study": study.name,
        "workers": workers,
        "epochs": len(busy),
        "worker_seconds": round(wall, 2),
        "training_seconds": round(inside, 2),
        "outside_percent": round(100 * (1 - inside / wall), 2),
    }


def spread(values: list[float]) -> str:
    """Return median and range."""
    return f"{statistics.median(values):.0f} ({min(values):.0f}..{max(values):.0f})"


def main() -> None:
    """Measure, write the results, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--study", type=Path, help="measure the time outside training of this")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        return work(os.environ["TUNER_STORAGE"])
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    results |= surroundings("optuna", "sqlalchemy", "psycopg", "grpcio")
    if options.study:
        results["outside_training"] = found = outside_training(options.study)
        print(found)
    else:
        results["storages"] = storages()
        print("| storage | processes | trials/s | reports/s |\n|---|---:|---:|---:|")
        for name, rows in results["storages"].items():
            for row in rows:
                speeds = f"{spread(row['trials'])} | {spread(row['reports'])}"
                print(f"| {name} | {row['processes']} | {speeds} |")
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
