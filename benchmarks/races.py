"""How often the confirm's race errs where all schedules are equal, and how lucky its winner is.

    python benchmarks/races.py     # a minute; trains nothing

Finalists and baselines have the same true accuracy. Seed by seed each has that, plus an effect of
the seed on all of them, plus noise of its own, both normal. The race is the product's, with its
default settings: three seeds for everybody, up to eight for those that are tied. Prints how often
it ends without a tie, how often a finalist's paired 95 % interval to the best baseline lies above
zero, and by how much the winner's mean is too high. Writes benchmarks/results/races.json.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import numpy as np
from surroundings import surroundings

import tuner
from tuner.definition import Confirm
from tuner.repeats import Candidate, Confirmation
from tuner.repeats.racing import race

RESULTS = Path(__file__).parent / "results" / "races.json"
FIELDS = ((1, 1), (3, 1), (3, 2), (3, 5))  # finalists and baselines
TRUE, NOISE, SEEDS = 0.9, 0.002, 0.002  # LeNet's after 30 epochs, about
SETTINGS = Confirm()


class Raced(NamedTuple):
    """How a race ended: was there no tie, did a finalist win for certain, the winner's error."""

    alone: bool
    certain: bool
    too_high: float


def raced(finalists: int, baselines: int, chance: np.random.Generator) -> Raced:
    """Run one race of schedules that are equal."""
    seeds = [*range(1, SETTINGS.max_seeds + 1)]
    of_seed = chance.normal(0, SEEDS, len(seeds))
    candidates = []
    accuracies: dict[str, dict[int, float]] = {}
    for number in range(finalists + baselines):
        trial = number if number < finalists else None
        schedule = tuner.Constant(base_lr=1.0 + number, horizon=1)
        candidates.append(Candidate(str(number), schedule, trial, {}))
        values = np.round(TRUE + of_seed + chance.normal(0, NOISE, len(seeds)), 4)
        accuracies[str(number)] = dict(zip(seeds, map(float, values), strict=True))
    while missing := race(candidates, seeds, SETTINGS.seeds):
        for training in missing:
            place = int(training.candidate.label)
            known = {**candidates[place].accuracies}
            known[training.seed] = accuracies[training.candidate.label][training.seed]
            candidates[place] = candidates[place]._replace(accuracies=known)
    found = Confirmation(tuple(candidates), ())
    winner = found.winner
    assert winner is not None
    [against] = [row.against for row in found.rows if row.is_winner]
    certain = not winner.is_baseline and against is not None and against.low > 0
    too_high = fmean(winner.values.values()) - TRUE
    return Raced(len(found.tie_set) == 1, certain, too_high / NOISE)


def main() -> None:
    """Run the races, write the results, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=2000)
    asked = parser.parse_args()
    print("| finalists + baselines | no tie, % | above the best baseline, % | mean too high, sd |")
    print("|---|---|---|---|")
    found = {}
    for finalists, baselines in FIELDS:
        chance = np.random.default_rng((finalists, baselines))
        races = [raced(finalists, baselines, chance) for _ in range(asked.repetitions)]
        means = [fmean(values) for values in zip(*races, strict=True)]
        found[f"{finalists} + {baselines}"] = dict(zip(Raced._fields, means, strict=True))
        alone, certain, too_high = means
        cells = f"{100 * alone:.1f} | {100 * certain:.1f} | {too_high:+.2f}"
        print(f"| {finalists} + {baselines} | {cells} |", flush=True)
    results = {**surroundings("numpy"), "repetitions": asked.repetitions, "races": found}
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
