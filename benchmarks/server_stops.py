"""A PostgreSQL server that is stopped and started while studies run: every run ends as it should.

    python benchmarks/server_stops.py                 # at least 12 stops in each of five studies
    python benchmarks/server_stops.py --stops 3 --seed 3

`tuner run` runs a study on a server of this script's own, which is stopped, in order or as by a
crash, at random moments and right after the search, before the confirm, and started again. The run
must end with exit code 0, and trials, confirm and best schedule be those of the same study on an
SQLite file that nobody disturbs. Then eight workers run on a server that has room for ten, and for
four connections. Prints what happened, and writes it to benchmarks/results/server_stops.json.
"""

from __future__ import annotations

import argparse
import inspect
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import kills
import psycopg
from surroundings import surroundings

sys.path.insert(0, str(kills.ROOT))
from tests.servers import PostgreSQL, postgresql

RESULTS = kills.HERE / "results" / "server_stops.json"
RANDOM = '[sampler]\ntype = "random"\n'
# Name: epochs, pruner, the rest, workers. With several, what a trial is depends on its number
# alone, so that their order makes no difference.
STUDIES: dict[str, tuple[int, str, str, int]] = {
    "forecast, confirm": (6, "forecast", kills.CONFIRM, 1),
    "halving, confirm": (6, "halving", kills.CONFIRM, 1),
    "hyperband, tpe": (9, "hyperband", kills.NO_CONFIRM + '[sampler]\ntype = "tpe"\n', 1),
    "median, confirm": (6, "median", kills.CONFIRM, 1),
    "three workers, confirm": (4, "none", kills.CONFIRM + RANDOM, 3),
}
MODULE = f"""
import time
from typing import Any
from collections.abc import Iterator
import numpy as np
from tuner.tasks import FunctionTask

{inspect.getsource(kills.train)}

def slowly(schedule, seed, start):
    for epoch in train(schedule, seed, start):
        time.sleep(0.1)
        yield epoch

def make():
    return FunctionTask(slowly, updates_per_epoch=10)
"""


def write(folder: Path, epochs: int, pruner: str, more: str, workers: int) -> Path:
    """Write the definition of a study, and the module of its task."""
    (folder / "valley.py").write_text(MODULE)
    path = folder / "study.toml"
    path.write_text(
        'format = "tuner.study/1"\nname = "study"\n'
        f'search_space = "{kills.ROOT}/search_spaces/modern.toml"\n'
        f'[task]\nname = "valley:make"\nepochs = {epochs}\n[budget]\ntrials = {kills.TRIALS}\n'
        f'[workers]\ncount = {workers}\n[pruner]\ntype = "{pruner}"\n{more}'
    )
    return path


class Running:
    """`tuner run study.toml` under way, and what it has said."""

    def __init__(self, study: Path, url: str | None = None) -> None:
        self._log = study.parent / "log"
        environment = {**os.environ, "TUNER_DEBUG": "1", **({"TUNER_STORAGE": url} if url else {})}
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tuner", "run", study.name],
                cwd=study.parent, env=environment, stdout=log, stderr=log,
            )  # fmt: skip

    def goes_on(self) -> bool:
        """Tell whether it is not over yet."""
        return self._process.poll() is None

    def end(self) -> int:
        """Wait until it is over, and return its exit code."""
        return self._process.wait()

    def said(self) -> str:
        """Return all that it has printed."""
        return self._log.read_text()


def fresh(server: PostgreSQL) -> None:
    """Empty the server's database."""
    with psycopg.connect(server.url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")


def measure(name: str, stops: int, chance: random.Random, server: PostgreSQL) -> dict[str, Any]:
    """Run a study, as often as is needed for so many stops of its server."""
    modes: list[str] = []
    codes: list[int] = []
    differences: list[str] = []
    after_search = 0
    with tempfile.TemporaryDirectory() as temporary:
        alone, here = Path(temporary) / "alone", Path(temporary) / "here"
        alone.mkdir()
        here.mkdir()
        undisturbed = Running(write(alone, *STUDIES[name]))
        if undisturbed.end():
            raise SystemExit(undisturbed.said())
        expected = kills.outcome(alone / "study.toml")
        while len(modes) < stops:
            fresh(server)
            running = Running(write(here, *STUDIES[name]), server.url)
            while running.goes_on() and "study study: " not in running.said():
                time.sleep(0.02)
            is_seen = False
            pause_until = time.monotonic() + chance.uniform(1, 5)
            while running.goes_on():
                is_searched = "study study: done" in running.said()
                is_time = len(modes) < stops and time.monotonic() > pause_until
                if (is_searched and not is_seen) or is_time:
                    after_search += is_searched and not is_seen
                    is_seen = is_seen or is_searched
                    modes.append(chance.choice(["fast", "immediate"]))
                    server.stop(modes[-1])
                    time.sleep(chance.uniform(0, 2))
                    server.start()
                    pause_until = time.monotonic() + chance.uniform(0.5, 4)
                time.sleep(0.02)
            codes.append(running.end())
            if codes[-1]:
                print(running.said(), file=sys.stderr)
                continue
            found = kills.outcome(here / "study.toml", server.url)
            for key in [key for key in expected if found.get(key) != expected[key]]:
                print(f"{key}:\n{expected[key]}\n{found.get(key)}", file=sys.stderr)
                differences.append(key)
    return {
        "study": name, "runs": len(codes), "stops": len(modes),
        "as_by_a_crash": modes.count("immediate"),
        "right_after_a_search": after_search, "exit_codes": codes, "differences": differences,
    }  # fmt: skip


def limited(connections: int, workers: int) -> dict[str, Any]:
    """Run many workers on a server with little room."""
    with tempfile.TemporaryDirectory() as temporary, postgresql() as server:
        with (server.folder / "data" / "postgresql.conf").open("a") as file:
            file.write(f"max_connections = {connections}\nsuperuser_reserved_connections = 0\n")
        server.stop()
        server.start()
        study = write(Path(temporary), 4, "none", kills.NO_CONFIRM + RANDOM, workers)
        began = time.monotonic()
        running = Running(study, server.url)
        said: float | None = None
        while running.goes_on():
            if said is None and "has no room for another connection" in running.said():
                said = time.monotonic() - began
            time.sleep(0.1)
        code, taken = running.end(), time.monotonic() - began
        if code:
            print(running.said(), file=sys.stderr)
        ((finished,),) = server.query("SELECT count(*) FROM trials WHERE state = 'COMPLETE'")
    return {
        "max_connections": connections, "workers": workers, "exit_code": code,
        "trials": finished, "seconds": round(taken, 1),
        "seconds_to_the_sentence": None if said is None else round(said, 1),
    }  # fmt: skip


def main() -> None:
    """Stop, start, compare, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--stops", type=int, default=12, help="in each study, at least")
    parser.add_argument("--seed", type=int, default=18)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    rows = []
    print(f"{'study':<26} {'runs':>5} {'stops':>6} {'exit 0':>7} {'differences':>12}")
    with postgresql() as server:
        for name in STUDIES:
            row = measure(name, options.stops, chance, server)
            rows.append(row)
            count, right = len(row["differences"]), row["exit_codes"].count(0)
            print(
                f"{name:<26} {row['runs']:>5} {row['stops']:>6} {right:>7} {count:>12}", flush=True
            )
    rooms = [limited(connections, 8) for connections in (10, 4)]
    for room in rooms:
        print(
            f"8 workers, room for {room['max_connections']}: exit {room['exit_code']},"
            f" {room['trials']} trials in {room['seconds']} s, the sentence after"
            f" {room['seconds_to_the_sentence']} s"
        )
    stops = sum(row["stops"] for row in rows)
    differences = sum(len(row["differences"]) for row in rows)
    print(f"{stops} stops, {differences} differences")
    content = {
        "seed": options.seed, "stops": stops, "differences": differences, "studies": rows,
        "little_room": rooms,
        **surroundings("optuna", "numpy", "sqlalchemy", "psycopg"),
    }  # fmt: skip
    RESULTS.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
