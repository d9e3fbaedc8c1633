"""Which highest learning rates trainings survive: the recorded ones, counted, and a logistic fit.

    python benchmarks/collapses.py

For the trainings of benchmarks/curves/lenet_10_epochs.jsonl, whatever their schedules and seeds.
The log-odds of a collapse are fitted, by likelihood, as a linear function of log10 of the
schedule's highest LR: the steepness that tuner/search/survival.py takes for given, and the LR of
even odds. Writes benchmarks/results/collapses.json.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np

from tuner.search.features import Features
from tuner.tasks.recording import read_recording

HERE = Path(__file__).parent
TABLE = HERE / "curves" / "lenet_10_epochs.jsonl"
RESULTS = HERE / "results" / "collapses.json"
EDGES = (0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)
STEEPNESS = np.arange(4.0, 40.0, 0.1)
EVEN = np.arange(-1.0, 0.5, 0.002)


def main() -> None:
    """Count, fit, print."""
    recording = read_recording(str(TABLE))
    features = Features(recording.head.epochs * recording.head.updates_per_epoch)
    rates = np.array([features.peak(each.schedule) for each in recording.trainings])
    collapsed = np.array([bool(each.collapse) for each in recording.trainings])
    print("| highest LR | trainings | collapsed |\n|---|---|---|")
    counts = []
    for low, high in itertools.pairwise(EDGES):
        inside = (10**rates >= low) & (10**rates < high)
        counts.append([low, high, int(inside.sum()), int(collapsed[inside].sum())])
        print(f"| {low} to {high} | {counts[-1][2]} | {counts[-1][3]} |")
    z = STEEPNESS[:, None, None] * (rates - EVEN[:, None])
    likelihood = (collapsed * z - np.logaddexp(0.0, z)).sum(axis=-1)
    row, column = np.unravel_index(np.argmax(likelihood), likelihood.shape)
    # Twice the logarithm's loss is below 3.84, the 95 % point of chi-squared with one freedom.
    within = STEEPNESS[likelihood.max(axis=1) > likelihood.max() - 3.84 / 2]
    found = {
        "trainings": len(rates),
        "collapsed": int(collapsed.sum()),
        "counts": counts,
        "steepness": round(float(STEEPNESS[row]), 1),
        "steepness_95": [round(float(within[0]), 1), round(float(within[-1]), 1)],
        "even_odds_at": round(float(10 ** EVEN[column]), 3),
    }
    print(
        "\n{trainings} trainings, {collapsed} collapsed; steepness {steepness} per order of"
        " magnitude (95 %: {steepness_95[0]} to {steepness_95[1]}), even odds at"
        " {even_odds_at}".format(**found)
    )
    RESULTS.write_text(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
