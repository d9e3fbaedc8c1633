"""Tunes learning-rate schedules and hands back the best one as a file.

>>> import tuner
>>> schedule = tuner.Cosine(base_lr=0.3, final_lr=0.01, horizon=7050, warmup_steps=235)
>>> round(schedule(235), 3), schedule(7050)
(0.3, 0.01)

The names below are imported when they are first used, so that loading a schedule needs neither
MXNet nor Optuna.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuner.api import open_study, resume_study, run_study
    from tuner.checks import check_training, lint
    from tuner.cli.progress import live
    from tuner.compat import import_mxnet
    from tuner.errors import TunerError
    from tuner.project import check_study, init_project
    from tuner.repeating import compare_study, confirm_study
    from tuner.schedules import (
        WSD,
        Constant,
        Cosine,
        CosineRestarts,
        Cyclic,
        Exponential,
        Factor,
        InverseTime,
        Linear,
        MultiFactor,
        OneCycle,
        Piecewise,
        Poly,
        Schedule,
        ScheduleFile,
        SquareRoot,
        load_schedule,
        read_schedule_file,
        save_schedule,
    )
    from tuner.study_result import StudyResult

_HOMES = {
    "StudyResult": "tuner.study_result",
    "open_study": "tuner.api",
    "resume_study": "tuner.api",
    "run_study": "tuner.api",
    "check_training": "tuner.checks",
    "lint": "tuner.checks",
    "live": "tuner.cli.progress",
    "import_mxnet": "tuner.compat",
    "TunerError": "tuner.errors",
    "check_study": "tuner.project",
    "init_project": "tuner.project",
    "compare_study": "tuner.repeating",
    "confirm_study": "tuner.repeating",
}

__all__ = [
    "WSD",
    "Constant",
    "Cosine",
    "CosineRestarts",
    "Cyclic",
    "Exponential",
    "Factor",
    "InverseTime",
    "Linear",
    "MultiFactor",
    "OneCycle",
    "Piecewise",
    "Poly",
    "Schedule",
    "ScheduleFile",
    "SquareRoot",
    "StudyResult",
    "TunerError",
    "check_study",
    "check_training",
    "compare_study",
    "confirm_study",
    "import_mxnet",
    "init_project",
    "lint",
    "live",
    "load_schedule",
    "open_study",
    "read_schedule_file",
    "resume_study",
    "run_study",
    "save_schedule",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("schedule-tuner")
    if name not in __all__:
        raise AttributeError(f"module 'tuner' has no attribute {name!r}")
    home = _HOMES.get(name, "tuner.schedules")
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
