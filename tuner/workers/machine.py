"""This machine: the GPUs that its worker processes are dealt, and the cores that they share.

Each worker is told in its environment, before any framework looks.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import psutil

from tuner.adapters.mxnet_import import SHARE_VARIABLE
from tuner.definition import StudySpec, Workers
from tuner.errors import StudyError
from tuner.search import Listener, StopReason
from tuner.workers.devices import VISIBLE, visible_gpus
from tuner.workers.processes import run_workers

# What libraries take the number of their threads from. Those that know their own name alone are
# named as well.
_THREADS = (
    "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS", "TF_NUM_INTRAOP_THREADS",
)  # fmt: skip
# No GPU for CUDA and for ROCm, to which an empty text means all of them.
_NONE = "-1"


class Machine:
    """This machine, where a study's workers are processes.

    Args:
        settings: ``[workers]`` of the study.
        asked: How many workers the caller asks for, if it does.
        environ: The environment of this process.
        root: The root of the machine's files.

    Raises:
        StudyError: If it has not the GPUs that the settings name.

    Example:
        >>> machine = Machine(Workers(), environ={"CUDA_VISIBLE_DEVICES": "0,1"})
        >>> machine.count, [each["CUDA_VISIBLE_DEVICES"] for each in machine.environments(2)]
        (2, ['0', '1'])
    """

    def __init__(
        self,
        settings: Workers,
        asked: int | None = None,
        *,
        environ: Mapping[str, str] = os.environ,
        root: Path = Path("/"),
    ) -> None:
        self._settings, self._asked = settings, asked or settings.count
        self._environ, self._root = environ, root
        self._variables: Mapping[str, str] = {}
        # They name GPUs, so that one worker, too, sees others than this process does.
        self._chooses = settings.devices != "auto" or settings.gpus_per_trial > 1
        if self._chooses:
            _ = self._shares

    @property
    def count(self) -> int:
        """How many workers a study has: as asked, else as many as GPUs take, or as cores."""
        return self._asked or len(self._shares) * self._settings.per_device or _cores()

    @property
    def trains_here(self) -> bool:
        """Whether this very process is the only worker."""
        return not self._chooses and self.count == 1

    def with_variables(self, variables: Mapping[str, str]) -> Machine:
        """Return this machine, where every worker has more in its environment."""
        other = copy.copy(self)
        other._variables = variables
        return other

    def environments(self, workers: int) -> list[dict[str, str]]:
        """Return what each of some workers has in its environment beside what this process has.

        The shares of the GPUs are dealt in turn, so that no GPU has two workers before each has
        one. A number of threads that the user has set stays.
        """
        shown = [_NONE] if self._settings.devices == "cpu" else self._shares
        dealt = [dict.fromkeys(VISIBLE, share) for share in shown] or [{}]
        common = {**self._threads(workers), **self._variables}
        return [{**dealt[index % len(dealt)], **common} for index in range(workers)]

    def run(
        self,
        spec: StudySpec,
        workers: int,
        *,
        budget: int,
        listen: Listener,
        stop_reason: StopReason,
    ) -> str:
        """Run a study, already prepared; see :func:`~tuner.workers.processes.run_workers`."""
        return run_workers(
            spec,
            self.environments(workers),
            budget=budget,
            listen=listen,
            stop_reason=stop_reason,
        )

    @cached_property
    def _shares(self) -> list[str]:
        """The GPUs of a worker, for as many workers as there are GPUs for."""
        chosen, size = self._settings.devices, self._settings.gpus_per_trial
        if chosen == "cpu":
            return []
        gpus = visible_gpus(self._environ, self._root)
        seen = f"but this process sees {len(gpus)}"
        named = [f"{name}={self._environ[name]}" for name in VISIBLE if name in self._environ]
        seen += f" ({', '.join(named)})" if named else ""
        if isinstance(chosen, list):
            if max(chosen) >= len(gpus):
                raise StudyError(
                    f"[workers] devices = {chosen} must be GPUs that are visible, counted from 0,"
                    f' {seen}. Name others, or write devices = "auto".'
                )
            gpus = [gpus[number] for number in chosen]
        if size > 1 and len(gpus) < size:
            raise StudyError(
                f"[workers] gpus_per_trial = {size} must be at most the GPUs that are visible,"
                f" {seen}."
            )
        return [",".join(gpus[i : i + size]) for i in range(0, len(gpus) - size + 1, size)]

    def _threads(self, workers: int) -> dict[str, str]:
        set_by_user, _, _ = self._environ.get(_THREADS[0], "").partition(",")
        number = set_by_user or str(max(_cores() // workers, 1))
        share = {} if set_by_user else {SHARE_VARIABLE: number}
        return {**{name: number for name in _THREADS if name not in self._environ}, **share}


def _cores() -> int:
    """Return how many cores there are, as far as this process may use them."""
    cores = psutil.cpu_count(logical=False) or 1
    may_use = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    return min(cores, len(may_use(0))) if may_use else cores
