"""Training states on disk: what is read is what was written, or else is passed over."""

from __future__ import annotations

import hashlib
import json
import logging
import resource
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuner.schedules import Constant
from tuner.tasks import CheckpointStore

from .training_states import checkpoint, files, keys, same


@pytest.fixture
def store(tmp_path: Path) -> CheckpointStore:
    return CheckpointStore(tmp_path / "states")


@pytest.fixture
def two(store: CheckpointStore) -> tuple[CheckpointStore, list[str]]:
    """Return a store with the states after epochs 1 and 3, and the names of all four."""
    names = keys(Constant(base_lr=0.3, horizon=12))
    store.save(names[0], checkpoint(1))
    store.save(names[2], checkpoint(3))
    return store, names


def test_an_empty_store_has_nothing_and_makes_nothing(store: CheckpointStore) -> None:
    assert store.deepest(["a", "b"]) is None
    assert store.deepest([]) is None
    assert not store.folder.exists()


def test_a_state_comes_back_as_it_was(two: tuple[CheckpointStore, list[str]]) -> None:
    store, names = two
    assert same(store.deepest(names), checkpoint(3))
    assert same(CheckpointStore(store.folder).deepest(names[:2]), checkpoint(1))
    store.save(names[2], checkpoint(3, fill=2.0))
    assert same(store.deepest(names), checkpoint(3, fill=2.0))
    assert len(files(store)) == 2  # no temporary files


def test_a_state_may_be_changed_in_place(two: tuple[CheckpointStore, list[str]]) -> None:
    """As a training does that was not interrupted, with what it has made itself."""
    store, names = two
    found = store.deepest(names)
    assert found is not None
    for array in found.state.arrays.values():
        array += 1
    assert same(store.deepest(names), checkpoint(3))


def test_a_state_cannot_run_code(two: tuple[CheckpointStore, list[str]]) -> None:
    """NumPy's own format would unpickle an array of objects; there is none here."""
    store, names = two
    with pytest.raises(TypeError):
        np.array([print], object).astype("<f4")
    forged = forge(names[2], arrays=[["weight.0", "|O", [1]]], body=bytes(8))
    (store.folder / f"{names[2]}.state").write_bytes(forged)
    assert same(store.deepest(names), checkpoint(1))


def forge(key: str, body: bytes = b"", **header: object) -> bytes:
    """Return a file with a valid checksum."""
    whole = {"format": "tuner.checkpoint/1", "key": key, "records": [], "arrays": [], **header}
    content = json.dumps(whole).encode() + b"\n" + body
    return content + hashlib.sha256(content).digest()


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda content, key: b"", "checksum"),
        (lambda content, key: content[:20], "checksum"),
        (lambda content, key: content[:-1], "checksum"),
        (lambda content, key: content + b"\0", "checksum"),
        (lambda content, key: bytes(len(content)), "checksum"),
        (lambda content, key: b"PK\3\4 another kind of file" * 9, "checksum"),
        (lambda content, key: hashlib.sha256(b"").digest(), "subsection|substring|not found"),
        (lambda content, key: forge(key, format="tuner.checkpoint/2"), "checkpoint/2"),
        (lambda content, key: forge("another"), "another training"),
        (lambda content, key: forge(key, arrays=[["a", "<f4", [9]]]), "buffer"),
        (lambda content, key: forge(key, arrays=[["a", "<f4", [10**30]]]), ""),
        (lambda content, key: forge(key, arrays=[["a", "nonsense", [1]]], body=b"1234"), ""),
        (lambda content, key: forge(key, records=[{"loss": 1}]), "loss"),
        (lambda content, key: forge(key, records=7), "int"),
    ],
    ids=[
        "empty", "cut", "one-byte-less", "one-byte-more", "zeros", "foreign", "checksum-alone",
        "newer", "another-training", "too-short", "enormous", "no-type", "other-records",
        "no-records",
    ],
)  # fmt: skip
def test_a_damaged_state_is_passed_over_and_named(
    two: tuple[CheckpointStore, list[str]],
    caplog: pytest.LogCaptureFixture,
    damage: object,
    reason: str,
) -> None:
    store, names = two
    path = store.folder / f"{names[2]}.state"
    path.write_bytes(damage(path.read_bytes(), names[2]))
    assert same(store.deepest(names), checkpoint(1))
    (said,) = caplog.messages
    assert said.startswith(f"The training state {path} is ignored: ")
    assert any(part in said for part in reason.split("|"))
    store.save(names[2], checkpoint(3))  # trained again, it is whole again
    assert same(store.deepest(names), checkpoint(3))


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_any_changed_byte_is_noticed(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = CheckpointStore(folder)
        store.save("name", checkpoint(2))
        path = store.folder / "name.state"
        content = bytearray(path.read_bytes())
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
        path.write_bytes(content)
        logging.getLogger("tuner").disabled = True
        try:
            assert store.deepest(["name"]) is None
        finally:
            logging.getLogger("tuner").disabled = False


def test_what_cannot_be_opened_is_passed_over(
    two: tuple[CheckpointStore, list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    store, names = two
    (store.folder / f"{names[3]}.state").mkdir()
    assert same(store.deepest(names), checkpoint(3))
    assert "is ignored" in caplog.text


# --- nowhere to put it ---


def test_a_folder_that_cannot_be_made_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    store = CheckpointStore(tmp_path / "file" / "states")
    for name in "abc":
        store.save(name, checkpoint(1))
    assert store.deepest(["a"]) is None
    said = [text for text in caplog.messages if "cannot be kept" in text]
    assert len(said) == 1
    assert said[0].startswith(f"Training states cannot be kept in {store.folder}: Not a directory")


def test_a_write_that_fails_leaves_what_was_there(
    two: tuple[CheckpointStore, list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    """As on a full disk: the operating system takes only the beginning of the file."""
    store, names = two
    before = {path.name: path.read_bytes() for path in store.folder.iterdir()}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        store.save(names[2], checkpoint(3, size=100_000))
        store.save(names[3], checkpoint(4, size=100_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert {path.name: path.read_bytes() for path in store.folder.iterdir()} == before
    assert caplog.text.count("Training states cannot be kept") == 1
    assert same(store.deepest(names), checkpoint(3))
