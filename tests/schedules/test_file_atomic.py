"""A schedule file is written whole or not at all."""

from __future__ import annotations

import contextlib
import math
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import tuner
from tuner.errors import ScheduleFileError
from tuner.schedules import Constant, Linear, load_schedule, save_schedule

ROOT = Path(tuner.__file__).parent.parent
OLD = Constant(base_lr=0.5, horizon=10)
NEW = Linear(base_lr=0.5, horizon=20)


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save_schedule(OLD, tmp_path / "best.json")
    return tmp_path / "best.json"


def is_untouched(path: Path) -> bool:
    return list(path.parent.iterdir()) == [path] and load_schedule(path) == OLD


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("provenance", "reason"),
    [
        ({"value": math.nan}, "Out of range float values are not JSON compliant"),
        ({"value": [math.inf]}, "Out of range float values are not JSON compliant"),
        ({"value": object()}, "Object of type object is not JSON serializable"),
        ({"value": {1, 2}}, "Object of type set is not JSON serializable"),
        ({(1, 2): 3}, "keys must be str, int, float, bool or None, not tuple"),
        ({"1": 1, 1: 2}, "the key '1' is there twice"),
        ([1, 2], "cannot convert dictionary update sequence"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "provenance",
)
def test_provenance_that_json_cannot_hold(provenance: Any, reason: str, path: Path) -> None:
    with pytest.raises(
        ScheduleFileError, match="provenance must be an object that JSON"
    ) as caught:
        save_schedule(NEW, path, provenance=provenance)
    assert reason in str(caught.value)
    assert is_untouched(path)


def test_provenance_nested_beyond_reason(path: Path) -> None:
    with pytest.raises(ScheduleFileError, match="nested too deeply"):
        save_schedule(NEW, path, provenance={"value": nested(100_000)})
    assert is_untouched(path)


@pytest.mark.parametrize("depth", range(800, 1100, 13))
def test_provenance_nested_near_the_limit_is_saved_or_refused(depth: int, path: Path) -> None:
    with contextlib.suppress(ScheduleFileError):
        save_schedule(NEW, path, provenance={"value": nested(depth)})
    assert load_schedule(path) in (OLD, NEW)


def test_provenance_too_large_to_read_back(path: Path) -> None:
    with pytest.raises(ScheduleFileError, match="is larger than"):
        save_schedule(NEW, path, provenance={"log": "x" * 17_000_000})
    assert is_untouched(path)


@pytest.mark.parametrize("value", [0, -5, 1.5, "235", True])
def test_impossible_clock(value: Any, path: Path) -> None:
    for name in ("updates_per_epoch", "batch_size"):
        with pytest.raises(ScheduleFileError, match=f"`{name}` must be an int of 1 or more, but"):
            save_schedule(NEW, path, **{name: value})
    assert is_untouched(path)


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("missing/best.json", "No such file or directory"),
        ("best.json/best.json", "Not a directory"),
        (".", "it exists and is not a regular file"),
        ("n" * 300, "File name too long"),
        ("a\0b", "embedded null byte"),
        ("/dev/null", "it exists and is not a regular file"),
        ("/proc/best.json", ""),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_places_that_cannot_be_written(place: str, reason: str, path: Path) -> None:
    target = path.parent / place
    with pytest.raises(ScheduleFileError) as caught:
        save_schedule(NEW, target)
    assert f"{target} cannot be written: {reason}" in str(caught.value)
    assert is_untouched(path)


@pytest.mark.usefixtures("processes")
def test_a_full_disk(path: Path) -> None:
    """The operating system takes 300 bytes of the new file, and no more."""
    code = """
import resource, sys
from tuner.errors import ScheduleFileError
from tuner.schedules import Linear, save_schedule
resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))
try:
    save_schedule(Linear(base_lr=0.5, horizon=20), sys.argv[1])
except ScheduleFileError as error:
    print(error)
"""
    output, errors = start(code, path).communicate(timeout=60)
    assert output == f"{path} cannot be written: File too large.\n", errors
    assert is_untouched(path)


@pytest.mark.usefixtures("processes")
def test_an_interruption(path: Path) -> None:
    """Ctrl-C while the file is being written removes what was written so far."""
    code = """
import signal, sys
from tuner.schedules import Linear, save_schedule
signal.signal(signal.SIGALRM, signal.default_int_handler)
signal.setitimer(signal.ITIMER_REAL, 0.05)
while True:
    save_schedule(Linear(base_lr=0.5, horizon=20), sys.argv[1])
"""
    _, errors = start(code, path).communicate(timeout=60)
    assert "KeyboardInterrupt" in errors
    assert list(path.parent.iterdir()) == [path]
    assert load_schedule(path) in (OLD, NEW)


@pytest.mark.usefixtures("processes")
def test_killed_at_any_moment_one_of_the_two_is_there(path: Path) -> None:
    code = """
import itertools, sys
from tuner.schedules import Constant, Linear, save_schedule
old, new = Constant(base_lr=0.5, horizon=10), Linear(base_lr=0.5, horizon=20)
for count, schedule in enumerate(itertools.cycle((new, old))):
    save_schedule(schedule, sys.argv[1])
    if count == 0:
        print("writing", flush=True)
"""
    for delay in (0.0, 0.003, 0.007, 0.013):
        process = start(code, path)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(delay)
        process.kill()
        process.communicate(timeout=60)
        assert load_schedule(path) in (OLD, NEW)
