"""Studies in every state, made with Optuna as the search makes them, but without training."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import TrialState

from tuner.definition import METRICS, StudySpec, load_spec
from tuner.schedules import schedule_to_dict
from tuner.search import prepare_study
from tuner.storage import open_storage
from tuner.tasks import EpochRecord

SPACE = Path(__file__).parents[2] / "search_spaces" / "chapter.toml"
HOSTILE = "<script>alert('reason')</script>"


def make_spec(
    folder: Path,
    *,
    epochs: int = 4,
    batch_size: int = 6000,
    name: str = "small",
    more: str = "",
) -> StudySpec:
    path = folder / f"{name}.toml"
    path.write_text(
        f'format = "tuner.study/1"\nname = "{name}"\nsearch_space = "{SPACE}"\n'
        f'notes = "a <b>bold</b> study"\n'
        f'[task]\nname = "lenet_fashion_mnist"\nepochs = {epochs}\nbatch_size = {batch_size}\n'
        f"[budget]\ntrials = 50\n{more}\n"
    )
    return load_spec(path)


def empty_study(direction: str = "maximize") -> optuna.Study:
    sampler = optuna.samplers.RandomSampler(seed=1)
    return optuna.create_study(direction=direction, sampler=sampler)


def prepared_study(spec: StudySpec) -> optuna.Study:
    """Return a study with its baselines waiting, in the database that the spec names."""
    study = prepare_study(spec, open_storage(spec.storage_url, create=True))
    study.sampler = optuna.samplers.RandomSampler(seed=1)
    return study


def add_trials(study: optuna.Study, spec: StudySpec, states: Iterable[str]) -> optuna.Study:
    """Run one trial for each state, with made-up records and a reason that is hostile HTML."""
    for state in states:
        _add(study, spec, state)
    return study


def _add(study: optuna.Study, spec: StudySpec, state: str) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Heartbeat of storage")
        trial = study.ask()
    stored = trial.user_attrs.get("schedule")
    values = spec.space.sample(trial)
    trial.set_user_attr("schedule", stored or schedule_to_dict(spec.space.schedule(values)))
    last = {"complete": spec.epochs, "pruned": 1, "failed": 0, "running": 2}[state]
    records = [_record(trial.number, epoch, spec) for epoch in range(1, last + 1)]
    trial.set_user_attr("records", [record._asdict() for record in records])
    for record in records:
        trial.report(spec.objective.value(record), step=record.epoch)
    if state in ("pruned", "failed"):
        by = "pruned after epoch 1: " if state == "pruned" else ""
        trial.set_user_attr("reason", f"{by}{HOSTILE} of trial {trial.number}")
    if state == "complete":
        study.tell(trial, spec.objective.value(records[-1]))
    elif state != "running":
        study.tell(trial, state=TrialState.PRUNED if state == "pruned" else TrialState.FAIL)


def accuracy(number: int, epoch: int) -> float:
    return round(0.85 - 0.3 / epoch + 0.05 * math.sin(number), 6)


def loss(number: int, epoch: int) -> float:
    return round(0.3 + 0.6 / epoch + 0.1 * math.cos(2 * number), 6)


def _record(number: int, epoch: int, spec: StudySpec) -> EpochRecord:
    """Return what an epoch gave; of a metric of one's own, nothing else is known."""
    reached, lost = accuracy(number, epoch), loss(number, epoch)
    if spec.objective.metric not in METRICS:
        return EpochRecord(epoch, None, None, None, 0.1, 0.1, 1.25, value=100 * lost)
    record = EpochRecord(epoch, 2.3 / epoch, reached - 0.01, reached, 0.1, 0.1, 1.25)
    return record._replace(test_loss=lost, averaged_loss=lost - 0.01)


MIXED = ["complete", "pruned", "complete", "failed", "complete", "complete", "pruned", "running"]

# Every state of a study that a report may be asked of.
STATES: dict[str, list[str]] = {
    "no trials": [],
    "only failed": ["failed", "failed"],
    "only one complete": ["complete"],
    "only pruned": ["pruned", "pruned", "pruned"],
    "only running": ["running"],
    "two complete": ["complete", "complete"],
    "mixed": MIXED,
}


def study_in(state: str, spec: StudySpec) -> optuna.Study:
    return add_trials(empty_study(spec.objective.optuna_direction), spec, STATES[state])


def figure_data(figure: Any) -> list[dict[str, Any]]:
    traces: list[dict[str, Any]] = figure.to_plotly_json()["data"]
    return traces
