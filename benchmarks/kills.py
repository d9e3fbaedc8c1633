"""Studies killed at commits and file replacements: they end as those that were left alone.

    python benchmarks/kills.py                  # at least 40 kills in each of five studies
    python benchmarks/kills.py --kills 10 --seed 3

A process runs a study and is killed by SIGKILL at a random one of its next moments: just before or
just after a commit to the database, the replacement of a file, or the naming of a new one. Another
process goes on, and is killed as well, until the study is over; then once more from the beginning
until there were enough kills. Trials with every epoch, the confirm, the comparison and the best
schedule are compared with those of the same study in one go. Prints the kills and differences, and
writes them to benchmarks/results/kills.json.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from sqlalchemy.engine.default import DefaultDialect
from surroundings import surroundings

import tuner
from tuner.search import ownership
from tuner.tasks import FunctionTask

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "kills.json"
ROOT = HERE.parent
TABLE = f'name = "table"\npath = "{HERE}/curves/lenet_10_epochs.jsonl"\n'
CONFIRM = "[confirm]\ntop = 2\nseeds = 2\nmax_seeds = 4\n"
NO_CONFIRM = "[confirm]\nenabled = false\n"
# Name: the task's lines, epochs, pruner, the rest, and whether the study is compared as well.
STUDIES: dict[str, tuple[str, int, str, str, bool]] = {
    "recorded trainings, forecast": (TABLE, 10, "forecast", NO_CONFIRM, False),
    "forecast, confirm": ("", 6, "forecast", CONFIRM, False),
    "halving, confirm": ("", 6, "halving", CONFIRM, False),
    "hyperband, tpe": ("", 9, "hyperband", NO_CONFIRM + '[sampler]\ntype = "tpe"\n', False),
    "no pruner, compare": ("", 4, "none", NO_CONFIRM, True),
}
TRIALS = 14
# A process is killed at one of its first; a database alone is made in a hundred.
_MOMENTS = 400


def train(schedule: Any, seed: int, start: Any) -> Iterator[tuple[float, dict[str, Any]]]:
    """Descend a valley whose floor the seed roughens; a state after every epoch."""
    place = start.arrays["place"] if start else np.array([3.0, -2.0])
    epoch = start.epoch if start else 0
    while True:
        chance = np.random.default_rng((seed, epoch))
        for update in range(10 * epoch + 1, 10 * epoch + 11):
            slope = place * np.array([1.0, 0.3]) + 0.05 * chance.standard_normal(2)
            place = place - schedule(update) * slope
        epoch += 1
        yield float(1 / (1 + np.abs(place).sum())), {"place": place}


def write(folder: Path, name: str) -> Path:
    """Write the definition of a study."""
    task, epochs, pruner, more, _ = STUDIES[name]
    path = folder / "study.toml"
    path.write_text(
        'format = "tuner.study/1"\nname = "study"\n'
        f'search_space = "{ROOT}/search_spaces/modern.toml"\n'
        f"[task]\n{task}epochs = {epochs}\n[budget]\ntrials = {TRIALS}\n[workers]\ncount = 1\n"
        f'[pruner]\ntype = "{pruner}"\n{more}'
    )
    return path


def run(study: Path, name: str) -> None:
    """Run a study to its end: search, confirm, compare."""
    task = None if STUDIES[name][0] else FunctionTask(train, updates_per_epoch=10)
    tuner.run_study(study, task=task)
    if STUDIES[name][4]:
        tuner.compare_study(study, task=task, seeds=2)


def outcome(study: Path, storage: str | None = None) -> dict[str, Any]:
    """Return all that a study came to, without times and without who trained which epoch."""
    result = tuner.open_study(study, storage=storage)
    rows = [
        repr(
            row._replace(
                records=tuple(r._replace(seconds=0.0) for r in row.records), epochs_given=0
            )
        )
        for row in result.trials
    ]
    found = {"trials": rows, "best": repr(result.best_schedule)}
    if result.confirmation:
        found["confirm"] = repr(result.confirmation)
    if result.comparison:
        found["compare"] = repr(
            [
                (s.label, s.schedule, [(r.seed, r.state, r.values) for r in s.repeats])
                for s in result.comparison.schedules
            ]
        )
    best = json.loads((study.with_suffix("") / "best.json").read_text())
    del best["provenance"]["created"], best["sha256"]  # the hash is of both
    found["file"] = json.dumps(best, sort_keys=True)
    return found


def die_at(moment: int) -> None:
    """Let this process be killed at one of its next moments, counted from 1; at 0 at none."""
    passed = 0

    def pass_by(kind: str) -> None:
        nonlocal passed
        passed += 1
        if passed == moment:
            (Path.cwd() / "died").write_text(kind)
            os.kill(os.getpid(), signal.SIGKILL)

    def watched(call: Callable[..., Any], kind: str) -> Callable[..., Any]:
        def watching(*args: Any, **kwargs: Any) -> Any:
            pass_by(f"before {kind}")
            result = call(*args, **kwargs)
            pass_by(f"after {kind}")
            return result

        return watching

    DefaultDialect.do_commit = watched(DefaultDialect.do_commit, "a commit")
    for name in ("replace", "rename", "link"):
        setattr(os, name, watched(getattr(os, name), "a file's naming"))


def in_a_process(folder: Path, work: Callable[[], object], moment: int = 0) -> bool:
    """Do some work in a process of its own; tell whether it was done rather than killed."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.chdir(folder)
            # Nobody else is there whose trial it could be.
            ownership.UNBORN_SECONDS = 0.2
            die_at(moment)
            work()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return False
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit("a run ended with an error of its own")
    return True


def measure(name: str, kills: int, chance: random.Random) -> dict[str, Any]:
    """Kill a study as often as is asked, and compare what it came to."""
    kinds: Counter[str] = Counter()
    differences: list[str] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        study = write(folder, name)
        in_a_process(folder, lambda: run(study, name))
        expected = outcome(study)
        studies = 0
        while kinds.total() < kills:
            shutil.rmtree(study.with_suffix(""))
            studies += 1

            while True:
                moment = chance.randrange(1, _MOMENTS)
                if in_a_process(folder, lambda: run(study, name), moment):
                    break
                kinds[(folder / "died").read_text()] += 1
            found = outcome(study)
            differences += [key for key in expected if found.get(key) != expected[key]]
    return {
        "study": name, "studies": studies, "kills": kinds.total(), "moments": dict(kinds),
        "trials": len(expected["trials"]), "differences": differences,
    }  # fmt: skip


def main() -> None:
    """Kill, compare, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=40, help="in each study, at least")
    parser.add_argument("--seed", type=int, default=18)
    options = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    chance = random.Random(options.seed)
    rows = []
    print(f"{'study':<30} {'studies':>7} {'kills':>6} {'differences':>12}")
    for name in STUDIES:
        row = measure(name, options.kills, chance)
        rows.append(row)
        count = len(row["differences"])
        print(f"{name:<30} {row['studies']:>7} {row['kills']:>6} {count:>12}", flush=True)
    moments: Counter[str] = sum((Counter(row["moments"]) for row in rows), Counter())
    print("; ".join(f"{count} {kind}" for kind, count in sorted(moments.items())))
    kills, differences = moments.total(), sum(len(row["differences"]) for row in rows)
    print(f"{kills} kills, {differences} differences")
    content = {
        "seed": options.seed, "kills": kills, "differences": differences, "studies": rows,
        **surroundings("optuna", "numpy", "sqlalchemy"),
    }  # fmt: skip
    RESULTS.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
