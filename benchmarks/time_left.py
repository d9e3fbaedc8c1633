"""How far the time left that is shown is from the true one, over recorded studies.

    python benchmarks/time_left.py             # replays what is recorded, prints the table
    python benchmarks/time_left.py --record    # runs the studies anew: about ten minutes

A run writes when each trial began and ended, and when each epoch ended and how long it took. What
was known at any moment follows, and with it what :class:`tuner.search.Ahead` said, in a terminal
and in `tuner status --watch` alike. Writes benchmarks/results/time_left.json.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from surroundings import surroundings

import tuner
from tuner.definition import CONFIRM, PRUNERS, Confirm
from tuner.search import (
    Ahead,
    EpochEnded,
    Event,
    StudyEnded,
    StudyStarted,
    Timed,
    TrialEnded,
    TrialStarted,
)

ROOT = Path(__file__).parent.parent
RESULTS = Path(__file__).parent / "results" / "time_left.json"
TORCH = ROOT / "tuner" / "definition" / "templates" / "torch" / "tasks.py-tpl"
MOMENTS = (0.25, 0.5, 0.75)
SPACE = ROOT / "search_spaces" / "chapter.toml"
OFF = {"enabled": False}


class Recorded(NamedTuple):
    """A study to record: the tables of its file."""

    about: str
    workers: int
    task: dict[str, Any]
    trials: int
    pruner: str
    confirm: dict[str, Any]

    @property
    def repeats(self) -> int:
        """The trainings of its confirm, as far as they can be known before."""
        settings = Confirm(**self.confirm)
        return settings.expected(baselines=5) if settings.enabled else 0


STUDIES = {
    "lenet": Recorded(
        "LeNet in MXNet, `forecast`, 1 worker",
        1,
        {"name": "lenet_fashion_mnist", "epochs": 10, "train_size": 6400, "test_size": 1000,
         "batch_size": 64},
        24, "forecast", OFF,
    ),
    "torch": Recorded(
        "a `TorchTask`, `forecast`, 2 workers",
        2,
        {"name": "tasks:make_task", "epochs": 8, "width": 8, "train_size": 6400},
        24, "forecast", OFF,
    ),
    "confirmed": Recorded(
        "LeNet in PyTorch, `median`, a confirm, 2 workers",
        2,
        {"name": "lenet_fashion_mnist_torch", "epochs": 8, "train_size": 3200,
         "test_size": 1000, "batch_size": 64},
        24, "median", {"top": 2, "seeds": 2, "max_seeds": 4},
    ),
}  # fmt: skip


class Recorder:
    """Keeps of the events of a run what the time left is estimated by, and when it was known."""

    def __init__(self) -> None:
        self.parts: list[dict[str, Any]] = []
        self._begun = time.monotonic()

    @property
    def now(self) -> float:
        """Seconds since the run began."""
        return round(time.monotonic() - self._begun, 3)

    def listen(self, event: Event) -> None:
        """Take an event in."""
        if isinstance(event, StudyStarted):
            start = {"name": event.name, "epochs": event.epochs, "trials": {}}
            self.parts.append({**start, "budgets": [[self.now, event.budget]], "over": None})
        elif isinstance(event, TrialStarted):
            self._trials[str(event.number)] = {
                "begun": self.now, "over": None, "baseline": event.baseline is not None,
                "epochs": [],
            }  # fmt: skip
        elif isinstance(event, EpochEnded):
            took = round(event.record.seconds, 3)
            self._trials[str(event.number)]["epochs"].append([self.now, took])
        elif isinstance(event, TrialEnded):
            self._trials[str(event.number)]["over"] = self.now
            if self.parts[-1]["budgets"][-1][1] != event.budget:
                self.parts[-1]["budgets"].append([self.now, event.budget])
        elif isinstance(event, StudyEnded):
            self.parts[-1]["over"] = self.now

    @property
    def _trials(self) -> dict[str, dict[str, Any]]:
        trials: dict[str, dict[str, Any]] = self.parts[-1]["trials"]
        return trials


def recorded(name: str, study: Recorded) -> dict[str, Any]:
    """Run a study, and return what was when."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{name}.toml"
        (file.parent / "tasks.py").write_text(TORCH.read_text())
        tables = {
            "task": study.task, "budget": {"trials": study.trials},
            "pruner": {"type": study.pruner}, "confirm": study.confirm,
        }  # fmt: skip
        head = f'format = "tuner.study/1"\nname = "{name}"\nsearch_space = "{SPACE}"\n'
        rows = (
            "\n".join([f"[{table}]", *(f"{key} = {json.dumps(each)}" for key, each in of.items())])
            for table, of in tables.items()
        )
        file.write_text(head + "\n".join(rows))
        recorder = Recorder()
        tuner.run_study(file, workers=study.workers, on_event=recorder.listen)
        return {"seconds": recorder.now, "parts": recorder.parts}


def said(run: dict[str, Any], study: Recorded, moment: float) -> float | None:
    """Return the time left as it was said at a moment of a recorded run."""
    part = next(p for p in reversed(run["parts"]) if p["budgets"][0][0] <= moment)
    budget = [count for at, count in part["budgets"] if at <= moment][-1]
    is_confirm = part["name"].endswith(CONFIRM)
    shares = (1.0, 1.0) if is_confirm else PRUNERS[study.pruner].usual_shares
    repeats = max(study.repeats - budget, 0) if is_confirm else study.repeats
    begun = [trial for trial in part["trials"].values() if trial["begun"] <= moment]
    timed = tuple(_timed(trial, moment) for trial in begun)
    ahead = Ahead(part["epochs"], budget, 0 if is_confirm else 5, shares, repeats, timed)
    return ahead.seconds_left(study.workers)


def _timed(trial: dict[str, Any], moment: float) -> Timed:
    took = [seconds for at, seconds in trial["epochs"] if at <= moment]
    is_over = trial["over"] <= moment
    seconds = max(sum(took), trial["over"] - trial["begun"]) if is_over else sum(took)
    return Timed(len(took), seconds, is_over, trial["baseline"])


def replayed(runs: dict[str, Any]) -> Iterator[tuple[str, float, float, float | None]]:
    """Yield of each study and moment the time of the whole, that left, and what was said."""
    for name, run in runs.items():
        whole = run["parts"][-1]["over"]
        for share in MOMENTS:
            at = share * whole
            yield name, whole, whole - at, said(run, STUDIES[name], at)


def main() -> None:
    """Record if asked to, and print what the recordings say."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--record", nargs="*", choices=STUDIES, help="all if none is named")
    options = parser.parse_args()
    found = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"studies": {}}
    if options.record is not None:
        for name in options.record or STUDIES:
            found["studies"][name] = recorded(name, STUDIES[name])
        found |= surroundings("optuna", "numpy", "torch")
        RESULTS.write_text(json.dumps(found, separators=(",", ":")) + "\n")
    print(*lines(found["studies"]), sep="\n")


def lines(runs: dict[str, Any]) -> Iterator[str]:
    """Yield the table."""
    yield "| study | took, s | after | left, s | said, s | error of the whole | of what was left |"
    yield "|---|---|---|---|---|---|---|"
    for name, whole, left, told in replayed(runs):
        error = (told or 0.0) - left
        yield (
            f"| {STUDIES[name].about} | {whole:.0f} | {1 - left / whole:.0%} | {left:.0f} |"
            f" {told or 0.0:.0f} | {error / whole:+.0%} | {error / left:+.0%} |"
        )


if __name__ == "__main__":
    main()
