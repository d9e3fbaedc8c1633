"""Compares searches whose best schedule depends on an option of the task: its weight decay.

    python benchmarks/options.py                  # 20 repetitions, some minutes on one core
    python benchmarks/options.py --processes 4

What is trained is a formula: a quadratic of scale-invariant weights under SGD, whose size a weight
decay shrinks and the gradient's noise grows. What counts is the rate over the squared size, so
that the best rate and the best weight decay depend on each other (van Laarhoven 2017,
arXiv:1706.05350; Li and Arora 2019, arXiv:1910.07454). In the second world the batch size is an
option too: a small one has more updates, and more noise in each. Every search gets the epochs of
--trials unpruned trials, and twice as many trials at most. Its regret is the loss of the trial
that it hands over, without the noise of measuring, in per cent above the least of all that were
found. Prints mean ± standard error, and writes benchmarks/results/options.json.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import fmean, median, stdev
from typing import Any, NamedTuple

import numpy as np
import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.pruners import BasePruner, MedianPruner, NopPruner
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import TrialState
from surroundings import surroundings

from tuner import Choice, Float, Int, Trial
from tuner.definition import StudySpec, make_spec
from tuner.schedules import Schedule
from tuner.search import REASON, EpochEnded, Event, TrialStarted, options_of
from tuner.search.trial import run_trial
from tuner.space import written
from tuner.tasks import CheckpointStore, TrialTask

RESULTS = Path(__file__).parent / "results"
EPOCHS, UPDATES, BATCH = 10, 16, 64
# The quadratic: its curvatures, the noise of an example's gradient, that of measuring.
CURVATURES = np.geomspace(0.01, 1.0, 24)
NOISE, GROWTH, MEASURED = 2.0, 0.05, 0.02
DIVERGED = 100.0  # the loss before training is 2.7; such a trial ends, as one with a NaN does
SCHEDULES = {
    "family": ["constant", "cosine", "linear", "wsd"],
    "base_lr": Float(0.01, 10.0, log=True),
    "warmup_steps": Int("0up", "0.2dur"),
    "final_lr_ratio": Float(1e-3, 0.3, log=True, when={"family": ["cosine", "linear", "wsd"]}),
    "decay_steps": Int("0.1dur", "0.8dur", when={"family": ["wsd"]}),
}
WEIGHT_DECAY = {"weight_decay": Float(1e-5, 1.0, log=True)}
WORLDS = {
    "weight decay": WEIGHT_DECAY,
    "weight decay and batch size": {**WEIGHT_DECAY, "batch_size": Choice([16, 32, 64, 128])},
}
OURS = "ours"
# Trials that a search may begin, for each that it could train to the end: a trial that is pruned
# before its first epoch spends none.
MOST = 2
# Seeds from 0 to 7 have chosen the model of the options, of three.
FIRST = 100


class Way(NamedTuple):
    """A way to search: what makes its sampler and its pruner."""

    name: str
    sampler: Callable[[StudySpec, int], BaseSampler]
    pruner: Callable[[StudySpec], BasePruner]


class Found(NamedTuple):
    """What a repetition came to: the loss of what it hands over, and the least it has seen."""

    handed_over: float
    least: float
    trials: int


def losses(schedule: Schedule, updates: int, params: Mapping[str, Any]) -> list[float]:
    """Return the expected test loss after each epoch of a training."""
    decay, noise = params["weight_decay"], NOISE * BATCH / params.get("batch_size", BATCH)
    bias, variance, size, found = np.ones(len(CURVATURES)), np.zeros(len(CURVATURES)), 1.0, []
    for done in range(0, EPOCHS * updates, updates):
        effective = []
        for rate in schedule(np.arange(done + 1, done + updates + 1)).tolist():
            effective.append(rate / size)
            size = max((1 - 2 * rate * decay) * size + rate**2 * GROWTH / size, 1e-3)
        rates = np.array(effective)[:, np.newaxis]
        kept = np.clip(1 - rates * CURVATURES, -10.0, 10.0)
        later = np.cumprod(np.vstack([kept, np.ones(len(CURVATURES))])[::-1], axis=0)[::-1]
        bias = np.clip(bias * later[0], -1e6, 1e6)
        added = np.sum(later[1:] ** 2 * rates**2 * CURVATURES * noise, axis=0)
        variance = np.minimum(variance * later[0] ** 2 + added, 1e12)
        found.append(float(np.sum(CURVATURES * (bias**2 + variance)) / 2))
    return found


def train(trial: Trial) -> None:
    """Report the losses as they are measured."""
    chance = np.random.default_rng((trial.seed, round(1e9 * trial.schedule(3))))
    for loss in losses(trial.schedule, trial.updates_per_epoch, trial.params):
        measured = loss * math.exp(MEASURED * chance.standard_normal())
        trial.report(measured if loss < DIVERGED else math.nan)


def spec_of(options: dict[str, Any], seed: int) -> StudySpec:
    """Return the definition of a study of the formula."""
    study = {
        "format": "tuner.study/1",
        "name": "options",
        "search_space": "space",
        "task": {"epochs": EPOCHS},
        "objective": {"metric": "val_loss"},
        "budget": {"trials": 1},
        "sampler": {"type": "screening", "seed": seed},
        "confirm": {"enabled": False},
    }
    task = TrialTask(train, updates_per_epoch=UPDATES, batch_size=BATCH)
    space = written({**SCHEDULES, "task": options}, "space")
    return make_spec(
        study, space, where="options", space_where="space", folder=Path(), stem="options",
        task=task,
    )  # fmt: skip


def ways() -> list[Way]:
    """Return the searches that are compared."""

    def tpe(_: StudySpec, seed: int) -> BaseSampler:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            return TPESampler(multivariate=True, group=True, seed=seed)

    return [
        Way(OURS, lambda spec, _: spec.optuna_sampler(), StudySpec.optuna_pruner),
        Way("Optuna TPE, multivariate, group; unpruned", tpe, lambda _: NopPruner()),
        Way("Optuna TPE, multivariate, group; median", tpe, lambda _: MedianPruner()),
        Way("random, unpruned", lambda _, seed: RandomSampler(seed=seed), lambda _: NopPruner()),
    ]


def repetition(job: tuple[str, str, int, int, int]) -> Found:
    """Run one search until its epochs are spent."""
    world, name, seed, most, budget = job
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    spec = spec_of(WORLDS[world], seed)
    way = next(each for each in ways() if each.name == name)
    study = optuna.create_study(
        direction="minimize", sampler=way.sampler(spec, seed), pruner=way.pruner(spec)
    )
    spent, best, least, number = 0, (math.inf, math.inf), math.inf, 0
    with tempfile.TemporaryDirectory() as folder:
        store = CheckpointStore(Path(folder))
        while spent < budget and number < most:
            trial, events = study.ask(), list[Event]()
            outcome = run_trial(trial, spec, store, events.append, lambda: False)
            if outcome.reason:  # as a worker does; samplers and pruners tell collapses by it
                trial.set_user_attr(REASON, outcome.reason)
            study.tell(trial, outcome.value, state=outcome.state)
            epochs = sum(isinstance(event, EpochEnded) for event in events)
            spent, number = spent + max(epochs, outcome.state == TrialState.FAIL), number + 1
            if outcome.state == TrialState.COMPLETE:
                started = next(event for event in events if isinstance(event, TrialStarted))
                options = options_of(trial.user_attrs)
                updates = spec.clock_with(options).updates_per_epoch
                true = losses(started.schedule, updates, options)[-1]
                best, least = min(best, (outcome.value or 0.0, true)), min(least, true)
    return Found(best[1], least, number)


def told(values: list[float]) -> str:
    """Return mean ± standard error, and the median."""
    error = stdev(values) / math.sqrt(len(values))
    return f"{fmean(values):.1f} ± {error:.1f} | {median(values):.1f}"


def main() -> None:
    """Run all searches in all worlds, print the table and write the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=20)
    parser.add_argument("--trials", type=int, default=24, help="the budget, in unpruned trials")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--results", type=Path, default=RESULTS)
    asked = parser.parse_args()
    names, worlds = [way.name for way in ways()], {}
    with ProcessPoolExecutor(asked.processes) as pool:
        for world in WORLDS:
            jobs = [
                (world, name, seed, MOST * asked.trials, asked.trials * EPOCHS)
                for name in names
                for seed in range(FIRST, FIRST + asked.repetitions)
            ]
            done = iter([*pool.map(repetition, jobs, chunksize=4)])
            found = {name: [next(done) for _ in range(asked.repetitions)] for name in names}
            least = min(each.least for way in found.values() for each in way)
            regrets = {
                name: [100 * (each.handed_over / least - 1) for each in way]
                for name, way in found.items()
            }
            worlds[world] = {
                "least": least,
                "searches": {
                    name: {"regret": regrets[name], "trials": [each.trials for each in way]}
                    for name, way in found.items()
                },
            }
            print(f"{world}, n = {asked.repetitions}, {asked.trials} trials' epochs\n")
            print("| search | regret, % | median | trials |\n|---|---|---|---|")
            for name, way in found.items():
                trials = fmean(each.trials for each in way)
                print(f"| {name} | {told(regrets[name])} | {trials:.0f} |")
            print()
    about = {"epochs": EPOCHS, "trials": asked.trials, **surroundings("optuna", "numpy")}
    asked.results.mkdir(exist_ok=True)
    text = json.dumps({**about, "worlds": worlds})
    (asked.results / "options.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
