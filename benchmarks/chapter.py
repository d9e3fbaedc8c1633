"""The chapter's schedules over several seeds, beside the published numbers.

    python benchmarks/chapter.py --seeds 5      # continues what is there of the comparison

The same as `tuner compare studies/chapter.toml`, which it goes on with, as the table of
docs/tutorial.md: every schedule of the chapter, in epochs and in updates, trains LeNet for 30
epochs on the whole of Fashion-MNIST. A mean is like a published run if it is within two of its
standard errors plus one published standard deviation. Writes benchmarks/results/chapter.json.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Any

import optuna
from surroundings import surroundings

import tuner
from tuner.repeats import Compared, Repeat, spread
from tuner.report.sentences import mean_sd

ROOT = Path(__file__).parent.parent
STUDY = ROOT / "studies" / "chapter.toml"
RESULTS = ROOT / "benchmarks" / "results" / "chapter.json"
PUBLISHED_RUNS = 35  # 33 of the constant rate, whose two others collapsed
HEADINGS = (
    "schedule", "train loss", "train accuracy", "test accuracy", "averaged", "n", "collapsed",
    "published", "like a published run", "standard errors from their mean",
)  # fmt: skip


def beside_published(schedule: Compared) -> tuple[str, str]:
    """Say whether the mean is like a published run, and how far it is from their mean.

    The first is generous: a published standard deviation is that of single runs. The second is
    the difference of both means in its standard errors.
    """
    found = schedule.value
    if not schedule.published or found is None or found.se is None:
        return "", ""
    mean, deviation = map(float, schedule.published.split(" ± "))
    apart = found.mean - mean
    like = "yes" if abs(apart) <= 2 * found.se + deviation else "no"
    return like, f"{apart / math.hypot(found.se, deviation / PUBLISHED_RUNS**0.5):+.1f}"


def ended(repeat: Repeat) -> dict[str, Any]:
    """Return what is known of a training's last epoch, or why it has none."""
    if repeat.is_complete:
        return repeat.records[-1]._asdict()
    return {"test_accuracy": repeat.value, "reason": repeat.reason}


def main() -> None:
    """Compare, write the results, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--workers", type=int, help="instead of one for each core")
    asked = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    result = tuner.compare_study(STUDY, seeds=asked.seeds, workers=asked.workers)
    assert result.comparison is not None
    print("| " + " | ".join(HEADINGS) + " |\n" + "|---" * len(HEADINGS) + "|")
    for each in result.comparison.schedules:
        assert each.value is not None
        last = [repeat.records[-1] for repeat in each.repeats if repeat.is_complete]
        averaged = spread([r.averaged_accuracy for r in last if r.averaged_accuracy is not None])
        cells = (
            each.label,
            *map(mean_sd, (each.train_loss, each.train_accuracy, each.value, averaged)),
            each.value.n, len(each.collapsed), each.published, *beside_published(each),
        )  # fmt: skip
        print(f"| {' | '.join(map(str, cells))} |")
    records = [r for each in result.comparison.schedules for t in each.repeats for r in t.records]
    hours = sum(record.seconds for record in records) / 3600
    print(f"{result.comparison.trained} trainings, {hours:.1f} hours of one worker")
    results = {
        **surroundings("mxnet", "numpy"),
        "last_epoch": {
            each.label: {repeat.seed: ended(repeat) for repeat in each.repeats}
            for each in result.comparison.schedules
        },
    }
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
