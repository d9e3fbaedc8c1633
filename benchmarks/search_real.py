"""Compares ways to search by training for real: what the chosen schedules give on fresh seeds.

    python benchmarks/search_real.py                # one process; again to continue
    python benchmarks/search_real.py --part 0/2 &   # two processes, each its repetitions
    python benchmarks/search_real.py --part 1/2
    python benchmarks/search_real.py --only ours    # some of them
    python benchmarks/search_real.py --print        # the table of what is there

LeNet on Fashion-MNIST as the chapter trains it, 10 epochs, schedules of search_spaces/modern.toml,
no baselines. Every repetition gives everybody the same epochs, with another seed of the samplers;
what it would hand over is then its best complete trial, which is trained again on the same fresh
seeds as everybody else's. "ours, confirmed" is ours with a confirm, as ends a study by default,
in the same epochs: the search stops earlier, and its best schedule is trained from one or two more
seeds; if it collapses, the next best. Trainings that begin alike are trained once, whoever asks
for them, and count for each. Appends a line for each search and each training on a fresh seed to
benchmarks/results/search_real.jsonl.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any, NamedTuple

import optuna
from optuna.trial import TrialState
from search import ours, peers
from search_replay import Competitor, study_spec
from surroundings import surroundings

from tuner.definition import StudySpec
from tuner.schedules import Schedule, schedule_from_dict
from tuner.search import REASON, SCHEDULE, EpochEnded, Event, by_pruner
from tuner.search.trial import run_trial
from tuner.tasks import CheckpointStore, TrainingCollapsed

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "search_real.jsonl"
STATES = Path(tempfile.gettempdir()) / "search_real_states"
SPACE = HERE.parent / "search_spaces" / "modern.toml"
EPOCHS = 10
TASK = {"name": "lenet_fashion_mnist", "epochs": EPOCHS}
BUDGET = 60  # epochs that a search may spend
FRESH_SEEDS = (1, 2, 3)
COLLAPSED = 0.5  # an accuracy below it
OURS = "ours"
CONFIRM_SEEDS = {"ours, confirmed once": (4,), "ours, confirmed twice": (4, 5)}


class Searched(NamedTuple):
    """One search: what it spent within the budget, and the schedule that it hands over."""

    epochs: int
    trials: int
    complete: int
    value: float
    schedule: dict[str, Any]


def search(
    competitor: Competitor, seed: int, budget: int
) -> tuple[Searched, list[tuple[float, Any]]]:
    """Run one search until the next trial would go beyond its epochs.

    Returns:
        What it came to, and the values and schedules of its complete trials, the best first.
    """
    study = optuna.create_study(
        study_name=f"real {seed}",
        direction="maximize",
        sampler=competitor.sampler(seed),
        pruner=competitor.make_pruner(),
    )
    spec = study_spec(TASK, SPACE, competitor.pruner)
    store = CheckpointStore(STATES, limit_bytes=4 * 2**30)
    spent, best = 0, Searched(0, 0, 0, -1.0, {})
    complete: list[tuple[float, Any]] = []
    while spent < budget:
        trial = study.ask()
        events: list[Event] = []
        outcome = run_trial(trial, spec, store, events.append, lambda: False)
        if outcome.reason:  # as a worker does; samplers and pruners tell collapses by it
            trial.set_user_attr(REASON, outcome.reason)
        study.tell(trial, outcome.value, state=outcome.state)
        records = [event.record for event in events if isinstance(event, EpochEnded)]
        # A collapse takes the epoch in which it shows.
        collapsed = outcome.state == TrialState.PRUNED and not by_pruner(outcome.reason)
        spent += len(records) + collapsed
        if spent > budget:
            break
        best = best._replace(epochs=spent, trials=best.trials + 1)
        if outcome.state == TrialState.COMPLETE:
            schedule = study.trials[trial.number].user_attrs[SCHEDULE]
            complete.append((outcome.value or 0.0, schedule))
    complete.sort(key=lambda each: -each[0])
    if complete:
        value, schedule = complete[0]
        best = best._replace(complete=len(complete), value=value, schedule=schedule)
    return best, complete


def confirm(
    spec: StudySpec,
    found: Searched,
    complete: list[tuple[float, Any]],
    seeds: Sequence[int],
) -> Searched:
    """Return what is handed over: the best schedule that collapses from none of the seeds."""
    spent = found.epochs
    for value, schedule in complete:
        collapsed = False
        for seed in seeds:
            if not collapsed:
                end = final(spec, schedule_from_dict(schedule), seed)
                spent, collapsed = spent + end.epochs, end.collapsed
        if not collapsed:
            return found._replace(epochs=spent, value=value, schedule=schedule)
    return found._replace(epochs=spent)


class Final(NamedTuple):
    """How a training ended: the test accuracy of its weights, and that of their average."""

    raw: float
    averaged: float
    epochs: int
    collapsed: bool


def final(spec: StudySpec, schedule: Schedule, seed: int) -> Final:
    """Train a schedule to its end."""
    records = []
    try:
        for epoch in spec.task.train(schedule, seed=seed, epochs=EPOCHS):
            records.append(epoch.record)
    except TrainingCollapsed as collapse:
        return Final(collapse.accuracy, collapse.accuracy, len(records) + 1, True)
    last = records[-1]
    return Final(last.test_accuracy or 0.0, last.averaged_accuracy or 0.0, len(records), False)


def competitors() -> dict[str, Competitor]:
    """Return our default and its peers, those first whose trainings others share."""
    our_own = ours(OURS, study_spec(TASK, SPACE))
    every = {each.name: each for each in peers(EPOCHS)} | {OURS: our_own}
    return every | dict.fromkeys(CONFIRM_SEEDS, our_own)


def lines(repetitions: range, names: Sequence[str], known: list[dict[str, Any]]) -> Iterator[Any]:
    """Do what is missing of some searches' repetitions; yield it as lines."""
    searches = {(line["search"], line["repetition"]): line for line in known if "search" in line}
    fresh = {(line["fresh"], line["seed"]) for line in known if "fresh" in line}
    spec = study_spec(TASK, SPACE)
    every = competitors()
    for repetition in repetitions:
        for name in names:
            competitor = every[name]
            key = name, repetition
            if key not in searches:
                seeds = CONFIRM_SEEDS.get(name, ())
                found, complete = search(competitor, repetition, BUDGET - len(seeds) * EPOCHS)
                found = confirm(spec, found, complete, seeds)
                searches[key] = {"search": name, "repetition": repetition, **found._asdict()}
                yield searches[key]
            curve = searches[key]["schedule"]
            for seed in FRESH_SEEDS if curve else ():  # no trial may be complete
                text = json.dumps(curve)
                if (text, seed) not in fresh:
                    fresh.add((text, seed))
                    end = final(spec, schedule_from_dict(curve), seed)
                    yield {
                        "fresh": text, "seed": seed, "raw": end.raw, "averaged": end.averaged,
                    }  # fmt: skip


def show(known: list[dict[str, Any]]) -> None:
    """Print means over the repetitions, and the paired differences to ours."""
    fresh: dict[str, list[float]] = {}
    for line in known:
        if "fresh" in line:
            fresh.setdefault(line["fresh"], []).append(line["raw"])
    found: dict[str, dict[int, dict[str, Any]]] = {}
    for line in known:
        if "search" in line:
            values = fresh.get(json.dumps(line["schedule"]), [])
            if len(values) == len(FRESH_SEEDS):
                found.setdefault(line["search"], {})[line["repetition"]] = {
                    **line,
                    "confirmed": mean(values),
                }
    print("| search | n | epochs | trials | found | confirmed | collapsed | ours − it, points |")
    print("|---|---|---|---|---|---|---|---|")
    our_own = found.get(OURS, {})
    for name, runs in found.items():
        pairs = [
            100 * (our_own[r]["confirmed"] - run["confirmed"])
            for r, run in runs.items()
            if r in our_own and name != OURS
        ]
        ends = [fresh[json.dumps(run["schedule"])] for run in runs.values()]
        # Nothing between chance and what a whole training gives.
        collapsed = sum(value < COLLAPSED for values in ends for value in values)
        cells = [
            name, str(len(runs)),
            *(f"{mean(run[key] for run in runs.values()):.1f}" for key in ("epochs", "trials")),
            f"{mean(run['value'] for run in runs.values()):.4f}",
            spread([run["confirmed"] for run in runs.values()], 4),
            f"{collapsed} of {sum(map(len, ends))}",
            spread(pairs, 2) if pairs else "",
        ]  # fmt: skip
        print("| " + " | ".join(cells) + " |")


def spread(values: list[float], digits: int) -> str:
    """Return mean ± standard error."""
    error = stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return f"{mean(values):.{digits}f} ± {error:.{digits}f}"


def main() -> None:
    """Do this process's share of what is missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", default="0/1", help="this process's share of the repetitions")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=[*competitors()], help="some searches")
    parser.add_argument("--print", action="store_true", help="only print what is there")
    asked = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    if not RESULTS.exists():
        spec = study_spec(TASK, SPACE)
        head = {
            "task": spec.task.identity(), "budget": BUDGET, "fresh_seeds": FRESH_SEEDS,
            **surroundings("mxnet", "numpy", "optuna"),
        }  # fmt: skip
        RESULTS.write_text(json.dumps(head) + "\n")
    known = [json.loads(line) for line in RESULTS.read_text().splitlines()[1:]]
    if not asked.print:
        part, parts = map(int, asked.part.split("/"))
        names = asked.only or [*competitors()]
        for line in lines(range(part, asked.repetitions, parts), names, known):
            with RESULTS.open("a") as results:  # in one write, so that processes do not mix
                results.write(json.dumps(line) + "\n")
            known.append(line)
            print({key: value for key, value in line.items() if key != "schedule"}, flush=True)
    show(known)


if __name__ == "__main__":
    main()
