"""Running an unchanged script under a schedule, outside of a study."""

from __future__ import annotations

import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tuner.errors import TaskError
from tuner.schedules import Schedule, read_schedule_file
from tuner.tasks import (
    ScriptFiles,
    environment,
    filled,
    find_program,
    gives_schedule,
    wrong_placeholders,
)

_SHARE = 0.1  # of the updates by which a training may differ from its schedule without a word


class Applied(NamedTuple):
    """What a script did: its exit code, and whether the schedule reached it as far as is known."""

    code: int
    reached: bool
    warning: str


def run_under(
    schedule: Schedule | str | Path,
    command: Sequence[str],
    *,
    optimizer: str | int | None = None,
    seed: int = 0,
) -> Applied:
    """Run a command, whose PyTorch or Keras optimizer follows a schedule.

    Args:
        schedule: A schedule, or a schedule file.
        command: The words of the command; placeholders are filled as in a study, ``{params.NAME}``
            with the options that the file's schedule was tuned with.
        optimizer: Which optimizer of a script that has several: its class, or its number from 0.
        seed: What ``{seed}`` stands for.

    Raises:
        TaskError: If there is no such program or placeholder.
        ScheduleFileError: If the file cannot be read.
    """
    params: dict[str, Any] = {}
    per_epoch, provenance = None, None
    if not isinstance(schedule, Schedule):
        file = read_schedule_file(schedule)
        schedule, per_epoch, _, provenance = file
        params = file.params
    wrong = wrong_placeholders(command, params)
    if wrong:
        raise TaskError(f"The command has {wrong}.")
    program = find_program(command, Path())
    with tempfile.TemporaryDirectory(prefix="tuner-", ignore_cleanup_errors=True) as name:
        files = ScriptFiles(Path(name))
        files.write_schedule(schedule, updates_per_epoch=per_epoch, provenance=provenance)
        words = filled(command, schedule, files, seed, params)
        code = _run([program, *words[1:]], environment(command, files, seed, params, optimizer))
        told = files.told()
        failed = [str(each["failed"]) for each in told if "failed" in each]
        in_charge = gives_schedule(command) or any("trial" in each for each in told)
        if in_charge or failed or code:
            return Applied(code, True, failed[0] if failed else "")
        return _judged(schedule, any("drives" in each for each in told), files.updates)


def _run(words: Sequence[str], variables: dict[str, str]) -> int:
    """Run a command as if it had been typed: Ctrl-C is for it, and it says how it ends."""
    handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    process = subprocess.Popen(words, env=variables)
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to both
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        code = process.wait()
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    return code if code >= 0 else 128 - code


def _judged(schedule: Schedule, was_driven: bool, updates: int) -> Applied:
    if not was_driven:
        return Applied(
            0, False,
            "the schedule did not reach the script: no optimizer of PyTorch or Keras made a step"
            " in it. Give it {schedule}, {rates} or {base_lr}, or call tuner.trial() in it.",
        )  # fmt: skip
    if abs(updates - schedule.horizon) > max(4, _SHARE * schedule.horizon):
        return Applied(
            0, True,
            f"the script made {updates} updates, but the schedule is laid out over"
            f" {schedule.horizon}. `tuner.load_schedule(..., epochs=...)` lays it out anew.",
        )  # fmt: skip
    return Applied(0, True, "")
