"""The public functions of a study, and the result that its user holds."""

from __future__ import annotations

from tuner.studies.applying import Applied, run_under
from tuner.studies.dashboard import serve_dashboard
from tuner.studies.lr_range import RANGE_CAVEAT, LRRange, lr_range
from tuner.studies.opening import open_study
from tuner.studies.project import Plan, check_study, init_project
from tuner.studies.repeat import compare_study, confirm_study
from tuner.studies.result import StudyResult, form_of
from tuner.studies.shown import trial_columns
from tuner.studies.start import resume_study, run_study, run_worker
from tuner.studies.trying import Tried
from tuner.studies.tune import tune

__all__ = [
    "RANGE_CAVEAT",
    "Applied",
    "LRRange",
    "Plan",
    "StudyResult",
    "Tried",
    "check_study",
    "compare_study",
    "confirm_study",
    "form_of",
    "init_project",
    "lr_range",
    "open_study",
    "resume_study",
    "run_study",
    "run_under",
    "run_worker",
    "serve_dashboard",
    "trial_columns",
    "tune",
]
