"""The options of the task that a search space samples or fixes, and the task that has them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from tuner.errors import TaskError
from tuner.reading import Mistakes
from tuner.space import Param, as_params, is_option, sampled_options
from tuner.tasks import (
    BATCH_SIZE,
    NamedTask,
    Task,
    options_without_values,
    with_options,
    without_values,
    wrong_options,
)

# Combinations of choices that are tried before a study begins.
_MOST = 256


class Asked(NamedTuple):
    """What a search space has of the task's options: those that are sampled, and fixed values.

    Where an option is not sampled, as in a baseline or where its condition is not met, it has the
    task's own value. One that must be given a value, as a function's without a default, gets the
    middle of its range, or the first choice.
    """

    sampled: Mapping[str, Param] = MappingProxyType({})
    fixed: Mapping[str, Any] = MappingProxyType({})

    @classmethod
    def of(cls, space_data: Mapping[str, Any] | str) -> Asked:
        """Return those of the content of a search space, if it could be read."""
        return cls() if isinstance(space_data, str) else cls(*sampled_options(space_data))

    def added(self, name: str, options: Mapping[str, Any], folder: str) -> dict[str, Any]:
        """Return the options of a task that is named, with those that it cannot be made without.

        Args:
            name: The task's.
            options: Those of the study file.
            folder: The study's.
        """
        if not (self.sampled or self.fixed):
            return dict(options)
        if name == "command":
            own = options.get("params", {})
            if not isinstance(own, Mapping):
                return dict(options)
            # A batch size is an option of the command's own, and of the task.
            sizes = {BATCH_SIZE: options.get(BATCH_SIZE, 1), **self.fixed}
            names = [*self.sampled, *self.fixed]
            batch = {BATCH_SIZE: sizes[BATCH_SIZE]} if BATCH_SIZE in names else {}
            rest = self._middles(each for each in self.sampled if each != BATCH_SIZE)
            return {**options, **batch, "params": {**rest, **own, **self.fixed, **batch}}
        if ":" not in name:
            return dict(options)
        own = {**options, **self.fixed}
        return {**self._middles(options_without_values(name, own, folder, self.sampled)), **own}

    def taken(self, task: Task, mistakes: Mistakes) -> Task:
        """Return a task with the fixed options, and a value of all that it has none of.

        Args:
            task: The task.
            mistakes: Takes the note if it cannot have them.
        """
        if not (self.sampled or self.fixed):
            return task
        if isinstance(task, NamedTask) and (task.whole is None or not task.is_passed):
            names = [*self.sampled, *self.fixed]
            given = {name: task.options[name] for name in names if name in task.options}
            return task if task.whole is None else task.knowing(self.sampled, given)
        whole = task.whole if isinstance(task, NamedTask) else task
        assert whole is not None, "a task that was passed is there"
        wrong = wrong_options(whole, self.fixed)
        values = self._middles(without_values(whole, self.sampled))
        values |= {name: value for name, value in self.fixed.items() if name not in wrong}
        try:
            whole = with_options(whole, values)
        except TaskError as error:
            mistakes.add("search_space", f"[fixed.task] must fit the task: {error}")
        if not isinstance(task, NamedTask):
            return whole
        return NamedTask(task.name, {}, task.folder, None, whole).knowing(self.sampled, values)

    def wrong_for(self, task: Task) -> dict[str, str]:
        """Return what of the options a task does not have, or not so, by its place in the space.

        Args:
            task: The task, with the fixed ones.
        """
        found = {
            f"{table}.task.{name}": text
            for table, names in (("params", self.sampled), ("fixed", self.fixed))
            for name, text in wrong_options(task, names).items()
        }
        batch, size = self.sampled.get(BATCH_SIZE), task.batch_size
        if batch is not None and not found and size > 1:
            most, key = size * task.updates_per_epoch, "choices" if batch.choices else "high"
            if _largest(batch) > most:
                text = f"must be <= {most}, the examples of an epoch, but got {_largest(batch)}"
                found[f"params.task.{BATCH_SIZE}.{key}"] = text
        return found

    def ends(self, options: Mapping[str, Param]) -> Iterator[dict[str, Any]]:
        """Yield combinations of options that stand for all: of choices each, of ranges both ends.

        Args:
            options: As the space samples them, with their conditions.
        """
        choices = {name: param.choices for name, param in options.items() if param.choices}
        for chosen in itertools.islice(itertools.product(*choices.values()), _MOST):
            given = dict(zip(choices, chosen, strict=True))
            for end in ("low", "high"):
                values: dict[str, Any] = {}
                for name, param in options.items():
                    among = tuple(each for each in param.when if is_option(each[0]))
                    if param._replace(when=among).applies(as_params(values)):
                        values[name] = given[name] if name in given else getattr(param, end)
                        if param.type == "int":
                            values[name] = int(values[name])
                yield values

    def _middles(self, names: Iterable[str]) -> dict[str, Any]:
        return {name: self.sampled[name].middle() for name in names}


NOTHING = Asked()


def _largest(param: Param) -> float:
    """Return the largest number that is sampled; 0 if none is."""
    numbers = [end for end in param.choices if isinstance(end, (int, float))]
    return max(numbers, default=0) if param.choices else param.high
