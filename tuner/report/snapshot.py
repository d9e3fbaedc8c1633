"""One moment of a study, and quiet while Optuna draws it."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from optuna.study import Study

from tuner.search import begun_trials, quiet_optuna
from tuner.storage import copied


def snapshot(study: Study) -> Study:
    """Return a copy of a study in memory: one moment of it, however long reading it takes."""
    with quiet():
        return copied(begun_trials(study), study)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep from the user what Optuna says about states that the report explains itself."""
    with quiet_optuna(below=logging.ERROR), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
