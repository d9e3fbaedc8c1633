"""What is wrong with a study definition if two of its parts are looked at together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from tuner.definition.sections import Confirm, Training, fresh_seeds
from tuner.reading import Mistakes, options_told
from tuner.schedules import Constant, Inverse, Schedules
from tuner.space import MOMENTUM, SearchSpace
from tuner.tasks import CommandTask, NamedTask, Task

if TYPE_CHECKING:
    from tuner.definition.spec import StudySpec


def check_confirm(confirm: Confirm, training: Training, task: Task, mistakes: Mistakes) -> None:
    """Note if the task cannot train from the seeds of a confirm."""
    seeds = fresh_seeds(confirm.seed, confirm.max_seeds, training_seed=training.seed)
    wrong = wrong_seed(seeds, training.epochs, task) if confirm.enabled else None
    if wrong:
        mistakes.add("confirm.enabled", f"must be false, for {wrong}")


def check_rules(space: SearchSpace, task: Task, mistakes: Mistakes) -> None:
    """Note if a schedule is to be found while a task trains that is told it in advance."""
    if space.rules and isinstance(task, CommandTask):
        text = (
            f"must have no family {', '.join(space.rules)} for a command, which is told its"
            " learning rates before it begins; train by a function or a built-in task"
        )
        mistakes.add("search_space", text)


def trained_again(space: SearchSpace, trials: int) -> str:
    """Say so if a space has one schedule alone, which several trials would train; else ``""``."""
    count = trials - len(space.baselines)
    if count < 2 or not space.is_single:
        return ""
    return (
        f"the search space has one schedule alone, which {count} trials train from the same seed:"
        f" sample something, or give `trials` {trials - count + 1}"
    )


def check_task(task: Task, space: SearchSpace) -> None:
    """Make sure that a task can run here, and that its optimizer has what schedules drive in it.

    Where the task's options are sampled, its optimizer is known in a trial alone.

    Raises:
        TaskError: If it cannot run.
        ScheduleError: If its optimizer lacks something.
    """
    task.check()
    check_driven = getattr(task, "check_driven", None)
    if check_driven is None or space.options:
        return
    several = [b.schedule for b in space.baselines if isinstance(b.schedule, Schedules)]
    if MOMENTUM.keys() <= {*space.params, *space.fixed}:
        lr = Constant(base_lr=1.0, horizon=1)
        several.append(Schedules(lr=lr, momentum=Inverse(of=lr, low=0.5, high=0.9)))
    for schedule in several:
        check_driven(schedule)


def warnings_of(spec: StudySpec, trials: int) -> list[str]:
    """Return what is no mistake in a study of so many trials, but better known before it runs."""
    found = trained_again(spec.space, trials), _without_own_value(spec)
    return [text for text in found if text]


def _without_own_value(spec: StudySpec) -> str:
    """Say so if baselines have the middle of an option's range, as nobody gave a value."""
    space, task = spec.space, spec.task
    said: Mapping[str, Any] = spec.study_data["task"]
    given: Mapping[str, Any] = {}
    if isinstance(task, NamedTask):
        given = task.given
    elif isinstance(task, CommandTask):
        given = task.params
    own = said.get("params")
    known = {*said, *(own if isinstance(own, Mapping) else ())}
    middles = {
        name: given[name]
        for name in space.options
        if name in given and name not in known
        and any(baseline.options.get(name) == given[name] for baseline in space.baselines)
    }  # fmt: skip
    if not middles:
        return ""
    return (
        "the task has no value of its own of what is sampled, so baselines have the middle of the"
        f" range: {options_told(middles)}. Give theirs, `task = {{ {next(iter(middles))} = ... }}`"
        " in [[baseline]]; in Python baselines={label: (schedule, {name: value})}"
    )


def wrong_seed(seeds: Iterable[int], epochs: int, task: Task) -> str | None:
    """Say which of the seeds the task cannot be trained from, None if it can from all."""
    for seed in seeds:
        wrong = task.mistakes(seed=seed, epochs=epochs, held_out=0)
        if "task.seed" in wrong:
            return f"it trains from seed {seed}, but task.seed {wrong['task.seed']}"
    return None
