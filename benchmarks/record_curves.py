"""Records the learning curves of many schedules: the table behind benchmarks/search.py.

    python benchmarks/record_curves.py                  # one process; again to continue
    python benchmarks/record_curves.py --part 0/2 &     # two processes, each its half
    python benchmarks/record_curves.py --part 1/2

LeNet on Fashion-MNIST as the chapter trains it, 10 epochs, every schedule to its end. Schedules
are drawn from search_spaces/chapter.toml and modern.toml in turn; all of them are trained from
seed 0, and then the best of these from others too, so that the best of the table are not those
that were lucky. Appends a line for each training to benchmarks/curves/lenet_10_epochs.jsonl.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import optuna
from surroundings import surroundings

from tuner.reading import Clock, read_toml
from tuner.schedules import Schedule, schedule_to_dict
from tuner.space import SearchSpace, parse_space
from tuner.tasks import LeNetFashionMNIST, TrainingCollapsed, gluon, gluon_data
from tuner.tasks.averaging import Average
from tuner.tasks.lenet import faster_forms, lenet

ROOT = Path(__file__).parent.parent
TABLE = Path(__file__).parent / "curves" / "lenet_10_epochs.jsonl"
EPOCHS = 10
SPACES = ("chapter", "modern")
SCHEDULES = 300
SEEDS = (0, 1, 2)
SEVERAL_SEEDS = 24  # how many schedules are trained from all of them, the best from the first
# Windows of averages beside the product's own, as shares of the updates so far, and how many
# schedules have them; the columns of later ones are null.
OTHER_SHARES = (0.04, 0.25)
WITH_OTHERS = 80


class Job(NamedTuple):
    """One training: a schedule, how it was drawn, and the seed of the training."""

    schedule: int
    space: str
    params: dict[str, Any]
    curve: Schedule
    seed: int


def jobs(task: LeNetFashionMNIST) -> list[Job]:
    """Return the trainings from the first seed, in their order."""
    clock = Clock(task.updates_per_epoch, EPOCHS * task.updates_per_epoch)
    drawn: list[Job] = []
    studies = {}
    for name in SPACES:
        path = ROOT / "search_spaces" / f"{name}.toml"
        space: SearchSpace = parse_space(read_toml(path), str(path), clock)
        sampler = optuna.samplers.RandomSampler(seed=len(studies))
        studies[name] = space, optuna.create_study(sampler=sampler)
    while len(drawn) < SCHEDULES:
        for name, (space, study) in studies.items():
            trial = study.ask()
            values = space.sample(trial)
            drawn.append(Job(len(drawn), name, trial.params, space.schedule(values), SEEDS[0]))
    return drawn


def more_seeds(drawn: Sequence[Job]) -> list[Job]:
    """Return the trainings of the best schedules so far from the other seeds."""
    finals = {
        line["schedule"]: line["epochs"][-1][2]
        for line in recorded()
        if line["seed"] == SEEDS[0] and not line["collapse"]
    }
    best = sorted(finals, key=lambda schedule: -finals[schedule])[:SEVERAL_SEEDS]
    return [drawn[schedule]._replace(seed=seed) for schedule in best for seed in SEEDS[1:]]


def recorded() -> list[dict[str, Any]]:
    """Return the lines of the trainings that are there."""
    return [json.loads(line) for line in TABLE.read_text().splitlines()[1:]]


class Averages(Average):
    """The product's average and others beside it, which are judged whenever it is."""

    def __init__(
        self, parameters: list[Any], net: Any, test: tuple[Any, Any], shares: Sequence[float]
    ) -> None:
        super().__init__(parameters)
        self._net, self._test = net, test
        self._others = [Average(parameters, share) for share in shares]
        self.seen: list[list[float]] = []

    def add(self, update: int) -> None:
        """Take the weights after an update into all of them."""
        super().add(update)
        for other in self._others:
            other.add(update)

    @contextmanager
    def applied(self, update: int) -> Iterator[None]:
        """Judge the others, then give the network the product's."""
        now = []
        for other in self._others:
            with other.applied(update):
                found = gluon_data.evaluate(self._net, *self._test)
                now += [found.accuracy, round(found.loss, 5)]
        self.seen.append(now)
        with super().applied(update):
            yield


def record(job: Job, task: LeNetFashionMNIST) -> dict[str, Any]:
    """Train a schedule to its end and return its line of the table."""
    data = task.data()
    net = lenet()
    forms = faster_forms(net)
    made: list[Averages] = []
    shares = OTHER_SHARES if job.schedule < WITH_OTHERS else ()
    nothing = [None] * 2 * (len(OTHER_SHARES) - len(shares))

    def make_average(parameters: list[Any]) -> Average:
        test = data.test_inputs, data.test_labels.asnumpy()
        made.append(Averages(parameters, forms[1], test, shares))
        return made[0]

    epochs = gluon.train(
        net, data, job.curve, optimizer=task.optimizer, optimizer_params=task.optimizer_params,
        batch_size=task.batch_size, seed=job.seed, epochs=EPOCHS, faster=forms,
        make_average=make_average,
    )  # fmt: skip
    rows, collapse = [], ""
    try:
        for epoch in epochs:
            r = epoch.record
            rows.append(
                [
                    round(r.train_loss, 5), round(r.train_accuracy, 5),
                    r.test_accuracy, round(r.test_loss, 5),
                    r.averaged_accuracy, round(r.averaged_loss, 5),
                    *made[0].seen[-1], *nothing, round(r.seconds, 2),
                ]
            )  # fmt: skip
    except TrainingCollapsed as error:
        collapse = error.reason
    return {
        "schedule": job.schedule, "space": job.space, "seed": job.seed, "params": job.params,
        "curve": schedule_to_dict(job.curve), "collapse": collapse, "epochs": rows,
    }  # fmt: skip


def head(task: LeNetFashionMNIST) -> dict[str, Any]:
    """Return the table's first line: what is in it and where it comes from."""
    averaged = [
        f"averaged_{share}_{what}" for share in OTHER_SHARES for what in ("accuracy", "loss")
    ]
    return {
        "task": task.identity(), "epochs": EPOCHS, "updates_per_epoch": task.updates_per_epoch,
        "columns": [
            "train_loss", "train_accuracy", "test_accuracy", "test_loss", "averaged_accuracy",
            "averaged_loss", *averaged, "seconds",
        ],
        **surroundings("mxnet", "numpy", "optuna"),
    }  # fmt: skip


def main() -> None:
    """Train what the table does not have yet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", default="0/1", help="this process's share of the work")
    part, parts = map(int, parser.parse_args().part.split("/"))
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    task = LeNetFashionMNIST()
    TABLE.parent.mkdir(exist_ok=True)
    try:
        with TABLE.open("x") as table:
            table.write(json.dumps(head(task)) + "\n")
    except FileExistsError:
        pass
    drawn = jobs(task)
    for wanted in (lambda: drawn, lambda: more_seeds(drawn)):
        done = {(line["schedule"], line["seed"]) for line in recorded()}
        for job in wanted():
            if job.schedule % parts != part or (job.schedule, job.seed) in done:
                continue
            line = record(job, task)
            with TABLE.open("a") as table:  # in one write, so that processes do not mix
                table.write(json.dumps(line) + "\n")
            last = f"{line['epochs'][-1][2]:.4f}" if line["epochs"] else "-"
            print(job.schedule, job.seed, job.curve.family, last, line["collapse"], flush=True)


if __name__ == "__main__":
    main()
