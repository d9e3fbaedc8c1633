"""Schedulers that Accelerate steps once for every process."""

from __future__ import annotations

from collections.abc import Iterator

from tuner.linting.finding import Finding
from tuner.linting.lengths import Training
from tuner.linting.source.amounts import PROCESSES, SHORTENED
from tuner.linting.source.program import Program

PREPARED = (
    "prepare() steps this {name} num_processes times an update: on N processes it runs N times too"
    " fast. Leave it out of prepare() and write `if accelerator.sync_gradients: scheduler.step()`."
)


def check(program: Program, training: Training) -> Iterator[Finding]:
    """Yield `prepared`: on N processes it runs N times too fast."""
    if program.splits:
        return
    for scheduler in program.schedulers:
        if scheduler.prepared is None:
            continue
        marks = scheduler.horizon.marks
        if scheduler.ours:
            message = PREPARED.format(name=scheduler.name)
            yield Finding("prepared", message).at(scheduler.prepared)
        elif SHORTENED in marks and PROCESSES not in marks:
            yield Finding(
                "prepared",
                f"prepare() steps this {scheduler.name} num_processes times an update, but"
                f" `{scheduler.horizon.text}` counts the batches of one process: on N processes it"
                " runs N times too fast. Multiply by accelerator.num_processes, or take the length"
                " before prepare().",
            ).at(scheduler.place)
