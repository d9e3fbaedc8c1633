"""Schedule files: what is saved is what is loaded."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings

from tuner.schedules import (
    FAMILIES,
    Cosine,
    Schedule,
    load_schedule,
    read_schedule_file,
    save_schedule,
)

from .expected import EXPECTED, GOLDEN, SEVERAL
from .strategies import schedules

FILES: dict[str, Schedule] = {**EXPECTED, **SEVERAL}
COSINE = Cosine(base_lr=0.5, horizon=100, warmup_steps=20)


@pytest.mark.parametrize("name", sorted(FILES))
def test_golden_files_load_to_what_they_always_were(name: str) -> None:
    found = read_schedule_file(GOLDEN / name)
    assert found.schedule == FILES[name]
    assert found.updates_per_epoch == 235
    assert found.batch_size == 256
    assert found.provenance["trial"] == 7


def test_every_family_has_a_golden_file() -> None:
    assert {type(schedule) for schedule in EXPECTED.values()} == set(FAMILIES.values())
    assert {path.name for path in GOLDEN.iterdir()} == set(FILES)


@pytest.mark.parametrize("name", sorted(FILES))
def test_saving_writes_the_golden_file_again(name: str, tmp_path: Path) -> None:
    found = read_schedule_file(GOLDEN / name)
    save_schedule(
        found.schedule,
        tmp_path / name,
        updates_per_epoch=found.updates_per_epoch,
        batch_size=found.batch_size,
        provenance=found.provenance,
    )
    assert (tmp_path / name).read_bytes() == (GOLDEN / name).read_bytes()


@settings(max_examples=60)
@given(schedules())
def test_any_schedule_survives(schedule: Schedule) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "schedule.json")
        save_schedule(schedule, path)
        loaded = load_schedule(path)
        assert list(Path(folder).iterdir()) == [path]
    assert loaded == schedule
    assert repr(loaded) == repr(schedule)


def test_the_file_explains_itself(tmp_path: Path) -> None:
    """Everything that a reader in another language needs is plain JSON."""
    save_schedule(COSINE, tmp_path / "best.json", updates_per_epoch=10, batch_size=256)
    text = (tmp_path / "best.json").read_text(encoding="ascii")
    assert text.endswith("}\n")
    document = json.loads(text)
    digest = document.pop("sha256")
    assert document == {
        "format": "tuner.schedule/1",
        "schedule": {
            "family": "cosine",
            "params": {
                "base_lr": 0.5,
                "horizon": 100,
                "warmup_steps": 20,
                "warmup_begin_lr": 0.0,
                "warmup_mode": "linear",
                "final_lr": 0.0,
            },
        },
        "units": {"time": "optimizer updates, first update is 1", "lr": "absolute"},
        "horizon": 100,
        "past_horizon": "constant at the learning rate of the horizon",
        "updates_per_epoch": 10,
        "batch_size": 256,
        "check": [[u, COSINE(u)] for u in (1, 20, 21, 40, 60, 80, 100, 101, 200)],
        "provenance": {},
    }
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"))
    assert digest == hashlib.sha256(canonical.encode()).hexdigest()


def test_provenance_comes_back(tmp_path: Path) -> None:
    provenance = {
        "study": "Fashion-MNIST \N{GREEK SMALL LETTER ETA} \ud800",
        "confirm": {"n": 5, "mean": 0.9012, "std": None},
        "seeds": (1, 2, 3),
        "nested": [[{}], True, -0.0, 10**30],
    }
    save_schedule(COSINE, tmp_path / "best.json", provenance=provenance)
    found = read_schedule_file(tmp_path / "best.json")
    assert found == (COSINE, None, None, {**provenance, "seeds": [1, 2, 3]})


def test_layout_does_not_matter_but_content_does(tmp_path: Path) -> None:
    path = tmp_path / "best.json"
    save_schedule(COSINE, path)
    document = json.loads(path.read_text())
    path.write_text(json.dumps(dict(reversed(document.items()))).replace("{", "{\r\n"))
    assert load_schedule(path) == COSINE


def test_paths_may_be_text(tmp_path: Path) -> None:
    save_schedule(COSINE, str(tmp_path / "best.json"))
    assert load_schedule(str(tmp_path / "best.json")) == COSINE


def test_an_existing_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "best.json"
    path.write_text("x" * 100_000)
    save_schedule(COSINE, path)
    assert load_schedule(path) == COSINE
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    link, target = tmp_path / "best.json", tmp_path / "store" / "trial7.json"
    link.symlink_to(target)
    save_schedule(COSINE, link)
    assert link.is_symlink()
    assert load_schedule(target) == COSINE


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_permissions_follow_the_umask(umask: int, mode: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        save_schedule(COSINE, tmp_path / "best.json")
    finally:
        os.umask(before)
    assert (tmp_path / "best.json").stat().st_mode & 0o777 == mode
