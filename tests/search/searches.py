"""What pruners are made for, where no schedule is sampled."""

from __future__ import annotations

from tuner.definition import ACCURACY, Objective, Search
from tuner.reading import Clock
from tuner.space import SearchSpace


def search(epochs: int, updates_per_epoch: int, objective: Objective = ACCURACY) -> Search:
    clock = Clock(updates_per_epoch, epochs * updates_per_epoch)
    return Search(SearchSpace("made up", clock, {}, {}, ()), objective)
