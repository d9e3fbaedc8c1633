"""A search space: TOML -> what Optuna samples -> a schedule.

:func:`parse_space` reads the file's content, resolves its durations to updates for a study's
clock, and checks that every schedule the space can produce is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from tuner.errors import DefinitionError, ScheduleError
from tuner.reading import Clock, Mistakes, read_toml
from tuner.schedules import RULES, Plateau, Schedule
from tuner.space.baselines import Baseline
from tuner.space.options import OptionsOfTask, options_in
from tuner.space.params import Param
from tuner.space.reading import SpaceReader
from tuner.space.schedule_files import with_schedule_files
from tuner.space.values import build, known_schedule

__all__ = ["Baseline", "SearchSpace", "Suggests", "load_space", "parse_space"]


class Suggests(Protocol):
    """The part of an Optuna trial that a space needs."""

    def suggest_categorical(self, name: str, choices: Any) -> Any:
        """Return one of the choices."""

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None, log: bool
    ) -> float:
        """Return a number of the range."""

    def suggest_int(self, name: str, low: int, high: int, *, step: int, log: bool) -> int:
        """Return a whole number of the range."""


class SearchSpace(NamedTuple):
    """A search space for one clock: all durations are in updates.

    ``data`` is the content of its file, from which it is resolved for the clock of a trial that
    has another batch size.

    Example:
        >>> space = load_space("search_spaces/chapter.toml", Clock(235, 7050))
        >>> space.baselines[0].label
        'chapter: constant 0.3'
    """

    name: str
    clock: Clock
    params: dict[str, Param]
    fixed: dict[str, Any]
    baselines: tuple[Baseline, ...]
    data: Mapping[str, Any] = MappingProxyType({})

    @property
    def options(self) -> dict[str, Param]:
        """The options of the task that are sampled, by the names that the task has for them."""
        return options_in(self.params)

    @property
    def base_lrs(self) -> tuple[float, float]:
        """The lowest and the highest base LR."""
        if "base_lr" in self.params:
            return self.params["base_lr"].ends()
        lr = float(self.fixed.get("base_lr", 1.0))
        return lr, lr

    @property
    def is_single(self) -> bool:
        """Whether it has one schedule alone."""
        return all(param.is_single for param in self.params.values())

    def sample(self, trial: Suggests) -> dict[str, Any]:
        """Ask an Optuna trial for the parameters that its family has.

        Args:
            trial: An Optuna trial, or anything with its three ``suggest`` methods.

        Returns:
            Parameter names and values, in the order of the file.
        """
        values: dict[str, Any] = {}
        for name, param in self.params.items():
            if param.applies(values):
                values[name] = param.suggest(name, trial)
        return values

    def schedule(self, values: Mapping[str, Any], clock: Clock | None = None) -> Schedule:
        """Return the schedule that sampled values stand for, as it is known before its training.

        That of a family that finds it while it trains is constant after the warmup: :meth:`rule`.

        Args:
            values: As sampled, durations in updates of this space's clock.
            clock: That of the trial, if it is another one. The schedule is then laid out for it:
                shares of the horizon and epochs stay what they are, and so do durations that the
                space has in updates.

        Raises:
            ScheduleError: If the values describe no schedule.
        """
        return known_schedule(self._made(values, clock), clock or self.clock)

    def rule(self, values: Mapping[str, Any], clock: Clock | None = None) -> Plateau | None:
        """Return the rule by which a training with sampled values finds its schedule, if it does.

        Args:
            values: As :meth:`schedule` takes them.
            clock: Likewise.

        Raises:
            ScheduleError: If the values describe none.
        """
        if self.family(values) not in RULES:
            return None
        made = self._made(values, clock)
        return made if isinstance(made, Plateau) else None

    def family(self, values: Mapping[str, Any]) -> str:
        """Return the family of sampled values."""
        return str({**self.fixed, **values}["family"])

    @property
    def rules(self) -> list[str]:
        """The families that find their schedules while they train, sampled or as a baseline."""
        sampled = self.params["family"].choices if "family" in self.params else ()
        baselines = [b.rule.family for b in self.baselines if b.rule is not None]
        words = {self.fixed.get("family"), *sampled, *baselines}
        return [word for word in RULES if word in words]

    def _made(self, values: Mapping[str, Any], clock: Clock | None) -> Schedule | Plateau:
        if clock is None or clock == self.clock:
            return build({**self.fixed, **values}, self.clock)
        other = self.on(clock)
        moved = {name: self._moved(name, value, other) for name, value in values.items()}
        return build({**other.fixed, **moved}, clock)

    def on(self, clock: Clock) -> SearchSpace:
        """Return the same space without its baselines, resolved for another clock.

        Raises:
            ScheduleError: If it cannot be, as with a warmup that is longer than the training then.
        """
        try:
            return parse_space({**self.data, "baseline": []}, self.name, clock)
        except DefinitionError as error:
            place, text = error.mistakes[0]
            raise ScheduleError(
                f"The search space must fit {clock.updates_per_epoch} updates an epoch, but"
                f" {place} {text}"
            ) from error

    def _moved(self, name: str, value: Any, other: SearchSpace) -> Any:
        param = self.params.get(name)
        return value if param is None else param.moved(value, other.params[name])


def parse_space(
    data: Mapping[str, Any], where: str, clock: Clock, of_task: OptionsOfTask | None = None
) -> SearchSpace:
    """Check the content of a search-space file and resolve it for a clock.

    Args:
        data: The content, as TOML or as stored in a study.
        where: What to call it in messages, usually the file's path.
        clock: Updates per epoch and horizon of the trainings.
        of_task: What is known of the task whose options are sampled.

    Returns:
        The search space.

    Raises:
        DefinitionError: With every mistake that was found.
    """
    mistakes = Mistakes(where)
    read = SpaceReader(data, clock, mistakes, of_task or OptionsOfTask.none(clock))
    mistakes.raise_if_any()
    return SearchSpace(read.name, clock, read.params, read.fixed, read.baselines, data)


def load_space(path: str | Path, clock: Clock) -> SearchSpace:
    """Read a search-space file; see :func:`parse_space`."""
    data = with_schedule_files(read_toml(path), Path(path).parent)
    return parse_space(data, str(path), clock)
