"""Schedules side by side, as the chapter prints them: what their trainings ended with.

Every schedule is trained on the same seeds. Everything here is a pure function of the trainings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from tuner.definition import merit
from tuner.repeats.paired import Difference, Spread, paired, spread
from tuner.schedules import Plateau, Schedule, drops_in_words
from tuner.search import FINISHED
from tuner.tasks import EpochRecord


class Repeat(NamedTuple):
    """A training of a schedule from one seed, over or not.

    ``values`` are its test accuracies, or what else the objective measures, after each epoch.
    ``value`` is that of its end: of a collapsed training what it was then, chance; None of one
    that failed or is not over. ``reason`` says why it collapsed or failed. ``schedule`` is what it
    was trained under, as far as that is known.
    """

    seed: int
    state: str
    records: tuple[EpochRecord, ...]
    values: tuple[float | None, ...]
    value: float | None
    reason: str
    schedule: Schedule | None = None

    @property
    def is_complete(self) -> bool:
        """Whether it got to its last epoch."""
        return self.state == "complete"

    @property
    def is_collapsed(self) -> bool:
        """Whether it became hopeless before."""
        return self.state == "collapsed"


class Compared(NamedTuple):
    """A schedule and its trainings; ``published`` is what others report of it, as text.

    With a ``rule`` each training finds its own schedule, and ``schedule`` is that of the first.
    ``options`` are those of the task that it is trained with, where the study samples any, and
    ``updates_per_epoch`` those of the task with them.
    """

    label: str
    schedule: Schedule
    published: str
    repeats: tuple[Repeat, ...]
    rule: Plateau | None = None
    options: Mapping[str, Any] = MappingProxyType({})
    updates_per_epoch: int | None = None

    @property
    def given(self) -> Schedule | Plateau:
        """The schedule that was compared, or the rule that finds one."""
        return self.rule or self.schedule

    @property
    def train_loss(self) -> Spread | None:
        """The mean train loss of the last epoch, without collapsed trainings, which have none."""
        return _spread([repeat.records[-1].train_loss for repeat in self._complete])

    @property
    def train_accuracy(self) -> Spread | None:
        """The train accuracy of the last epoch, without collapsed trainings, which have none."""
        return _spread([repeat.records[-1].train_accuracy for repeat in self._complete])

    @property
    def value(self) -> Spread | None:
        """What the objective measures at the end; a collapsed training counts with what it had."""
        return _spread([repeat.value for repeat in self.repeats])

    @property
    def values(self) -> dict[int, float]:
        """What the objective measures at the end of each training, by seed."""
        return {each.seed: each.value for each in self.repeats if each.value is not None}

    @property
    def curves(self) -> list[Sequence[float | None]]:
        """The values after each epoch of the trainings that got to their end."""
        return [repeat.values for repeat in self.repeats if repeat.is_complete]

    @property
    def collapsed(self) -> tuple[int, ...]:
        """The seeds whose trainings collapsed."""
        return tuple(repeat.seed for repeat in self.repeats if repeat.is_collapsed)

    @property
    def failed(self) -> tuple[int, ...]:
        """The seeds whose trainings failed."""
        return tuple(repeat.seed for repeat in self.repeats if repeat.state == "failed")

    @property
    def note(self) -> str:
        """Which trainings are no ordinary ones, and what each found that finds its schedule.

        Example:
            >>> from tuner.schedules import Constant
            >>> dead = Repeat(3, "collapsed", (), (), 0.1, "collapsed in epoch 1")
            >>> Compared("hot", Constant(base_lr=9.0, horizon=2), "", (dead,)).note
            'collapsed: seed 3'
        """
        kinds = (("collapsed", self.collapsed), ("failed", self.failed))
        found = [f"seed {r.seed} {drops_in_words(r.schedule)}" for r in self.repeats if self.rule]
        unusual = (
            f"{what}: seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}"
            for what, seeds in kinds
            if seeds
        )
        return "; ".join([*unusual, *found])

    @property
    def _complete(self) -> list[Repeat]:
        return [repeat for repeat in self.repeats if repeat.is_complete and repeat.records]


class Comparison(NamedTuple):
    """Schedules side by side, in the order in which they were given.

    ``missing`` trainings are not over yet. ``judged_by`` is what their value is, ``minimized``
    says that small ones are the good ones.
    """

    schedules: tuple[Compared, ...]
    missing: int
    judged_by: str = "test accuracy"
    minimized: bool = False

    @property
    def ranked(self) -> list[Compared]:
        """The schedules that have a value, the best mean first."""
        means = [(each, each.value.mean) for each in self.schedules if each.value]
        return [each for each, _ in sorted(means, key=lambda m: -merit(m[1], self.minimized))]

    def behind(self, compared: Compared) -> Difference | None:
        """Return the difference of a schedule to the best one, seed by seed; None of itself."""
        best = next(iter(self.ranked), None)
        return paired(compared.values, best.values) if best and compared is not best else None

    @property
    def ties(self) -> list[Compared]:
        """The schedules that the seeds do not separate from the best one, by their ranks.

        One that collapsed from more of the seeds that both have is none, as in a confirm.
        """
        found = [(each, self.behind(each)) for each in self.ranked[1:]]
        return [
            each
            for each, to in found
            if to and to.low <= 0 <= to.high and not _collapsed_more(each, self.ranked[0])
        ]

    @property
    def trained(self) -> int:
        """Trainings that are over."""
        return sum(
            repeat.state in FINISHED for compared in self.schedules for repeat in compared.repeats
        )


def _collapsed_more(one: Compared, other: Compared) -> bool:
    both = one.values.keys() & other.values.keys()
    return len(both.intersection(one.collapsed)) > len(both.intersection(other.collapsed))


def _spread(values: Sequence[float | None]) -> Spread | None:
    return spread([value for value in values if value is not None])
