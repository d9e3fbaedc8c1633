"""Schedule files: the JSON Schema accepts what is saved, and refuses what is not loaded."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

import tuner
from tuner.schedules.strict_json import digest

from ..schedules.strategies import schedules
from .schema_files import changed, mistakes

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize(
    "path", [*sorted((ROOT / "tests/golden").glob("*.json")), ROOT / "examples/schedule.json"],
    ids=lambda path: path.name,
)  # fmt: skip
def test_every_schedule_file_of_the_repository_validates(path: Path) -> None:
    assert mistakes("schedule", json.loads(path.read_text())) == []


@given(schedules())
def test_a_saved_schedule_of_any_family_validates(schedule: tuner.Schedule) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any.json"
        tuner.save_schedule(schedule, path, batch_size=64)
        assert mistakes("schedule", json.loads(path.read_text())) == []


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("extra", 1),
        ("sha256", ...),
        ("sha256", "0"),
        ("format", "tuner.schedule/2"),
        ("horizon", "940"),
        ("updates_per_epoch", 0),
        ("batch_size", 2.5),
        ("check", []),
        ("check", [[1, 0.1, 2]]),
        ("provenance", None),
        ("units", {"time": "epochs", "lr": "absolute"}),
        ("schedule.family", "cosin"),
        ("schedule.params.base_lr", ...),
        ("schedule.params.power", 2.0),
        ("schedule.params.horizon", "4ep"),
        ("schedule.params.warmup_mode", "cosine"),
    ],
    ids=str,
)
def test_wrong_schedules(place: str, value: Any, tmp_path: Path) -> None:
    good = json.loads((ROOT / "tests/golden/cosine.1.json").read_text())
    wrong = changed(good, place, value)
    if place != "sha256":  # or every change would be refused for its digest
        wrong["sha256"] = digest(wrong)
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(wrong))
    with pytest.raises(tuner.TunerError):
        tuner.load_schedule(path)
    assert mistakes("schedule", wrong)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("format", "tuner.schedule/1"),
        ("format", "tuner.schedule/3"),
        ("past_horizon", "constant at the learning rate of the horizon"),
        ("check", [[1, 0.1]]),
        ("check.lr", []),
        ("schedule.lr", ...),
        ("schedule.lr", 0.1),
        ("schedule.beta3", {"family": "constant"}),
        ("schedule.weight_decay", 0.1),
        ("schedule.weight_decay.params.base_lr", ...),
        ("schedule.groups.embed", -1),
        ("schedule.groups.embed", {"groups": {}}),
        ("schedule.groups.matrix.momentum", 0.9),
        ("schedule.groups.matrix.groups", {"embed": 1}),
    ],
    ids=str,
)
def test_wrong_schedules_of_several_quantities(place: str, value: Any, tmp_path: Path) -> None:
    good = json.loads((ROOT / "tests/golden/groups.2.json").read_text())
    wrong = changed(good, place, value)
    wrong["sha256"] = digest({key: wrong[key] for key in wrong if key != "sha256"})
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(wrong))
    with pytest.raises(tuner.TunerError):
        tuner.load_schedule(path)
    assert mistakes("schedule", wrong)
