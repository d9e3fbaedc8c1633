"""Training states written by hand, their names, and whether two are the same."""

from __future__ import annotations

import numpy as np

from tuner.schedules import Schedule
from tuner.tasks import (
    Checkpoint,
    CheckpointStore,
    EpochRecord,
    LeNetFashionMNIST,
    State,
    checkpoint_keys,
)

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
