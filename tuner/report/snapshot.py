"""One moment of a study, and quiet while Optuna draws it."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import optuna
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial

from tuner.search import begun_trials, quiet_optuna


def snapshot(study: Study) -> Study:
    """Return a copy of a study in memory: one moment of it, however long reading it takes."""
    return in_memory(begun_trials(study), study.direction)


def in_memory(trials: Sequence[FrozenTrial], direction: StudyDirection) -> Study:
    """Return a study of these trials, which it numbers anew."""
    with quiet():
        study = optuna.create_study(direction=direction)
        study.add_trials(trials)
    return study


@contextmanager
def quiet() -> Iterator[None]:
    """Keep from the user what Optuna says about states that the report explains itself."""
    with quiet_optuna(below=logging.ERROR), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
