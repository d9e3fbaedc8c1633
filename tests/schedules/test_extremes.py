"""Numbers and files far from any use: refused with a message, never an overflow or a wait."""

from __future__ import annotations

import dataclasses
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

import tuner
from tuner.errors import ScheduleError, ScheduleFileError
from tuner.schedules import FAMILIES, svg, write_whole

GIVEN = {"updates": 10, "update_list": (10,), "number": 0.5, "rate": 0.01, "count": 2}
GIVEN["knots"] = ((10, 0.5),)


def durations() -> list[tuple[str, str]]:
    kinds = ("updates", "update_list", "knots", "count")
    return [
        (family, field.name)
        for family, cls in FAMILIES.items()
        for field in dataclasses.fields(cls)
        if field.metadata["kind"] in kinds
    ]


@pytest.mark.parametrize("huge", [10**101, 10**309, 10**400], ids=["101", "309", "400"])
@pytest.mark.parametrize(("family", "name"), durations())
def test_a_duration_that_no_float_knows_is_refused(family: str, name: str, huge: int) -> None:
    cls = FAMILIES[family]
    kinds = {field.name: field.metadata["kind"] for field in dataclasses.fields(cls)}
    values: dict[str, Any] = {
        field.name: GIVEN[kinds[field.name]]
        for field in dataclasses.fields(cls)
        if field.default is dataclasses.MISSING
    }
    values |= {"base_lr": 0.1, "horizon": 100}
    shapes = {"update_list": (10, huge), "knots": ((10, 0.5), (huge, 0.1))}
    values[name] = shapes.get(kinds[name], huge)
    with pytest.raises(ScheduleError):
        cls(**values)


@pytest.mark.parametrize("updates", [0, -1, 10**400, float("inf"), float("nan")])
def test_a_picture_needs_epochs_that_have_updates(updates: float) -> None:
    schedule = tuner.Constant(base_lr=0.1, horizon=10)
    with pytest.raises(ScheduleError, match="1 <= updates_per_epoch"):
        svg(schedule, updates_per_epoch=updates)


def test_a_file_does_not_hold_a_clock_that_cannot_be(tmp_path: Path) -> None:
    schedule = tuner.Constant(base_lr=0.1, horizon=10)
    with pytest.raises(ScheduleFileError, match="updates_per_epoch"):
        tuner.save_schedule(schedule, tmp_path / "a.json", updates_per_epoch=10**400)


def test_a_named_pipe_is_no_schedule_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(ScheduleFileError, match="is a named pipe"):
        tuner.load_schedule(tmp_path / "pipe.json")


def test_a_key_that_is_there_twice_among_many_is_found(tmp_path: Path) -> None:
    """In a time that grows as the file does: 200 000 keys took hours."""
    path = tmp_path / "many.json"
    keys = [f"k{number}" for number in range(200_000)]
    path.write_text("{" + ",".join(f"{json.dumps(key)}: 1" for key in [*keys, keys[-1]]) + "}")
    with pytest.raises(ScheduleFileError, match="the key 'k199999' is there twice"):
        tuner.load_schedule(path)


@pytest.mark.parametrize("content", ["study", "search_space"])
def test_a_study_is_no_schedule_file_and_told_so(content: str, tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text(f'# A comment.\n\nformat = "tuner.{content}/1"\n')
    with pytest.raises(ScheduleFileError, match="is a study or search space in TOML"):
        tuner.load_schedule(path)


def test_what_a_killed_process_left_is_removed_after_a_while(tmp_path: Path) -> None:
    old, new, other = (tmp_path / name for name in (".tuner-1.tmp", ".tuner-2.tmp", "a.tmp"))
    for path in (old, new, other):
        path.write_bytes(b"part")
    long_ago = time.time() - 7200
    os.utime(old, (long_ago, long_ago))
    os.utime(other, (long_ago, long_ago))
    write_whole(b"whole", str(tmp_path / "file"))
    assert sorted(path.name for path in tmp_path.iterdir()) == [".tuner-2.tmp", "a.tmp", "file"]
