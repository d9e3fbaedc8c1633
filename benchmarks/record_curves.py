"""Records the learning curves of many schedules: the tables behind benchmarks/search.py.

    python benchmarks/record_curves.py                  # every task; again to continue
    python benchmarks/record_curves.py --task cnn       # one of them
    python benchmarks/record_curves.py --part 0/2 &     # two processes, each its half
    python benchmarks/record_curves.py --part 1/2
    python benchmarks/record_curves.py --minutes 30     # begins no training after that

The tasks are those of benchmarks/tasks_recorded/. Every schedule is trained to its end, for 10
epochs. Schedules are drawn from search_spaces/chapter.toml and modern.toml in turn, with LRs on
the scale of the task, and but for LeNet every third one is without warmup; all of them are trained
from seed 0, and then the best of these from others too, so that the best of the table are not
those that were lucky. The tasks take turns. Appends a line for each training to
benchmarks/curves/TASK_10_epochs.jsonl.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before a framework is imported

import optuna
from surroundings import surroundings
from tasks_recorded import NAMES, RecordedTask, recorded_task, table_of
from tasks_recorded.spaces import scaled

from tuner.reading import Clock
from tuner.schedules import Schedule, schedule_to_dict
from tuner.space import parse_space
from tuner.tasks import TrainingCollapsed

ROOT = Path(__file__).parent.parent
SPACES = ("chapter", "modern")
SEEDS = (0, 1, 2)
SEVERAL_SEEDS = 24  # how many schedules are trained from all of them, the best from the first


class Job(NamedTuple):
    """One training: a schedule, how it was drawn, and the seed of the training."""

    schedule: int
    space: str
    params: dict[str, Any]
    curve: Schedule
    seed: int


def jobs(task: RecordedTask) -> list[Job]:
    """Return the trainings from the first seed, in their order."""
    clock = Clock(task.updates_per_epoch, task.epochs * task.updates_per_epoch)
    drawn: list[Job] = []
    studies = {}
    for name in SPACES:
        path = ROOT / "search_spaces" / f"{name}.toml"
        space = parse_space(scaled(path, task.lr_scale), str(path), clock)
        sampler = optuna.samplers.RandomSampler(seed=len(studies))
        studies[name] = space, optuna.create_study(sampler=sampler)
    for number, name in zip(range(task.schedules), itertools.cycle(SPACES)):
        space, study = studies[name]
        trial = study.ask()
        values = space.sample(trial)
        params = dict(trial.params)
        if task.bare_every and (number + 1) % task.bare_every == 0 and "warmup_steps" in values:
            values["warmup_steps"] = params["warmup_steps"] = 0
        drawn.append(Job(number, name, params, space.schedule(values), SEEDS[0]))
    return drawn


class Table:
    """A task's table, and the trainings that it does not have yet.

    Args:
        name: The task's.
        task: The task.
        path: The file, which is begun if it is not there.
        parts: Which share of the trainings is meant, and of how many.

    Raises:
        ValueError: If the file is of another task.
    """

    def __init__(
        self, name: str, task: RecordedTask, path: Path, parts: tuple[int, int] = (0, 1)
    ) -> None:
        self.name, self._task, self._path = name, task, path
        self._part, self._parts = parts
        try:
            with path.open("x") as table:
                table.write(json.dumps(self._head()) + "\n")
        except FileExistsError:
            with path.open() as table:
                known = json.loads(table.readline())["task"]
            if known != task.identity:
                raise ValueError(
                    f"{path} must be of the task {task.identity}, but is of {known}. Move it away"
                    " to record a new one."
                ) from None

    def missing(self) -> Iterator[Job]:
        """Yield the trainings to do, looked up when each batch of them begins."""
        drawn = jobs(self._task)
        for wanted in (lambda: drawn, lambda: self._more_seeds(drawn)):
            done = {(line["schedule"], line["seed"]) for line in self._recorded()}
            for job in wanted():
                ours = job.schedule % self._parts == self._part
                if ours and (job.schedule, job.seed) not in done:
                    yield job

    def record(self, job: Job) -> dict[str, Any]:
        """Train a schedule to its end, append its line to the table and return it."""
        rows, collapse = [], ""
        try:
            for row in self._task.train(job.schedule, job.curve, job.seed):
                rows.append(row)  # those before a collapse are kept
        except TrainingCollapsed as error:
            collapse = error.reason
        line = {
            "schedule": job.schedule, "space": job.space, "seed": job.seed, "params": job.params,
            "curve": schedule_to_dict(job.curve), "collapse": collapse, "epochs": rows,
        }  # fmt: skip
        with self._path.open("a") as table:  # in one write, so that processes do not mix
            table.write(json.dumps(line) + "\n")
        return line

    def _more_seeds(self, drawn: Sequence[Job]) -> list[Job]:
        """Return the trainings of the best schedules so far from the other seeds."""
        accuracy = self._task.columns.index("test_accuracy")
        finals = {
            line["schedule"]: line["epochs"][-1][accuracy]
            for line in self._recorded()
            if line["seed"] == SEEDS[0] and not line["collapse"]
        }
        best = sorted(finals, key=lambda schedule: -finals[schedule])[:SEVERAL_SEEDS]
        return [drawn[schedule]._replace(seed=seed) for schedule in best for seed in SEEDS[1:]]

    def _recorded(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._path.read_text().splitlines()[1:]]

    def _head(self) -> dict[str, Any]:
        """Return the first line: what is in the table and where it comes from."""
        task = self._task
        return {
            "task": task.identity, "epochs": task.epochs,
            "updates_per_epoch": task.updates_per_epoch, "columns": task.columns,
            "lr_scale": task.lr_scale, "chance": task.chance,
            "command": f"python benchmarks/record_curves.py --task {self.name}",
            **surroundings(*task.packages),
        }  # fmt: skip


def in_turn(tables: Sequence[Table]) -> Iterator[tuple[Table, Job]]:
    """Yield the trainings that are missing: one of each table, then the next of each."""
    for row in itertools.zip_longest(*(table.missing() for table in tables)):
        yield from ((table, job) for table, job in zip(tables, row, strict=True) if job)


def main() -> None:
    """Train what the tables do not have yet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--task", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--part", default="0/1", help="this process's share of the work")
    parser.add_argument("--minutes", type=float, default=float("inf"))
    asked = parser.parse_args()
    part, parts = map(int, asked.part.split("/"))
    ends = time.monotonic() + 60 * asked.minutes
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        tables = [
            Table(name, recorded_task(name), table_of(name), (part, parts)) for name in asked.task
        ]
    except ValueError as error:
        raise SystemExit(f"error: {error}") from None
    for table, job in in_turn(tables):
        if time.monotonic() > ends:
            break
        line = table.record(job)
        last = f"{line['epochs'][-1][2]:.4f}" if line["epochs"] else "-"
        print(
            table.name, job.schedule, job.seed, job.curve.family, last, line["collapse"],
            flush=True,
        )  # fmt: skip


if __name__ == "__main__":
    main()
