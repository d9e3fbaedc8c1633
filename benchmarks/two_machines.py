"""Two machines of one name, each with a worker on one study: neither takes the other's live trial.

    python benchmarks/two_machines.py        # needs Linux, and root for the namespaces

A machine is played by namespaces of its own for processes, mounts and the host name, with a
boot_id of its own: cloned images and replicas have the same name, and process numbers that mean
something else on each. Whoever takes a process for dead because its number is not found here
trains a trial that somebody else trains. Each study is run by both machines, on PostgreSQL and on
one SQLite file; every epoch must have been trained once, by one of them. Writes what it prints to
benchmarks/results/two_machines.json.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import kills
from server_stops import RANDOM, write
from surroundings import surroundings

import tuner
from tests.servers import postgresql

RESULTS = kills.HERE / "results" / "two_machines.json"
EPOCHS = 6


def on_a_machine(folder: Path, url: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Start a command of tuner on a machine of its own, named as any other."""
    boot = folder / f"boot_{uuid.uuid4().hex}"
    boot.write_text(f"{uuid.uuid4()}\n")
    script = (
        f'hostname localhost && mount --bind {boot} /proc/sys/kernel/random/boot_id && exec "$@"'
    )
    namespaces = ["unshare", "--pid", "--fork", "--mount-proc", "--uts", "--mount"]
    command = [sys.executable, "-m", "tuner", *arguments]
    with (folder / f"log_{boot.name}").open("w") as log:
        return subprocess.Popen(
            [*namespaces, "sh", "-c", script, "-", *command],
            cwd=folder, env={**os.environ, "TUNER_STORAGE": url}, stdout=log, stderr=log,
        )  # fmt: skip


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """Give the URL of a database that both machines reach."""
    if kind == "one SQLite file":
        yield f"sqlite:///{folder}/study/study.db"
        return
    with postgresql() as server:
        yield server.url


def measure(kind: str) -> dict[str, Any]:
    """Run a study on two machines at once."""
    with tempfile.TemporaryDirectory() as temporary, database(kind, Path(temporary)) as url:
        folder = Path(temporary)
        study = write(folder, EPOCHS, "none", kills.NO_CONFIRM + RANDOM, 1)
        one = on_a_machine(folder, url, "run", study.name)
        logs = folder.glob("log_*")
        first = next(logs)
        while "trial 0 starts" not in first.read_text():
            if one.poll() is not None:
                raise SystemExit(first.read_text())
        other = on_a_machine(folder, url, "worker")
        codes = [one.wait(), other.wait()]
        said = [path.read_text() for path in folder.glob("log_*")]
        # An epoch that another one had trained before is told as well, as of a trial that goes on.
        trained = [text.count(" epoch ") for text in said]
        rows = tuner.open_study(study, storage=url).trials
    return {
        "database": kind, "exit_codes": codes, "trials": len(rows),
        "complete": sum(row.state == "complete" for row in rows),
        "epochs": sum(row.epochs for row in rows), "epochs_trained_by_each": trained,
        "trials_gone_on_with": sum(text.count(" goes on after ") for text in said),
    }  # fmt: skip


def main() -> None:
    """Run, compare, print, write."""
    argparse.ArgumentParser(description=__doc__.partition("\n")[0]).parse_args()
    rows = [measure(kind) for kind in ("PostgreSQL", "one SQLite file")]
    for row in rows:
        one, other = row["epochs_trained_by_each"]
        print(
            f"{row['database']}: exit {row['exit_codes']}, {row['complete']} of {row['trials']}"
            f" trials complete, {row['epochs']} epochs, trained {one} + {other},"
            f" {row['trials_gone_on_with']} trials taken"
        )
    content = {"machines": rows, **surroundings("optuna", "psutil", "sqlalchemy", "psycopg")}
    RESULTS.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
