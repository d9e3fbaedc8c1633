"""Training states keep to their room: the least recently used leave first."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

from tuner.tasks import CheckpointStore

from .training_states import checkpoint, files, same


def set_time(store: CheckpointStore, name: str, seconds: int) -> None:
    os.utime(store.folder / name, (seconds, seconds))


def test_the_least_recently_used_states_leave_first(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path)
    for number, name in enumerate("abcd"):
        store.save(name, checkpoint(1))
        set_time(store, f"{name}.state", 1_000_000 + number)
    size = (tmp_path / "a.state").stat().st_size
    store.deepest(["a"])  # used now
    limited = CheckpointStore(tmp_path, limit_bytes=3 * size)
    limited.save("e", checkpoint(1))
    assert files(store) == {"d.state", "a.state", "e.state"}
    limited.save("f", checkpoint(1))
    assert files(store) == {"a.state", "e.state", "f.state"}
    assert same(limited.deepest(["a"]), checkpoint(1))


def test_a_state_beyond_the_limit_is_not_kept_and_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = CheckpointStore(tmp_path, limit_bytes=100)
    store.save("a", checkpoint(1))
    store.save("b", checkpoint(1))
    assert files(store) == set()
    [text] = caplog.messages
    assert re.match(r"A training state of 0\.\d+MB is not kept, for all states together", text)
    assert 'Write `states = "' in text


def test_room_for_one_state_alone_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    CheckpointStore(tmp_path).save("a", checkpoint(1))
    size = (tmp_path / "a.state").stat().st_size
    CheckpointStore(tmp_path, limit_bytes=2 * size).save("b", checkpoint(1))
    assert caplog.messages == []
    store = CheckpointStore(tmp_path, limit_bytes=2 * size - 1)
    store.save("c", checkpoint(1))
    assert files(store) == {"c.state"}
    assert "is kept alone" in caplog.text


def test_what_dead_writers_left_is_removed_and_other_files_stay(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path, limit_bytes=10_000)
    for name in (".tuner-dead.tmp", ".tuner-alive.tmp", "README"):
        (tmp_path / name).write_bytes(bytes(100_000))
    set_time(store, ".tuner-dead.tmp", int(time.time()) - 100_000)
    set_time(store, "README", 0)
    store.save("a", checkpoint(1))
    assert files(store) == {".tuner-alive.tmp", "README", "a.state"}
