"""Training states on disk, found again by the learning rates that led to them.

A state is named by what decides its bits: the task, the seed and the learning rates of updates
1 to u. So it is found by a trial that was killed, that is trained again or for more epochs, and
by any other trial whose schedule begins with the same learning rates. Processes share a folder
without locks: a file appears whole or not at all, and one that is gone is one that was never
there. States only save time: whatever happens to them, a training goes on without.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import logging
import math
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tuner.schedules import Schedule, Schedules, curves_of, write_whole
from tuner.tasks.base import EpochRecord, State

# About 4 000 states of LeNet under SGD, 1 400 under Adam.
LIMIT_BYTES = 2**30
_FORMAT = "tuner.checkpoint/1"
_SUFFIX = ".state"
_DIGEST_SIZE = hashlib.sha256().digest_size
# What a process that was killed while writing leaves behind is removed after this time.
_ABANDONED_SECONDS = 3600

_log = logging.getLogger("tuner")


class Checkpoint(NamedTuple):
    """A training after some epochs: the records of all of them, and its state then."""

    records: tuple[EpochRecord, ...]
    state: State


def checkpoint_keys(
    identity: Mapping[str, Any],
    schedule: Schedule,
    *,
    seed: int,
    updates_per_epoch: int,
    epochs: int,
) -> list[str]:
    """Return the names of the states after epochs 1, 2, ... of a training.

    Two names are equal if and only if everything before that state is.

    Args:
        identity: The task's :meth:`~tuner.tasks.Task.training_identity`.
        schedule: The learning rate of every update, and what else it has.
        seed: The training's seed.
        updates_per_epoch: Updates in an epoch.
        epochs: How many epochs.
    """
    keys = each_checkpoint_key(identity, schedule, seed=seed, updates_per_epoch=updates_per_epoch)
    return list(itertools.islice(keys, epochs))


def each_checkpoint_key(
    identity: Mapping[str, Any], schedule: Schedule, *, seed: int, updates_per_epoch: int
) -> Iterator[str]:
    """Yield the same names one by one: an epoch's learning rates are asked for when it comes."""
    told = [identity, seed, updates_per_epoch]
    curves = curves_of(schedule)
    if isinstance(schedule, Schedules):
        told += [[*curves], schedule.factors()]
    start = json.dumps(told, sort_keys=True)
    digest = hashlib.sha256(start.encode())
    for done in itertools.count(0, updates_per_epoch):
        for curve in curves.values():
            values = [curve(update) for update in range(done + 1, done + updates_per_epoch + 1)]
            digest.update(np.array(values, "<f8").tobytes())
        yield digest.hexdigest()


def in_words(size: int) -> str:
    """Return a number of bytes with a unit, as [storage] of a study has it.

    Example:
        >>> in_words(1_500_000_000), in_words(300)
        ('1.5GB', '0.001MB')
    """
    unit, each = ("GB", 10**9) if size >= 10**9 else ("MB", 10**6)
    return f"{max(size / each, 0.001):.4g}{unit}"


class CheckpointStore:
    """The training states in a folder, which many processes may share.

    Args:
        folder: Where they are; made when the first one is saved.
        limit_bytes: How large all of them together may be. The least recently used leave first.
    """

    def __init__(self, folder: str | Path, *, limit_bytes: int = LIMIT_BYTES) -> None:
        self.folder = Path(folder)
        self.limit_bytes = limit_bytes
        self._has_failed = False
        self._has_told = False

    def deepest(self, keys: Sequence[str]) -> Checkpoint | None:
        """Return the last one of these states that is there and whole.

        One that cannot be read or is damaged is passed over, which the log says.

        Args:
            keys: The names of the states after epochs 1, 2, ...
        """
        for key in reversed(keys):
            path = self._path(key)
            try:
                content = path.read_bytes()
                checkpoint = _decode(content, key)
            except FileNotFoundError:
                continue
            except Exception as error:  # there is no telling what a foreign file holds
                _log.warning("The training state %s is ignored: %s", path, error)
                continue
            with contextlib.suppress(OSError):  # used now, so it leaves later
                os.utime(path)
            return checkpoint
        return None

    def save(self, key: str, checkpoint: Checkpoint) -> None:
        """Keep a state, and let go of the least recently used ones beyond the limit.

        If it cannot be kept, as on a full disk or because it is larger than the limit, the log
        says so once.
        """
        content = _encode(key, checkpoint)
        if 2 * len(content) > self.limit_bytes and not self._has_told:
            self._has_told = True
            _log.warning(*self._too_large(len(content)))
        if len(content) > self.limit_bytes:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(content, str(self._path(key)))
            self._make_room()
        except OSError as error:
            if not self._has_failed:
                _log.warning(
                    "Training states cannot be kept in %s: %s. Training goes on; if it is"
                    " interrupted, trials start over.",
                    self.folder,
                    error.strerror or error,
                )
            self._has_failed = True

    def _too_large(self, size: int) -> tuple[str, str, str, str, str]:
        room, need = in_words(self.limit_bytes), in_words(size)
        fate = "is not kept"
        if size <= self.limit_bytes:
            fate = "is kept alone, and trials that train at the same time push out each other's"
        return (
            "A training state of %s %s, for all states together have %s; a trial that is"
            ' interrupted starts over. Write `states = "%s"` in [storage] of the study.',
            need, fate, room, in_words(10 * size),
        )  # fmt: skip

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}{_SUFFIX}"

    def _make_room(self) -> None:
        states = []
        abandoned = time.time() - _ABANDONED_SECONDS
        with os.scandir(self.folder) as entries:
            for entry in entries:
                with contextlib.suppress(FileNotFoundError):  # another process was faster
                    stat = entry.stat()
                    if entry.name.endswith(_SUFFIX):
                        states.append((stat.st_mtime_ns, entry.path, stat.st_size))
                    elif entry.name.endswith(".tmp") and stat.st_mtime < abandoned:
                        Path(entry.path).unlink()
        excess = sum(size for _, _, size in states) - self.limit_bytes
        for _, path, size in sorted(states):
            if excess <= 0:
                break
            Path(path).unlink(missing_ok=True)
            excess -= size


def _encode(key: str, checkpoint: Checkpoint) -> bytes:
    """Return a line of JSON, the arrays' bytes, and the SHA-256 of both."""
    arrays = checkpoint.state.arrays
    header = {
        "format": _FORMAT,
        "key": key,
        "records": [record._asdict() for record in checkpoint.records],
        "arrays": [[name, array.dtype.str, array.shape] for name, array in arrays.items()],
    }
    parts = [json.dumps(header).encode(), b"\n", *(array.tobytes() for array in arrays.values())]
    content = b"".join(parts)
    return content + hashlib.sha256(content).digest()


def _decode(content: bytes, key: str) -> Checkpoint:
    """Return what was encoded.

    Raises:
        ValueError: If it is damaged or something else. Others are possible if somebody made a
            file with a valid checksum.
    """
    size = len(content) - _DIGEST_SIZE
    if size < 0 or hashlib.sha256(content[:size]).digest() != content[size:]:
        raise ValueError("its content does not have its checksum")
    offset = content.index(b"\n") + 1
    header = json.loads(content[:offset])
    if header["format"] != _FORMAT:
        raise ValueError(f"its format must be {_FORMAT!r}, but is {header['format']!r}")
    if header["key"] != key:
        raise ValueError("it is the state of another training")
    arrays = {}
    for name, dtype, shape in header["arrays"]:
        array = np.frombuffer(content, np.dtype(dtype), math.prod(shape), offset)
        # As it was before: to be changed in place.
        arrays[name] = array.reshape(shape).copy()
        offset += array.nbytes
    records = tuple(EpochRecord(**record) for record in header["records"])
    return Checkpoint(records, State(len(records), arrays))
