"""What is wrong with a study definition if two of its parts are looked at together."""

from __future__ import annotations

from collections.abc import Iterable

from tuner.definition.sections import Confirm, Training, fresh_seeds
from tuner.reading import Mistakes
from tuner.space import SearchSpace
from tuner.tasks import Task


def check_confirm(confirm: Confirm, training: Training, task: Task, mistakes: Mistakes) -> None:
    """Note if the task cannot train from the seeds of a confirm."""
    seeds = fresh_seeds(confirm.seed, confirm.max_seeds, training_seed=training.seed)
    wrong = wrong_seed(seeds, training.epochs, task) if confirm.enabled else None
    if wrong:
        mistakes.add("confirm.enabled", f"must be false, for {wrong}")


def trained_again(space: SearchSpace, trials: int) -> str:
    """Say so if a space has one schedule alone, which several trials would train; else ``""``."""
    count = trials - len(space.baselines)
    if count < 2 or not space.is_single:
        return ""
    return (
        f"the search space has one schedule alone, which {count} trials train from the same seed:"
        f" sample something, or give `trials` {trials - count + 1}"
    )


def wrong_seed(seeds: Iterable[int], epochs: int, task: Task) -> str | None:
    """Say which of the seeds the task cannot be trained from, None if it can from all."""
    for seed in seeds:
        wrong = task.mistakes(seed=seed, epochs=epochs, held_out=0)
        if "task.seed" in wrong:
            return f"it trains from seed {seed}, but task.seed {wrong['task.seed']}"
    return None
