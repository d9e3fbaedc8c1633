"""What changes to the winner would cost: its base LR, its warmup, its end, one after the other.

No training is made for it: :class:`tuner.report.outlook.Outlook` says what the study's trials
leave to expect.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from tuner.definition import Objective, StudySpec
from tuner.errors import ScheduleError
from tuner.report.outlook import FEWEST, PERCENT, Expected, Outlook
from tuner.schedules import Schedule, Schedules
from tuner.search import TrialRow

# A training that more likely collapses than not is marked.
EVEN = 0.5
_RISK = 0.05  # and one that is less likely to collapse than this is not said to
# Steps of the map to each side: quarters of a doubling, and of a tenfold end.
_STEPS = range(-8, 9)
_A_WARMUP = 0.05  # of the horizon, for a winner that has none


class Change(NamedTuple):
    """A change to the winner, and what it would be worth after it."""

    name: str
    schedule: Schedule
    expected: Expected

    @property
    def collapses(self) -> bool:
        """Whether it more likely collapses than not."""
        return self.expected.survives < EVEN


class Robustness(NamedTuple):
    """The winner's value, the changes to it, and the map of base LRs and ends around it.

    ``survives`` is the winner's own chance not to collapse, from another seed.
    ``rates`` and ``ends`` are the factors of the map, ``cells`` has a row for each of the ends,
    with None where base LR and end do not go together.
    """

    value: float
    survives: float
    trials: int
    changes: tuple[Change, ...]
    rates: tuple[float, ...] = ()
    ends: tuple[float, ...] = ()
    cells: tuple[tuple[Expected | None, ...], ...] = ()


def robustness(
    winner: TrialRow | None, outlook: Outlook | None, spec: StudySpec
) -> Robustness | None:
    """Return how robust a winner is expected to be; None if nothing can be said.

    Args:
        winner: The trial.
        outlook: What the study's trials leave to expect.
        spec: Its definition.
    """
    if outlook is None or winner is None or winner.value is None or winner.schedule is None:
        return None
    schedule = winner.schedule.lr if isinstance(winner.schedule, Schedules) else winner.schedule
    value = winner.value

    def expect(others: Sequence[Schedule]) -> list[Expected]:
        size = winner.updates_per_epoch or 0
        return outlook.instead(schedule, value, others, winner.options, size) if others else []

    named = [(name, each) for name, make in _changes(schedule) if (each := _made(make))]
    own, *expected = expect([schedule, *(each for _, each in named)])
    changes = tuple(Change(*each, what) for each, what in zip(named, expected, strict=True))
    found = Robustness(value, own.survives, outlook.trials, changes)
    return _with_map(found, schedule, expect)


def missing(spec: StudySpec) -> str:
    """Say why there is no robustness of a study's winner."""
    if spec.objective.error is None:
        return (
            f"It needs a metric that has a known best value, which {spec.objective.noun} has not."
        )
    return f"It needs a winner and {FEWEST} complete trials, all with finite values."


def sentence(found: Robustness, objective: Objective) -> str:
    """Say what a base LR of half and of twice the winner's would cost."""
    by_name = {change.name: change for change in found.changes}
    told = [
        f"{words} the base LR: {_told(by_name[name], found.value, objective)}"
        for name, words in (("base LR × ½", "half"), ("base LR × 2", "twice"))
        if name in by_name
    ]
    if not told:
        return ""
    risk = 1 - found.survives
    own = f" The winner itself has {risk:.0%} of collapse from another seed.".replace("%", " %")
    what = f"Expected change of {objective.judged_by} at {'; at '.join(told)}."
    return (
        f"{what} In brackets: {PERCENT} % of single runs, from {found.trials} complete trials."
        f"{own if risk > _RISK else ''}"
    )


def _told(change: Change, value: float, objective: Objective) -> str:
    form, expected = f"+{objective.digits}", change.expected
    ends = sorted((expected.worst - value, expected.best - value))
    risk = 1 - expected.survives
    words = f", and {risk:.0%} of collapse".replace("%", " %") if risk > _RISK else ""
    return f"{expected.value - value:{form}} ({ends[0]:{form}}..{ends[1]:{form}}){words}"


def _changes(schedule: Any) -> Iterator[tuple[str, Callable[[], Schedule]]]:
    """Yield the changes by their names; some are no schedule."""
    replaced = dataclasses.replace

    def of(**changed: Any) -> Callable[[], Schedule]:
        return lambda: replaced(schedule, **changed)

    for factor, word in ((0.5, "½"), (2.0, "2")):
        yield f"base LR × {word}", functools.partial(schedule.scaled, factor)
    warmup = schedule.warmup_steps
    if warmup:
        yield "no warmup", of(warmup_steps=0)
        yield "warmup × ½", of(warmup_steps=round(warmup / 2))
        yield "warmup × 2", of(warmup_steps=2 * warmup)
    else:
        share = round(_A_WARMUP * schedule.horizon)
        yield f"warmup of {_A_WARMUP:.0%}".replace("%", " %"), of(warmup_steps=share)
    end = getattr(schedule, "final_lr", 0.0)
    if end:
        yield "final LR × ⅒", of(final_lr=end / 10)
        yield "final LR × 10", of(final_lr=end * 10)
    if hasattr(schedule, "decay_factor"):
        root = schedule.decay_factor**0.5
        yield "drops half as deep", of(decay_factor=root)
        yield "drops twice as deep", of(decay_factor=schedule.decay_factor**2)


def _with_map(
    found: Robustness, schedule: Any, expect: Callable[[Sequence[Schedule]], list[Expected]]
) -> Robustness:
    if not getattr(schedule, "final_lr", 0.0):
        return found
    rates = tuple(2 ** (step / 4) for step in _STEPS)
    ends = tuple(10 ** (step / 4) for step in _STEPS)
    made = [
        [_made(functools.partial(_moved, schedule, rate, end)) for rate in rates] for end in ends
    ]
    expected = iter(expect([each for line in made for each in line if each]))
    cells = tuple(tuple(next(expected) if each else None for each in line) for line in made)
    return found._replace(rates=rates, ends=ends, cells=cells)


def _moved(schedule: Any, rate: float, end: float) -> Schedule:
    """Return a schedule with another base LR, and another end apart from that."""
    other: Any = dataclasses.replace(schedule, final_lr=0.0).scaled(rate)
    moved: Schedule = dataclasses.replace(other, final_lr=schedule.final_lr * end)
    return moved


def _made(make: Callable[[], Schedule]) -> Schedule | None:
    try:
        return make()
    except ScheduleError:  # a warmup of twice as many updates than there are
        return None
