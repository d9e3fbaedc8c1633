"""How large the report of a big study is, and how long it takes to write.

    python benchmarks/report.py                     # 500 trials
    python benchmarks/report.py --trials 100 --rounds 1

Trials of recorded trainings of 10 epochs (the task "table"), sampled at random from
search_spaces/modern.toml: with the default pruner, and with none, so that all are complete. The
seconds are those of a whole `tuner report`, from the start of its process to its end, beside those
of `tuner status`, which reads the same database. Writes benchmarks/results/report.json.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import optuna
from surroundings import surroundings

import tuner

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "report.json"
SPACE = HERE.parent / "search_spaces" / "modern.toml"
TABLE = HERE / "curves" / "lenet_10_epochs.jsonl"


def finished_study(folder: Path, trials: int, pruner: str) -> Path:
    """Run a study in the folder and return its definition."""
    definition = folder / f"{pruner}.toml"
    definition.write_text(
        f'format = "tuner.study/1"\nname = "{pruner}"\nsearch_space = "{SPACE}"\n'
        f'[task]\nname = "table"\nepochs = 10\npath = "{TABLE}"\n'
        f'[budget]\ntrials = {trials}\n[sampler]\ntype = "random"\n[pruner]\ntype = "{pruner}"\n'
        f"[confirm]\nenabled = false\n"
    )
    tuner.run_study(definition, storage=f"sqlite:///{folder}/{pruner}.db")
    return definition


def seconds(folder: Path, name: str, *command: str) -> float:
    """Return how long a command of the tuner takes on a study."""
    where = ["--storage", f"sqlite:///{folder}/{name}.db", "--study", name]
    start = time.perf_counter()
    full = [sys.executable, "-m", "tuner", command[0], *where, *command[1:]]
    subprocess.run(full, check=True, capture_output=True, cwd=folder)
    return round(time.perf_counter() - start, 2)


def measured(folder: Path, trials: int, pruner: str, rounds: int) -> dict[str, Any]:
    """Return the size of a study's report, and the seconds of each round."""
    definition = finished_study(folder, trials, pruner)
    page = folder / f"{pruner}.html"
    times: dict[str, list[float]] = {"status": [], "report": []}
    for _ in range(rounds):
        times["status"].append(seconds(folder, pruner, "status"))
        times["report"].append(seconds(folder, pruner, "report", "-o", str(page)))
    rows = tuner.open_study(definition, storage=f"sqlite:///{folder}/{pruner}.db").trials
    return {
        "trials": len(rows),
        "complete": sum(row.state == "complete" for row in rows),
        "bytes": page.stat().st_size,
        "seconds": times,
    }


def main() -> None:
    """Measure, write the results, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        found = {
            pruner: measured(Path(folder), asked.trials, pruner, asked.rounds)
            for pruner in ("forecast", "none")
        }
    results = {
        **surroundings("optuna", "plotly", "jinja2"),
        "seed": 0,
        "by_pruner": found,
    }
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    print("| pruner | trials | complete | size, MB | `tuner report`, s | `tuner status`, s |")
    print("|---|---|---|---|---|---|")
    for pruner, each in found.items():
        report, status = (
            f"{statistics.median(times):.1f} ({min(times):.1f}..{max(times):.1f})"
            for times in (each["seconds"]["report"], each["seconds"]["status"])
        )
        size = each["bytes"] / 1e6
        numbers = f"{each['trials']} | {each['complete']} | {size:.2f}"
        print(f"| {pruner} | {numbers} | {report} | {status} |")


if __name__ == "__main__":
    main()
