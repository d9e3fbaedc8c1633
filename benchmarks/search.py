"""Compares ways to search on recorded trainings: epochs spent, regret, good schedules pruned.

    python benchmarks/search.py                        # 50 repetitions of each, 60 trials' epochs
    python benchmarks/search.py --only ours random     # some of them
    python benchmarks/search.py --table cnn            # on the trainings of another task
    python benchmarks/search.py --pruner median warmup=2ep signal=raw --pruner none

Every repetition searches one space with another seed of the sampler, in memory, until it has spent
the epochs of --trials unpruned trials; each schedule gets the recorded training, from seed 0, of
the nearest one in benchmarks/curves/lenet_10_epochs.jsonl, or in the table of another task, for
which the LRs of the space are put on its scale. What is handed over is judged by its
mean over all of its recorded seeds: without a confirm, the schedule with the best value; with the
one that ends our studies, its epochs included, the best of three that collapse from no seed.
Prints a table of mean ± standard error, and writes benchmarks/results/search.json and search.svg,
which shows those with a confirm; of another task's table with its name behind. ASHA is Syne Tune's
where that is installed.
"""

from __future__ import annotations

import argparse
import functools
import importlib.metadata
import itertools
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

import optuna
from optuna.pruners import HyperbandPruner, MedianPruner, NopPruner, SuccessiveHalvingPruner
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from search_plot import svg
from search_regret import HEADINGS, Repetition, curve, judge, plain, row
from search_replay import Competitor, collapsing, replay, replay_spec, truth
from surroundings import surroundings
from tasks_recorded import suffix_of, table_of

from tuner.definition import StudySpec

HERE = Path(__file__).parent
RESULTS = HERE / "results"
RANDOM = "random, unpruned"
DOCUMENTED = "Optuna as documented: TPE, median"
POINTS = 60  # at which the regret of a repetition is kept

RAW = {"type": "none", "signal": "raw"}


def our_sampler(spec: StudySpec, seed: int) -> BaseSampler:
    """Return the sampler of a study definition, with a seed."""
    return spec.sampler.model_copy(update={"seed": seed}).make(spec.search)


def ours(name: str, spec: StudySpec) -> Competitor:
    """Return what a study with this definition does."""
    return Competitor(
        name,
        functools.partial(our_sampler, spec),
        spec.optuna_pruner,
        spec.pruner.model_dump(),
    )


def tpe(seed: int) -> BaseSampler:
    """Return Optuna's default sampler."""
    return TPESampler(seed=seed)


def random(seed: int) -> BaseSampler:
    """Return Optuna's random sampler."""
    return RandomSampler(seed=seed)


def asha(epochs: int) -> tuple[str, Callable[[], Any]]:
    """Return ASHA with its name: Syne Tune's if it is installed, else Optuna's."""
    try:
        from search_asha import SyneTuneASHA

        version = importlib.metadata.version("syne-tune")
    except ImportError:
        halving = functools.partial(SuccessiveHalvingPruner, min_resource=1, reduction_factor=3)
        return "ASHA (Optuna's SuccessiveHalvingPruner), random", halving
    return f"ASHA (Syne Tune {version}), random", functools.partial(SyneTuneASHA, epochs)


def peers(epochs: int) -> list[Competitor]:
    """Return what others would do; all of them judge by the raw accuracy."""
    hyperband = functools.partial(HyperbandPruner, min_resource=1, max_resource=epochs)
    halving = functools.partial(SuccessiveHalvingPruner, min_resource=1, reduction_factor=3)
    name, pruner = asha(epochs)
    return [
        Competitor(DOCUMENTED, tpe, MedianPruner, RAW),
        Competitor(RANDOM, random, NopPruner, RAW),
        Competitor("TPE, unpruned", tpe, NopPruner, RAW),
        Competitor(name, random, pruner, RAW),
        Competitor("Hyperband (Optuna), TPE", tpe, hyperband, RAW),
        Competitor("successive halving (Optuna), TPE", tpe, halving, RAW),
    ]


def competitors(
    table: Path, space: Path, variants: Sequence[Sequence[str]], epochs: int
) -> list[Competitor]:
    """Return our default, variants of it with other pruners, and the peers."""
    pruners: dict[str, dict[str, Any] | None] = {"ours": None}
    pruners |= {"ours: " + " ".join(words): parsed(words) for words in variants}
    our_own = [ours(name, replay_spec(table, space, pruner)) for name, pruner in pruners.items()]
    return [*our_own, *peers(epochs)]


def repetition(job: tuple[Competitor, Path, Path, int, int]) -> list[Repetition]:
    """Run one search and say what it came to: without a confirm, and with one."""
    competitor, table, space, seed, budget = job
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    spec = replay_spec(table, space, competitor.pruner)
    # By which the control share is drawn.
    spec = spec._replace(sampler=spec.sampler.model_copy(update={"seed": seed}))
    trials = replay(competitor, spec, seed, budget)
    true, confirm = truth(spec), (spec.confirm.top, spec.confirm.seeds)
    return [
        judge(trials, true, spec.epochs),
        judge(trials, true, spec.epochs, confirm, collapsing(spec)),
    ]


def parsed(words: Sequence[str]) -> dict[str, Any]:
    """Return a ``[pruner]`` table from words such as ``median warmup=2ep``.

    Example:
        >>> parsed(["median", "warmup=2ep", "n_startup_trials=3"])
        {'type': 'median', 'warmup': '2ep', 'n_startup_trials': 3}
    """
    pruner: dict[str, Any] = {"type": words[0]}
    for word in words[1:]:
        key, _, value = word.partition("=")
        try:
            pruner[key] = json.loads(value)
        except json.JSONDecodeError:
            pruner[key] = value
    return pruner


def main() -> None:
    """Run what was asked for, print the table, write results and plot."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=50)
    parser.add_argument("--trials", type=int, default=60, help="the budget, in unpruned trials")
    parser.add_argument(
        "--space", type=Path, default=HERE.parent / "search_spaces" / "modern.toml"
    )
    parser.add_argument("--table", type=table_of, default="lenet", help="a task, or a file")
    parser.add_argument("--only", nargs="+", default=[""], help="beginnings of names")
    parser.add_argument(
        "--pruner", nargs="+", action="append", default=[], metavar="NAME key=value"
    )
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--results", type=Path, default=RESULTS)
    asked = parser.parse_args()

    try:
        spec = replay_spec(asked.table, asked.space)
        all_of_them = competitors(asked.table, asked.space, asked.pruner, spec.epochs)
    except ValueError as error:  # of the table, the space or a pruner
        raise SystemExit(f"error: {error}") from None
    true, budget = truth(spec), asked.trials * spec.epochs
    chosen = [c for c in all_of_them if c.name == RANDOM or c.name.startswith(tuple(asked.only))]
    jobs = [
        (competitor, asked.table, asked.space, seed, budget)
        for competitor in chosen
        for seed in range(asked.repetitions)
    ]
    with ProcessPoolExecutor(asked.processes) as pool:
        done = iter(list(pool.map(repetition, jobs, chunksize=5)))
    pairs = {c.name: list(itertools.islice(done, asked.repetitions)) for c in chosen}
    grid = [budget * (point + 1) / POINTS for point in range(POINTS)]
    about = {
        "table": spec.task.identity(), "space": asked.space.stem, "schedules": len(true),
        "best": max(true.values()), "budget": budget,
        **surroundings("optuna"),
    }  # fmt: skip
    print(
        "{schedules} recorded schedules that the space {space} can get (best {best:.4f});"
        " a search ends after {budget} epochs\n".format(**about)
    )
    for cells in (HEADINGS, ["---"] * len(HEADINGS)):
        print("| " + " | ".join(cells) + " |")
    random_ones = [confirmed for _, confirmed in pairs[RANDOM]]
    for name, both in pairs.items():
        print("| " + " | ".join(row(name, both, random_ones, grid)) + " |")
    asked.results.mkdir(exist_ok=True)
    searches = {
        c.name: {
            "pruner": c.pruner,
            "repetitions": [plain(bare, grid) for bare, _ in pairs[c.name]],
            "confirmed": [plain(confirmed, grid) for _, confirmed in pairs[c.name]],
        }
        for c in chosen
    }
    result = json.dumps({**about, "grid": grid, "searches": searches})
    name = f"search{suffix_of(asked.table)}"
    (asked.results / f"{name}.json").write_text(result + "\n")
    curves = {
        name: curve([confirmed for _, confirmed in both], grid, median)
        for name, both in pairs.items()
    }
    (asked.results / f"{name}.svg").write_text(svg(grid, curves, curves[RANDOM][-1] or 0.0))


if __name__ == "__main__":
    main()
