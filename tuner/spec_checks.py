"""Mistakes of a study definition that two of its sections make together."""

from __future__ import annotations

from tuner.confirmation import fresh_seeds
from tuner.definitions import Mistakes, Section
from tuner.spec_sections import Confirm, Training
from tuner.tasks.base import Task
from tuner.units import Duration


def check_confirm(confirm: Confirm, training: Training, task: Task, mistakes: Mistakes) -> None:
    """Note if the task cannot train from the seeds of a confirm."""
    seeds = fresh_seeds(confirm.seed, confirm.max_seeds, training_seed=training.seed)
    for seed in seeds if confirm.enabled else ():
        wrong = task.mistakes(seed=seed, epochs=training.epochs, held_out=0)
        if "task.seed" in wrong:
            text = f"must be false, for it trains from seed {seed}, but task.seed"
            mistakes.add("confirm.enabled", f"{text} {wrong['task.seed']}")
            return


def check_pruner(pruner: Section, epochs: int, mistakes: Mistakes) -> None:
    """Note durations of a pruner that do not fit into a training."""
    for key in ("min_resource", "warmup"):
        text = getattr(pruner, key, None)
        if text is None:
            continue
        amount = Duration.parse(text).amount
        least = 1 if key == "min_resource" else 0
        if not least <= amount <= epochs:
            text = f"must be {least}ep..{epochs}ep, the task's epochs, but got {text!r}"
            mistakes.add(f"pruner.{key}", text)
