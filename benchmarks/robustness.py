"""What half and twice a schedule's learning rates cost: as a report expects it, and as recorded.

    python benchmarks/robustness.py

The trainings of benchmarks/curves/lenet_10_epochs.jsonl from seed 0. For a schedule with all its
rates halved or doubled stands the recorded one of its family that is nearest to it, if it is
within 0.15 orders of magnitude (root mean square over the training). Studies are random samples of
the trainings, 100 of each size. The report's model is fitted to a study, told the value of a
schedule, and asked about its partner; neither is in the study. Writes
benchmarks/results/robustness.json.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from search_replay import replay_spec
from signals import spearman

from tuner.report.outlook import PERCENT, Expected, Outlook
from tuner.search import TrialRow
from tuner.tasks import EpochRecord
from tuner.tasks.recording import Recorded, read_recording
from tuner.tasks.table import curve, distance

HERE = Path(__file__).parent
TABLE = HERE / "curves" / "lenet_10_epochs.jsonl"
SPACE = HERE.parent / "search_spaces" / "modern.toml"
RESULTS = HERE / "results" / "robustness.json"
FACTORS, NEAR = (0.5, 2.0), 0.15
SIZES, STUDIES, SEED = (20, 40, 80), 100, 0
SHARES = {"all": 1.0, "the best quarter": 0.25}


class Pair(NamedTuple):
    """A training, the one that stands for it with other rates, and the factor of these."""

    one: Recorded
    other: Recorded
    factor: float


class Asked(NamedTuple):
    """What was expected of a partner, and what it reached; None if it collapsed."""

    known: float
    expected: Expected
    true: float | None


def final(training: Recorded) -> float:
    """Return the accuracy at the end of a training."""
    return training.rows[-1]["test_accuracy"]


def pairs(trainings: list[Recorded], updates: int) -> list[Pair]:
    """Return the trainings that have a partner at half or at twice their rates."""
    curves = {each.number: curve(each.schedule, updates) for each in trainings}
    found = []
    for one in trainings:
        others = [
            other
            for other in trainings
            if other.schedule.family == one.schedule.family and other is not one
        ]
        for factor in FACTORS:
            wanted = curve(one.schedule.scaled(factor), updates)
            away, _, other = min((distance(wanted, curves[o.number]), o.number, o) for o in others)
            if away <= NEAR and not one.collapse:
                found.append(Pair(one, other, factor))
    return found


def row(training: Recorded) -> TrialRow:
    """Return a training as the trial of a study that was not pruned."""
    collapsed = bool(training.collapse)
    records: tuple[EpochRecord, ...] = ()  # no model of a report's needs them
    return TrialRow(
        number=training.number, state="pruned" if collapsed else "complete",
        value=None if collapsed else final(training), baseline=None, params={},
        schedule=training.schedule, records=records, reason=training.collapse,
    )  # fmt: skip


def ask(
    trainings: list[Recorded], found: list[Pair], size: int, least: float
) -> list[list[Asked]]:
    """Return what studies of a size expect of the pairs whose first is as good as that."""
    spec = replay_spec(TABLE, SPACE)
    chance = np.random.default_rng(SEED)
    asked = []
    for _ in range(STUDIES):
        study = [trainings[i] for i in chance.choice(len(trainings), size, replace=False)]
        outlook = Outlook.of([*map(row, study)], spec)
        assert outlook is not None, "so many trainings suffice"
        inside = {each.number for each in study}
        here = []
        for one, other, _ in found:
            if final(one) >= least and not inside & {one.number, other.number}:
                [expected] = outlook.instead(one.schedule, final(one), [other.schedule])
                here.append(Asked(final(one), expected, None if other.collapse else final(other)))
        asked.append(here)
    return asked


def told(studies: list[list[Asked]]) -> dict[str, Any]:
    """Return the agreement, means over the studies."""
    correlations, errors, costs, inside, risks, risks_of_others = [], [], [], [], [], []
    for study in studies:
        whole = [each for each in study if each.true is not None]
        expected = np.array([each.expected.value - each.known for each in whole])
        true = np.array([each.true - each.known for each in whole])
        correlations.append(spearman(expected, true))
        errors.append(float(np.mean(abs(expected - true))))
        costs.append(float(np.mean(abs(true))))
        inside.append(np.mean([e.expected.worst <= e.true <= e.expected.best for e in whole]))
        risks += [1 - each.expected.survives for each in study if each.true is None]
        risks_of_others += [1 - each.expected.survives for each in whole]
    return {
        "pairs": round(float(np.mean([len(study) for study in studies])), 1),
        "rank_correlation": round(float(np.mean(correlations)), 3),
        "rank_correlation_sd": round(float(np.std(correlations, ddof=1)), 3),
        "error": round(float(np.mean(errors)), 5),
        "mean_cost": round(float(np.mean(costs)), 5),
        f"inside_{PERCENT}": round(float(np.mean(inside)), 3),
        "collapse_expected_of_collapsed": round(float(np.mean(risks)), 3) if risks else None,
        "collapse_expected_of_others": round(float(np.mean(risks_of_others)), 3),
    }


def main() -> None:
    """Ask, print, write."""
    recording = read_recording(str(TABLE))
    trainings = [each for each in recording.trainings if each.seed == 0]
    found = pairs(trainings, recording.head.epochs * recording.head.updates_per_epoch)
    finals = [final(pair.one) for pair in found]
    results = {}
    print(
        f"{len(found)} pairs of {len(trainings)} trainings,"
        f" {sum(bool(pair.other.collapse) for pair in found)} of them with a collapse\n"
    )
    print(
        "| starting from | trials | rank correlation | error, points | mean cost, points | in the"
        f" {PERCENT} % interval | chance of collapse: of those that did, of others |"
    )
    print("|---|---|---|---|---|---|---|")
    for name, share in SHARES.items():
        least = float(np.quantile(finals, 1 - share))
        for size in SIZES:
            each = told(ask(trainings, found, size, least))
            results[f"{name}, {size} trials"] = each
            did = each["collapse_expected_of_collapsed"]
            print(
                f"| {name} | {size} | {each['rank_correlation']:.2f} ±"
                f" {each['rank_correlation_sd']:.2f} | {100 * each['error']:.2f} |"
                f" {100 * each['mean_cost']:.2f} | {100 * each[f'inside_{PERCENT}']:.0f} % |"
                f" {'–' if did is None else format(did, '.0%')},"
                f" {each['collapse_expected_of_others']:.0%} |"
            )
    about = {
        "trainings": len(trainings), "pairs": len(found), "near": NEAR, "studies": STUDIES,
        "seed": SEED, "versions": recording.head.versions,
    }  # fmt: skip
    RESULTS.write_text(json.dumps({**about, "asked": results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
