"""What the pruners' usual shares were chosen on: studies over recorded trainings.

    python benchmarks/time_left_tables.py             # prints what they say
    python benchmarks/time_left_tables.py --record    # makes them anew: about a quarter of an hour

Trainings that were recorded before are replayed in studies of 24 and 60 trials, of 10 epochs, with
three seeds of the sampler; an epoch counts as a second. Writes
benchmarks/results/time_left_tables.json.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

from surroundings import surroundings

import tuner
from tuner.definition import PRUNERS
from tuner.search import Ahead, EpochEnded, Event, Timed, TrialEnded, TrialStarted

ROOT = Path(__file__).parent.parent
RESULTS = Path(__file__).parent / "results" / "time_left_tables.json"
TABLES = ("lenet", "cnn", "finetune")
EPOCHS, MOMENTS = 10, (0.25, 0.5, 0.75)
STUDY = """\
format = "tuner.study/1"
name = "{name}"
search_space = "{root}/search_spaces/chapter.toml"
task = {{ name = "table", path = "{root}/benchmarks/curves/{table}_10_epochs.jsonl", epochs = 10 }}
budget = {{ trials = {trials} }}
sampler = {{ type = "screening", seed = {seed} }}
pruner = {{ type = "{pruner}" }}
confirm = {{ enabled = false }}
workers = {{ count = 1 }}
"""

# Of each trial, in the order in which they ran: its epochs, and whether it is a baseline.
Trials = list[tuple[int, bool]]


def recorded(**settings: object) -> Trials:
    """Run a study over a table, and return its trials."""
    trials: dict[int, tuple[int, bool]] = {}

    def listen(event: Event) -> None:
        if isinstance(event, TrialStarted):
            trials[event.number] = (0, event.baseline is not None)
        elif isinstance(event, EpochEnded):
            epochs, baseline = trials[event.number]
            trials[event.number] = (epochs + 1, baseline)
        elif isinstance(event, TrialEnded):
            assert event.state != "failed", event.reason

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "table.toml"
        file.write_text(STUDY.format(name="table", root=ROOT, **settings))
        tuner.run_study(file, on_event=listen)
    return [*trials.values()]


def error(trials: Trials, pruner: str, share: float) -> float:
    """Return the error after a share of the time, as a share of the whole."""
    whole = sum(epochs for epochs, _ in trials)
    at = int(share * whole)
    ends = [*accumulate(epochs for epochs, _ in trials)]
    over = sum(end <= at for end in ends)
    timed = [Timed(epochs, epochs, True, baseline) for epochs, baseline in trials[:over]]
    if within := at - (ends[over - 1] if over else 0):
        timed.append(Timed(within, within, False, trials[over][1]))
    baselines = sum(baseline for _, baseline in trials)
    shares = PRUNERS[pruner].usual_shares
    said = Ahead(EPOCHS, len(trials), baselines, shares, 0, tuple(timed)).seconds_left(1)
    return ((said or 0.0) - (whole - at)) / whole


def lines(studies: dict[str, Trials]) -> Iterator[str]:
    """Yield the table: the error's size, median and largest."""
    yield "| pruner | studies | " + " | ".join(f"after {share:.0%}" for share in MOMENTS) + " |"
    yield "|---|---|" + "---|" * len(MOMENTS)
    for pruner in sorted({name.rpartition(" ")[2] for name in studies}):
        own = [trials for name, trials in studies.items() if name.endswith(f" {pruner}")]
        cells = []
        for share in MOMENTS:
            sizes = [abs(error(trials, pruner, share)) for trials in own]
            cells.append(f"{statistics.median(sizes):.0%} ({max(sizes):.0%})")
        yield f"| {pruner} | {len(own)} | " + " | ".join(cells) + " |"


def main() -> None:
    """Record if asked to, and print what the studies say."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    if options.record:
        studies = {
            f"{table} {trials} {seed} {pruner}": recorded(
                table=table, trials=trials, seed=seed, pruner=pruner
            )
            for table in TABLES
            for trials in (24, 60)
            for seed in range(3)
            for pruner in ("forecast", "median")
        }
        found = {**surroundings("optuna", "numpy"), "studies": studies}
        RESULTS.write_text(json.dumps(found, separators=(",", ":")) + "\n")
    print(*lines(json.loads(RESULTS.read_text())["studies"]), sep="\n")


if __name__ == "__main__":
    main()
