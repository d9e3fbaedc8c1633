"""What a study's trials say of a schedule that none of them had: its value, if it survives.

It is the search's own model: of a schedule it knows the learning rate at its end and the sum of
all of them (:class:`tuner.search.Telling`), and its highest one for the chance to survive.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from tuner.definition import Objective, StudySpec
from tuner.schedules import Schedule
from tuner.search import Array, Ridge, Survival, Telling, Told, TrialRow, terms

# Complete trials without which nothing is said: the model has five terms of a schedule.
FEWEST = 8
# An interval holds so many of single runs, in percent, and so many standard deviations.
PERCENT, _DEVIATIONS = 80, 1.2816
# Errors below this, as that of a perfect accuracy, have no logarithm that means anything.
_LEAST_ERROR, _MOST_ERROR = 1e-4, 1e12


class Expected(NamedTuple):
    """What one training under a schedule would be worth, from ``worst`` to ``best``.

    ``survives`` is the chance that it does not collapse; the values are of one that does not.
    """

    value: float
    worst: float
    best: float
    survives: float


class Outlook:
    """A model of the complete trials, which tells one schedule from another before it is trained.

    Minus the logarithm of the final error is a quadratic function of two numbers, by a ridge
    regression; what trials differ by beside it is taken as noise, from seed to seed as from family
    to family.

    Args:
        told: What is told of the complete trials.
        merits: Minus the logarithms of their errors.
        telling: Tells it of other schedules.
        survival: From those that collapsed as well.
        objective: What judges.
    """

    def __init__(
        self,
        told: Sequence[Told],
        merits: Sequence[float],
        telling: Telling,
        survival: Survival,
        objective: Objective,
    ) -> None:
        self.trials = len(told)
        self._telling, self._survival, self._objective = telling, survival, objective
        self._around = np.array([each.ahead for each in told])
        values = np.array(merits)
        features = terms(told, self._around)
        self._fitted = Ridge.fit(features, values)
        self._noise = float(np.mean((values - self._fitted(features)) ** 2))

    @classmethod
    def of(
        cls, rows: Sequence[TrialRow], spec: StudySpec, telling: Telling | None = None
    ) -> Outlook | None:
        """Return that of a study; None without enough complete trials whose errors are known.

        Args:
            rows: The study's trials.
            spec: Its definition.
            telling: Tells of schedules, and may have done so already.
        """
        error, size = spec.objective.error, spec.space.clock.updates_per_epoch
        telling = telling or Telling(spec.space)
        complete = [
            (row, row.schedule)
            for row in rows
            if row.state == "complete" and row.value is not None and row.schedule is not None
        ]
        if error is None or len(complete) < FEWEST:
            return None
        errors = [error(row.value or 0.0) for row, _ in complete]
        if min(errors) < 0 or not all(map(math.isfinite, errors)):
            return None

        def told(row: TrialRow, schedule: Schedule) -> Told:
            return telling.trained(schedule, row.options, row.updates_per_epoch or size)

        known = [told(row, schedule) for row, schedule in complete]
        collapsed = [told(r, r.schedule).peak for r in rows if r.is_collapsed and r.schedule]
        peaks = [each.peak for each in known]
        survival = Survival.fit(peaks, collapsed, peaks)
        return cls(known, [*map(_merit, errors)], telling, survival, spec.objective)

    def instead(
        self,
        known: Schedule,
        value: float,
        others: Sequence[Schedule],
        options: Mapping[str, Any] = MappingProxyType({}),
        size: int = 0,
    ) -> list[Expected]:
        """Return what other schedules would be worth where one is known.

        Args:
            known: The schedule that was trained.
            value: What it reached.
            others: Those to ask about.
            options: The task's, for all of them.
            size: Updates of an epoch, if the options make them others than the study's.
        """
        first, *told = (self._told(each, options, size) for each in (known, *others))
        assert self._objective.error is not None, "an outlook is of errors"
        start = _merit(self._objective.error(value))
        base, *features = self._terms([first, *told])
        apart = np.array(features) - base
        steps = apart / self._fitted.spread
        gains = steps @ self._fitted.weights
        variances = np.einsum("ij,jk,ik->i", steps, self._fitted.covariance, steps)
        # Two runs are compared, and each has a seed of its own; the same schedule is no other one.
        differ = np.abs(apart).max(axis=1) > 0
        reach = _DEVIATIONS * np.sqrt(variances + 2 * self._noise * differ)
        survive = self._survival([each.peak for each in told])
        value_of = self._value
        return [
            Expected(value_of(merit), value_of(merit - far), value_of(merit + far), chance)
            for merit, far, chance in zip(
                (start + gains).tolist(), reach.tolist(), survive.tolist(), strict=True
            )
        ]

    def anywhere(self, ends: Sequence[float], sums: Sequence[float]) -> list[list[float]]:
        """Return what is expected of schedules by the two numbers that are told of them.

        Args:
            ends: As :meth:`tuner.search.Features.ahead` has them.
            sums: The same; each has a row in what is returned.
        """
        middle = len(self._fitted.weights) - 5
        none = (0.0,) * middle
        told = [Told((end, total), 0.0, none) for total in sums for end in ends]
        values = [self._value(merit) for merit in self._fitted(self._terms(told)).tolist()]
        return [values[start : start + len(ends)] for start in range(0, len(values), len(ends))]

    def _told(self, schedule: Schedule, options: Mapping[str, Any], size: int) -> Told:
        if size:
            return self._telling.trained(schedule, options, size)
        return self._telling.drawn(schedule, options)

    def _terms(self, told: Sequence[Told]) -> Array:
        return terms(told, self._around)

    def _value(self, merit: float) -> float:
        value = self._objective.value_of_error
        assert value is not None, "an outlook is of errors"
        # Far from all trials a straight line leads anywhere.
        return value(math.exp(min(-merit, math.log(_MOST_ERROR))))


def _merit(error: float) -> float:
    return -math.log(min(max(error, _LEAST_ERROR), _MOST_ERROR))
