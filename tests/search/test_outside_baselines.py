"""Baselines outside the search space: trained as they are, and in nobody's way."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

import tuner
from tuner.schedules import WSD, Cosine, MultiFactor
from tuner.search import EpochEnded, TrialRow

pytestmark = pytest.mark.usefixtures("seconds")

ROOT = Path(__file__).parents[2]
SPACE = """
format = "tuner.search_space/1"
name = "narrow"
[params.family]
type = "categorical"
choices = ["cosine", "poly"]
[params.base_lr]
type = "float"
low = 0.05
high = 0.5
log = true
[params.final_lr_ratio]
type = "float"
low = 0.001
high = 0.5
log = true
[[baseline]]
label = "inside"
family = "cosine"
base_lr = 0.3
final_lr = 0.03
[[baseline]]
label = "another rate"
family = "cosine"
base_lr = 0.6
final_lr = 0.0
[[baseline]]
label = "drops"
family = "multi_factor"
base_lr = 0.3
decay_factor = 0.1
milestones = ["3ep", "6ep", "8ep"]
[[baseline]]
label = "another family"
family = "wsd"
base_lr = 0.3
final_lr = 0.003
decay_steps = "3ep"
"""
SCHEDULES = [
    Cosine(base_lr=0.3, final_lr=0.03, horizon=2350),
    Cosine(base_lr=0.6, horizon=2350),
    MultiFactor(base_lr=0.3, decay_factor=0.1, milestones=(705, 1410, 1880), horizon=2350),
    WSD(base_lr=0.3, final_lr=0.003, decay_steps=705, horizon=2350),
]


@pytest.fixture
def study(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a study over recorded trainings."""

    def write(sampler: str = "screening", pruner: str = "forecast") -> Path:
        path = tmp_path / f"{sampler}.toml"
        (tmp_path / "space.toml").write_text(SPACE)
        path.write_text(
            f'format = "tuner.study/1"\nname = "{sampler}"\nsearch_space = "space.toml"\n'
            f'[task]\nname = "table"\npath = "{ROOT}/benchmarks/curves/lenet_10_epochs.jsonl"\n'
            f'epochs = 10\n[budget]\ntrials = 10\n[sampler]\ntype = "{sampler}"\n'
            f'[pruner]\ntype = "{pruner}"\n[workers]\ncount = 1\n'
            "[confirm]\ntop = 1\nseeds = 2\nmax_seeds = 2\n"
        )
        return path

    return write


def told(rows: list[TrialRow]) -> list[object]:
    return [(r.number, r.state, r.value, r.params, r.schedule, r.reason) for r in rows]


@pytest.mark.parametrize(
    ("sampler", "pruner"),
    [("screening", "forecast"), ("tpe", "hyperband"), ("random", "successive_halving")],
)
def test_a_study_trains_them_whole_and_goes_on(study: Callable, sampler: str, pruner: str) -> None:
    result = tuner.run_study(study(sampler, pruner))
    first, rest = result.trials[:4], result.trials[4:]
    assert [row.schedule for row in first] == SCHEDULES
    assert [row.params for row in first] == [
        {"family": "cosine", "base_lr": 0.3, "final_lr_ratio": 0.1},
        {},
        {},
        {},
    ]
    assert [(row.state, row.epochs) for row in first] == [("complete", 10)] * 4
    assert all({"family", "base_lr"} <= row.params.keys() for row in rest)
    assert len(rest) == 6
    page = (result.folder / "report.html").read_text()
    assert "3 complete trials without sampled parameters left out" in page
    assert "could not draw" not in page
    assert {c.label for c in result.confirmed.candidates} > {"inside", "drops", "another family"}


def test_plain_optuna_sees_their_schedules_before_they_are_trained(study: Callable) -> None:
    result = tuner.run_study(study(), trials=1, confirm=False)
    opened = optuna.load_study(study_name=result.name, storage=result.storage)
    waiting = opened.get_trials(states=(TrialState.WAITING,))
    assert [trial.user_attrs["schedule"]["family"] for trial in waiting] == [
        "cosine",
        "multi_factor",
        "wsd",
    ]


@pytest.mark.parametrize("pruner", ["forecast", "successive_halving"])
def test_stopped_in_the_middle_of_one_a_study_ends_as_one_that_was_not(
    study: Callable, pruner: str
) -> None:
    path = study(pruner=pruner)
    whole_db = f"sqlite:///{path.parent}/whole.db"
    whole = told(tuner.run_study(path, confirm=False, storage=whole_db).trials)
    epochs: list[object] = []
    stopped = tuner.run_study(
        path,
        confirm=False,
        on_event=lambda e: epochs.append(e) if isinstance(e, EpochEnded) else None,
        stop_requested=lambda: len(epochs) >= 13,
    )
    assert (stopped.trials[1].state, stopped.trials[1].epochs) == ("waiting", 3)
    assert told(tuner.resume_study(stopped.storage, confirm=False).trials) == whole


def test_one_is_exported_and_compared_and_a_baseline_of_the_next_study(
    study: Callable, tmp_path: Path
) -> None:
    result = tuner.run_study(study(), trials=4, confirm=False)
    result.export(tmp_path / "drops.json", trial=2)
    assert tuner.load_schedule(tmp_path / "drops.json") == SCHEDULES[2]
    assert json.loads((tmp_path / "drops.json").read_text())["provenance"]["params"] == {}
    compared = tuner.compare_study(tmp_path / "screening.toml", seeds=2).comparison.schedules
    assert [each.schedule for each in compared] == SCHEDULES
    (tmp_path / "next.toml").write_text(
        SPACE.partition("[[baseline]]")[0] + '[[baseline]]\nlabel = "old"\nfile = "drops.json"\n'
    )
    path = study("random")
    path.write_text(path.read_text().replace("space.toml", "next.toml"))
    [old] = tuner.run_study(path, trials=1, confirm=False).trials
    assert (old.schedule, old.params, old.value) == (SCHEDULES[2], {}, result.trials[2].value)
