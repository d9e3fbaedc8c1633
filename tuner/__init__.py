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
import importlib.util
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuner.adapters import import_mxnet
    from tuner.cli.progress import live
    from tuner.errors import TunerError
    from tuner.integrations import listeners as listeners
    from tuner.integrations import optuna as optuna
    from tuner.integrations.optuna import suggest_schedule
    from tuner.linting import check_training, lint
    from tuner.schedules import (
        WSD,
        WSDS,
        Constant,
        Cosine,
        CosinePower,
        CosineRestarts,
        Cyclic,
        Exponential,
        Factor,
        Inverse,
        InverseTime,
        Linear,
        MultiFactor,
        OneCycle,
        Piecewise,
        Plateau,
        Poly,
        Schedule,
        ScheduleFile,
        Schedules,
        SquareRoot,
        Tanh,
        load_schedule,
        read_schedule_file,
        save_schedule,
    )
    from tuner.space import Choice, Float, Int
    from tuner.studies import (
        StudyResult,
        check_study,
        compare_study,
        confirm_study,
        init_project,
        lr_range,
        open_study,
        resume_study,
        run_study,
        tune,
    )
    from tuner.tasks import Trial, trial

_HOMES = {
    "TunerError": "tuner.errors",
    "import_mxnet": "tuner.adapters",
    "check_training": "tuner.linting",
    "lint": "tuner.linting",
    "StudyResult": "tuner.studies",
    "check_study": "tuner.studies",
    "compare_study": "tuner.studies",
    "confirm_study": "tuner.studies",
    "init_project": "tuner.studies",
    "lr_range": "tuner.studies",
    "open_study": "tuner.studies",
    "resume_study": "tuner.studies",
    "run_study": "tuner.studies",
    "tune": "tuner.cli.calling",
    "suggest_schedule": "tuner.integrations.optuna",
    "Choice": "tuner.space",
    "Float": "tuner.space",
    "Int": "tuner.space",
    "Trial": "tuner.tasks",
    "trial": "tuner.tasks",
    "live": "tuner.cli.progress",
}

__all__ = [
    "WSD",
    "WSDS",
    "Choice",
    "Constant",
    "Cosine",
    "CosinePower",
    "CosineRestarts",
    "Cyclic",
    "Exponential",
    "Factor",
    "Float",
    "Int",
    "Inverse",
    "InverseTime",
    "Linear",
    "MultiFactor",
    "OneCycle",
    "Piecewise",
    "Plateau",
    "Poly",
    "Schedule",
    "ScheduleFile",
    "Schedules",
    "SquareRoot",
    "StudyResult",
    "Tanh",
    "Trial",
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
    "lr_range",
    "open_study",
    "read_schedule_file",
    "resume_study",
    "run_study",
    "save_schedule",
    "suggest_schedule",
    "trial",
    "tune",
]


# Modules with names of their own; not for a star, which would hide the package of that name.
_MODULES = {
    "listeners": "tuner.integrations.listeners", "optuna": "tuner.integrations.optuna"
}  # fmt: skip
_NEED_OPTUNA = ("tuner.cli.calling",
    "tuner.space", "tuner.studies", "tuner.tasks", "tuner.cli.progress",
    "tuner.integrations.optuna",
)  # fmt: skip
# Without Optuna, as where only schedules are loaded, a star gives the names that there are.
try:
    _has_optuna = importlib.util.find_spec("optuna") is not None
except ImportError:
    _has_optuna = False
for _name, _home in _HOMES.items():
    if not _has_optuna and _home in _NEED_OPTUNA:
        __all__.remove(_name)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("schedule-tuner")
    if name in _MODULES:
        return importlib.import_module(_MODULES[name])
    if name not in _HOMES and name not in __all__:
        raise AttributeError(f"module 'tuner' has no attribute {name!r}")
    home = _HOMES.get(name, "tuner.schedules")
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, *_MODULES]
