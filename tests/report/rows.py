"""Rows of trials made by hand."""

from __future__ import annotations

from typing import Any

from tuner.definition import Objective
from tuner.reading import EPOCHS as UNIT
from tuner.reading import Clock
from tuner.schedules import Cosine, Schedule
from tuner.search import TrialRow, pruned_after
from tuner.tasks import EpochRecord

CLOCK = Clock(updates_per_epoch=10, horizon=40)
EPOCHS = 4
ACCURACY = Objective()
LOSS = Objective(metric="test_loss")


def record(epoch: int, accuracy: float, averaged: float | None = None) -> EpochRecord:
    # Its loss is the same number: which of them counts is the objective's to say.
    return EpochRecord(
        epoch, 2.0, 0.3, accuracy, 0.1, 0.1, 1.5, accuracy, averaged_accuracy=averaged
    )


def row(
    number: int,
    value: float | None,
    schedule: Schedule | None = None,
    *,
    state: str = "complete",
    epochs: int | None = None,
    **more: Any,
) -> TrialRow:
    """Return a trial that had its value after each of its epochs."""
    trained = (EPOCHS if state == "complete" else 1) if epochs is None else epochs
    reason = pruned_after(trained, EPOCHS, UNIT) if state == "pruned" else ""
    start: dict[str, Any] = {
        "number": number, "state": state, "value": value, "baseline": None,
        "params": {},
        "schedule": schedule or Cosine(base_lr=0.1, final_lr=0.001, horizon=CLOCK.horizon),
        "records": tuple(record(epoch, value or 0.0) for epoch in range(1, trained + 1)),
        "reason": reason,
    }  # fmt: skip
    return TrialRow(**{**start, **more})


def untrained(number: int, schedule: Schedule | None = None) -> TrialRow:
    """Return a trial that was pruned before its first epoch."""
    return row(number, None, schedule, state="pruned", epochs=0)


def collapsed(number: int, schedule: Schedule | None = None) -> TrialRow:
    """Return a trial whose training collapsed in its first epoch."""
    reason = "collapsed in epoch 1: the network gives one answer to everything"
    return row(number, None, schedule, state="collapsed", epochs=0, reason=reason)
