"""Tuned on 10 epochs, used on 30: what that costs, on fresh seeds.

    python benchmarks/transfer.py --seeds 8     # continues what is there of its study

The study is studies/lenet_fashion_mnist.toml, 60 trials and their confirm, but with trainings of
10 epochs instead of 30. Its confirmed winner, laid out for 30 by `with_horizon`, and the one of
the study of 30, as benchmarks/winner.py found it (benchmarks/results/winner.json), are trained on
the same seeds, which neither search has seen. Its folder is studies/transfer/. Writes
benchmarks/results/transfer.json.
"""

from __future__ import annotations

import argparse
import ast
import json
from pathlib import Path

import optuna
from surroundings import surroundings

import tuner
from tuner.confirmation import Candidate, difference, spread
from tuner.report.words import mean_sd

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results"
LONG = ROOT / "studies" / "lenet_fashion_mnist.toml"
LONG_EPOCHS, SHORT_EPOCHS = 30, 10


def short_study() -> Path:
    """Write the study of short trainings, in a folder of its outputs."""
    text = LONG.read_text(encoding="utf-8")
    changes = {
        f"epochs = {LONG_EPOCHS}\n": f"epochs = {SHORT_EPOCHS}\n",
        '"lenet-fashion-mnist"': '"lenet-fashion-mnist-short"',
        '"../search_spaces/': '"../../search_spaces/',
    }
    for before, after in changes.items():
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    path = LONG.parent / "transfer" / "short.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def written(text: str) -> tuner.Schedule:
    """Return the schedule of a ``repr``.

    Example:
        >>> written("Constant(base_lr=0.3, horizon=2350)").base_lr
        0.3
    """
    call = ast.parse(text, mode="eval").body
    assert isinstance(call, ast.Call)
    assert isinstance(call.func, ast.Name)
    values = {str(each.arg): ast.literal_eval(each.value) for each in call.keywords}
    return getattr(tuner, call.func.id)(**values)


def found_on_long() -> tuple[tuner.Schedule, int]:
    """Return what the study of long trainings found, and the epochs that it trained for it."""
    results = json.loads((RESULTS / "winner.json").read_text(encoding="utf-8"))
    [winner] = [text for name, text in results["schedules"].items() if name.startswith("winner")]
    search = results["search"]
    return written(winner), search["epochs_trained"] + LONG_EPOCHS * search["confirm_trainings"]


def main() -> None:
    """Run the study and the comparison, write the results, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--workers", type=int, help="instead of one for each core")
    asked = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    short = tuner.run_study(short_study(), workers=asked.workers)
    assert short.confirmation is not None
    spent = short.summary.epochs_trained + SHORT_EPOCHS * short.confirmation.trained
    tuned, spent_on_long = found_on_long()
    epochs_trained = {"transferred": spent, "tuned": spent_on_long}
    schedules = {"transferred": short.best_schedule.with_horizon(tuned.horizon), "tuned": tuned}
    files = [short.folder / f"{name}.json" for name in schedules]
    for file, schedule in zip(files, schedules.values(), strict=True):
        tuner.save_schedule(schedule, file)
    found = tuner.compare_study(LONG, files, seeds=asked.seeds, workers=asked.workers).comparison
    assert found is not None
    compared = {each.schedule: each for each in found.schedules}
    ends = {
        name: {r.seed: r.value for r in compared[schedule].repeats if r.value is not None}
        for name, schedule in schedules.items()
    }
    collapsed = {name: compared[schedule].collapsed for name, schedule in schedules.items()}
    results = {
        **surroundings("mxnet", "optuna", "numpy"),
        "epochs_trained": epochs_trained,
        "schedules": {name: repr(schedule) for name, schedule in schedules.items()},
        "test_accuracy_by_seed": ends,
        "collapsed_seeds": collapsed,
    }
    text = json.dumps(results, indent=1)
    (RESULTS / "transfer.json").write_text(text + "\n", encoding="utf-8")
    print("| | schedule | epochs trained to find it | test accuracy | collapsed |")
    print("|---|---|---|---|---|")
    for name, schedule in schedules.items():
        lost = f"{len(collapsed[name])} of {len(ends[name])}"
        mean = mean_sd(spread([*ends[name].values()]))
        print(f"| {name} | `{schedule!r}` | {epochs_trained[name]} | {mean} | {lost} |")
    one, other = (Candidate(name, schedules[name], 0, ends[name]) for name in schedules)
    if apart := difference(one, other):
        interval = f"{apart.mean:+.4f} ({apart.low:+.4f}..{apart.high:+.4f}), n = {apart.n}"
        print(f"transferred - tuned, seed by seed, with the 95 % interval: {interval}")


if __name__ == "__main__":
    main()
