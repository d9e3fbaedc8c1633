"""Training states on disk: found by their learning rates, whole or not at all, bounded."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuner.checkpoints import Checkpoint, CheckpointStore, checkpoint_keys
from tuner.schedules import WSD, Constant, Cosine, MultiFactor, Schedule
from tuner.tasks import EpochRecord, LeNetFashionMNIST, State

EPOCHS = 4
UPDATES = 3  # in an epoch


def checkpoint(epochs: int, *, fill: float = 0.0, size: int = 10) -> Checkpoint:
    records = [
        EpochRecord(epoch, 1 / 3 + fill, 0.5, 0.1 * epoch, 0.3, 1e-300, 2.5)
        for epoch in range(1, epochs + 1)
    ]
    arrays = {
        "weight.0": np.full((2, size), fill, np.float32),
        "optimizer.m_schedule": np.array(np.pi, np.float64),
        "optimizer.0": np.arange(3, dtype=np.int64),
        "empty": np.zeros((0, 4), np.float32),
    }
    return Checkpoint(tuple(records), State(epochs, arrays))


def same(a: Checkpoint | None, b: Checkpoint | None) -> bool:
    if a is None or b is None:
        return a is b
    return a.records == b.records and same_state(a.state, b.state)


def same_state(a: State, b: State) -> bool:
    """Whether two states are the same to the last bit."""
    return (
        a.epoch == b.epoch
        and list(a.arrays) == list(b.arrays)
        and all(
            x.dtype == y.dtype and x.shape == y.shape and x.tobytes() == y.tobytes()
            for x, y in zip(a.arrays.values(), b.arrays.values(), strict=True)
        )
    )


def keys(schedule: Schedule, *, seed: int = 0, task: LeNetFashionMNIST | None = None) -> list[str]:
    identity = (task or LeNetFashionMNIST()).training_identity()
    assert identity is not None
    return checkpoint_keys(identity, schedule, seed=seed, updates_per_epoch=UPDATES, epochs=EPOCHS)


def files(store: CheckpointStore) -> set[str]:
    return {path.name for path in store.folder.iterdir()}


# --- which states are the same ---


def drop(milestones: list[int], **more: float) -> MultiFactor:
    return MultiFactor(
        base_lr=0.3, horizon=12, milestones=tuple(milestones), decay_factor=0.5, **more
    )


def test_schedules_that_begin_alike_share_what_is_alike() -> None:
    late = keys(drop([9]))
    assert keys(drop([6]))[:2] == late[:2]
    assert not {*keys(drop([6]))[2:]} & {*late}
    assert keys(Constant(base_lr=0.3, horizon=12))[:3] == late[:3]
    assert keys(Constant(base_lr=0.3, horizon=12)) == keys(Constant(base_lr=0.3, horizon=99))
    assert keys(WSD(base_lr=0.3, horizon=12, decay_steps=6))[:2] == late[:2]
    assert not {*keys(Cosine(base_lr=0.3, horizon=12))} & {*late}
    assert not {*keys(drop([9], warmup_steps=2))} & {*late}
    assert keys(drop([9], warmup_steps=1)) == late  # it differs at update 0, which trains nothing


def test_another_training_shares_nothing() -> None:
    schedule = Constant(base_lr=0.3, horizon=12)
    variants = [
        keys(schedule),
        keys(schedule, seed=1),
        keys(schedule, task=LeNetFashionMNIST(batch_size=128)),
        keys(schedule, task=LeNetFashionMNIST(train_size=500)),
        keys(schedule, task=LeNetFashionMNIST(optimizer="nag")),
        keys(schedule, task=LeNetFashionMNIST(optimizer_params={"momentum": 0.9})),
    ]
    assert len({key for variant in variants for key in variant}) == len(variants) * EPOCHS
    assert keys(schedule, task=LeNetFashionMNIST(device="cpu")) == variants[0]


def test_a_training_is_identified_by_all_that_decides_its_bits() -> None:
    identity = LeNetFashionMNIST().training_identity()
    assert identity is not None
    assert identity["training"] >= 2
    assert {"mxnet", "numpy"} <= identity["versions"].keys()
    changed = {**identity, "training": identity["training"] + 1}
    schedule = Constant(base_lr=0.3, horizon=12)
    named = [
        checkpoint_keys(who, schedule, seed=0, updates_per_epoch=UPDATES, epochs=EPOCHS)
        for who in (identity, changed)
    ]
    assert not {*named[0]} & {*named[1]}


Saved = tuple[list[int], int]  # milestones, and the epoch after which the state was saved


@settings(max_examples=60, deadline=None)
@given(
    saved=st.lists(
        st.tuples(st.lists(st.integers(1, 11), unique=True, min_size=1), st.integers(1, EPOCHS)),
        max_size=6,
    ),
    wanted=st.lists(st.integers(1, 11), unique=True, min_size=1),
)
def test_the_deepest_common_beginning_is_found(saved: list[Saved], wanted: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = CheckpointStore(folder)
        target = drop(sorted(wanted))
        expected = None
        for number, (milestones, epoch) in enumerate(saved):
            schedule = drop(sorted(milestones))
            state = checkpoint(epoch, fill=number)
            store.save(keys(schedule)[epoch - 1], state)
            updates = range(1, epoch * UPDATES + 1)
            alike = [schedule(u) for u in updates] == [target(u) for u in updates]
            if alike and (expected is None or epoch >= expected.state.epoch):
                expected = state
        assert same(store.deepest(keys(target)), expected)


# --- what is read is what was written ---


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


# --- room ---


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


def test_a_state_beyond_the_limit_does_not_stay(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path, limit_bytes=100)
    store.save("a", checkpoint(1))
    assert files(store) == set()


def test_what_dead_writers_left_is_removed_and_other_files_stay(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path, limit_bytes=10_000)
    for name in (".tuner-dead.tmp", ".tuner-alive.tmp", "README"):
        (tmp_path / name).write_bytes(bytes(100_000))
    set_time(store, ".tuner-dead.tmp", int(time.time()) - 100_000)
    set_time(store, "README", 0)
    store.save("a", checkpoint(1))
    assert files(store) == {".tuner-alive.tmp", "README", "a.state"}


WRITER = """
import sys
from test_checkpoints import CheckpointStore, checkpoint
store = CheckpointStore(sys.argv[1])
large = checkpoint(3, size=2_000_000)
print("ready", flush=True)
while True:
    store.save("large", large)
"""


def start(program: str, *args: object) -> subprocess.Popen[str]:
    """Start a real process that can use what is in this file."""
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, args)],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_a_writer_killed_at_any_moment_leaves_a_whole_state(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path)
    expected = checkpoint(3, size=2_000_000)
    store.save("large", expected)
    for _ in range(3):
        with start(WRITER, tmp_path) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(np.random.default_rng(int(time.time_ns())).uniform(0, 0.1))
            process.send_signal(signal.SIGKILL)
        assert same(store.deepest(["large"]), expected)


SHARER = """
import random, sys
from test_checkpoints import CheckpointStore, checkpoint, same
folder, limit, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
random.seed(seed)
store = CheckpointStore(folder, limit_bytes=limit)
found = 0
for _ in range(400):
    number = random.randrange(20)
    if random.random() < 0.5:
        store.save(f"state{number}", checkpoint(1, fill=number))
    else:
        got = store.deepest([f"state{number}"])
        assert got is None or same(got, checkpoint(1, fill=number)), number
        found += got is not None
print(found)
"""


def test_four_processes_share_a_store(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path)
    store.save("state0", checkpoint(1))
    limit = 8 * (tmp_path / "state0.state").stat().st_size
    processes = [start(SHARER, tmp_path, limit, seed) for seed in range(4)]
    for process in processes:
        out, _ = process.communicate()
        assert process.returncode == 0, out
        assert int(out) > 20  # one number: nothing was logged
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= limit
    assert all(name.endswith(".state") for name in files(store))


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
