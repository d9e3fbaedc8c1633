"""Optuna meets training: sampling, pruning, trials and the study around them."""

from __future__ import annotations

from tuner.search.events import (
    EpochEnded,
    Event,
    Listener,
    StudyEnded,
    StudyStarted,
    TrialEnded,
    TrialStarted,
    from_json,
    to_json,
)
from tuner.search.ownership import Watch, owner_of, try_again
from tuner.search.pruners import Rungs
from tuner.search.results import (
    PRUNED_AFTER,
    STATES,
    FalsePrunes,
    Summary,
    TrialRow,
    begun_trials,
    epochs_saved,
    false_prunes,
    ranking,
    summary,
    trial_rows,
)
from tuner.search.study import (
    difference,
    files_folder,
    find_study,
    prepare_study,
    quiet_optuna,
    refuse_difference,
    store_definition,
    stored_spec,
    study_names,
)
from tuner.search.trial import BASELINE, LABEL, REASON, SCHEDULE, SEED, records_of
from tuner.search.worker import StopReason, Worker, put_back_killed, put_back_orphans

__all__ = [
    "BASELINE",
    "LABEL",
    "PRUNED_AFTER",
    "REASON",
    "SCHEDULE",
    "SEED",
    "STATES",
    "EpochEnded",
    "Event",
    "FalsePrunes",
    "Listener",
    "Rungs",
    "StopReason",
    "StudyEnded",
    "StudyStarted",
    "Summary",
    "TrialEnded",
    "TrialRow",
    "TrialStarted",
    "Watch",
    "Worker",
    "begun_trials",
    "difference",
    "epochs_saved",
    "false_prunes",
    "files_folder",
    "find_study",
    "from_json",
    "owner_of",
    "prepare_study",
    "put_back_killed",
    "put_back_orphans",
    "quiet_optuna",
    "ranking",
    "records_of",
    "refuse_difference",
    "store_definition",
    "stored_spec",
    "study_names",
    "summary",
    "to_json",
    "trial_rows",
    "try_again",
]
