"""A worker: takes one trial of a study after the other until the study has its budget."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress

from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import BaseStorage
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from tuner.definition import StudySpec, merit
from tuner.errors import StorageError, TrainingError
from tuner.search.attributes import REASON
from tuner.search.events import Listener, TrialEnded
from tuner.search.failures import give_memory_back
from tuner.search.ownership import MOST_DEATHS, Heart, Watch, deaths_of, owner_of
from tuner.search.queue import put_back, put_back_orphans, tried_again, try_again
from tuner.search.results import state_told
from tuner.search.software import warn_of_other_software
from tuner.search.study import study_there
from tuner.search.trial import Outcome, Stopped, run_trial
from tuner.storage import (
    explain,
    give_up_waiting,
    hide_password,
    hurry_if,
    is_database_error,
    is_passing,
    trial_id,
)
from tuner.tasks import CheckpointStore

# More failures in a row than this are no bad luck.
MOST_FAILURES = 3
# How often a worker without work looks whether a trial of another one was put back.
_LOOK_SECONDS = 0.5

# Says why a worker should stop ("interrupted", "timeout"), or "".
StopReason = Callable[[], str]


def _lasting(stop_reason: StopReason) -> StopReason:
    """Keep to the first reason: a trial that was stopped for it must not be taken again."""
    reasons: list[str] = []

    def asked() -> str:
        if not reasons and (reason := stop_reason()):
            reasons.append(reason)
        return reasons[0] if reasons else ""

    return asked


class Worker:
    """Runs trials of a study, beside any number of other workers.

    The study's budget are its trial numbers below ``budget``: every one of them is finished
    exactly once, whatever happens to workers, and no other is started.

    Args:
        study: The study, prepared.
        storage: Its storage.
        spec: Its definition.
        budget: Finished trials that the study may have, over all its runs and workers.
        listen: Called with every event.
        stop_reason: Asked after every epoch and between trials.
        supervised: Whether the process that started this one replaces it if it dies, and if it is
            spent.
        failed: The numbers of the trials that the worker before this one failed in last.
    """

    def __init__(
        self,
        study: Study,
        storage: BaseStorage,
        spec: StudySpec,
        *,
        budget: int,
        listen: Listener,
        stop_reason: StopReason,
        supervised: bool = False,
        failed: Sequence[int] = (),
    ) -> None:
        self._study, self._storage, self._spec = study, storage, spec
        self._budget, self._listen, self._stop_reason = budget, listen, _lasting(stop_reason)
        self._store = CheckpointStore(spec.folder / "checkpoints", limit_bytes=spec.states_bytes)
        self._watch = Watch(supervised=supervised)
        self._supervised, self._failed_before = supervised, failed
        self._unborn: set[int] | None = None
        hurry_if(storage, stop_reason)
        study.sampler, study.pruner = spec.optuna_sampler(), spec.optuna_pruner()

    def run(self) -> str:
        """Run trials until the budget is used or a stop is requested.

        Trials that failed one after the other up to another end go back into the queue: it is not
        them that have to be repaired.

        Returns:
            ``"done"``, the reason of the stop, or ``"spent"`` if it is to be replaced: after a
            failed trial, for what that left on a GPU may make the next one fail.

        Raises:
            TrainingError: If several trials in a row failed.
            StorageError: If the database fails, or its file is gone.
            StudyError: If the study is gone.
        """
        self._failed: list[int] = []  # one after the other
        is_spent = False
        try:
            with study_there(self._study, self._storage, self._spec.storage_url):
                ended = self._run()
            is_spent = ended == "spent"  # whoever comes next knows them
            return ended
        except BaseException:
            give_up_waiting(self._storage)
            raise
        finally:
            with suppress(Exception):  # what happened first is what counts
                try_again(self._storage, [] if is_spent else self._failed)

    def _run(self) -> str:
        is_spent = False
        try:
            warn_of_other_software(self._study, self._spec)
            if self._failed_before:
                trials = self._study.get_trials(deepcopy=False)
                self._failed = [trial_id(trials[number]) for number in self._failed_before]
            while not (reason := self._stop_reason()):
                put_back_orphans(self._study, self._storage, self._watch)
                todo = self._todo()
                if todo is None:
                    self._failed = []
                    return "done"
                if is_spent:
                    return "spent"
                if not todo:
                    time.sleep(_LOOK_SECONDS)
                    continue
                outcome = self._run_one()
                if outcome is None or outcome.state != TrialState.FAIL:
                    continue
                give_memory_back()
                is_spent = self._supervised
                if len(self._failed) >= MOST_FAILURES:
                    what_now = tried_again(self._storage, self._failed)
                    raise TrainingError(
                        f"{len(self._failed)} trials failed in a row, the last one:"
                        f" {outcome.reason.rstrip('.')}. {what_now}"
                    )
        except Exception as error:
            if not is_database_error(error):
                raise
            reason = self._stop_reason()
            if reason and is_passing(error):  # whoever comes next puts its trial back
                return reason
            raise StorageError(
                f"The database {hide_password(self._spec.storage_url)} failed: {explain(error)}."
                " What it holds is safe; run the same command again to continue."
            ) from error
        return reason

    def _todo(self) -> bool | None:
        """Tell whether there is a trial to take; None if there never will be."""
        trials = self._study.get_trials(deepcopy=False)
        if self._is_one_unborn(trials):
            return False
        ours = trials[: self._budget]
        if len(trials) < self._budget:
            return True
        if all(trial.state.is_finished() for trial in ours):
            return None
        return any(trial.state == TrialState.WAITING for trial in ours)

    def _is_one_unborn(self, trials: Sequence[FrozenTrial]) -> bool:
        """Tell whether a trial that was nobody's when this worker began still is.

        A process that was killed after asking for a trial, before it made it its own, may have
        left it. It comes before any new one, as it would have if nobody had been killed.
        """
        nobodys = {
            trial.number
            for trial in trials
            if trial.state == TrialState.RUNNING and owner_of(trial) is None
        }
        self._unborn = nobodys if self._unborn is None else self._unborn & nobodys
        return bool(self._unborn)

    def _run_one(self) -> Outcome | None:
        """Run one trial and store how it ended; None if it is not this worker's to end."""
        trial = self._ask()
        if trial.number >= self._budget:
            # Two workers took what both saw as the last one.
            self._give_back(trial)
            return None
        try:
            with Heart(self._storage, trial) as heart:
                outcome = self._outcome(trial, heart)
                if not heart.owns():
                    return None
                self._tell(trial, outcome)
        except UpdateFinishedTrialError:
            return None  # this process slept, and another one finished the trial
        except BaseException as interruption:
            if not isinstance(interruption, Stopped):
                give_up_waiting(self._storage)
                with suppress(Exception):  # what happened first is what counts
                    put_back(self._storage, trial)
                raise
            self._give_back(trial)
            self._say_ended(trial, "waiting", None, "to be continued")
            return None
        is_failed = outcome.state == TrialState.FAIL
        self._failed = [*self._failed, trial_id(trial)] if is_failed else []
        state = state_told(outcome.state, outcome.reason, self._spec.repeats)
        value = self._storage.get_trial(trial_id(trial)).value
        self._say_ended(trial, state, value, outcome.reason)
        return outcome

    def _give_back(self, trial: Trial) -> None:
        """Put a trial back, even if this process is told to stop now while it does so."""
        try:
            put_back(self._storage, trial)
        except KeyboardInterrupt:  # after which signals are ignored
            put_back(self._storage, trial)
            raise

    def _tell(self, trial: Trial, outcome: Outcome) -> None:
        if outcome.reason:
            trial.set_user_attr(REASON, outcome.reason)
        try:
            self._study.tell(trial, outcome.value, state=outcome.state)
        except (UpdateFinishedTrialError, ValueError):
            state = self._storage.get_trial(trial_id(trial)).state
            if state == TrialState.RUNNING:
                raise
            # Its own answer, if the database went away between storing it and saying so.
            if state != outcome.state:
                raise UpdateFinishedTrialError from None

    def _outcome(self, trial: Trial, heart: Heart) -> Outcome:
        deaths = deaths_of(self._storage.get_trial(trial_id(trial)))
        if deaths >= MOST_DEATHS:
            reason = (
                f"given up: {deaths} processes died on it without finishing {self._spec.unit.one}"
            )
            return Outcome(TrialState.FAIL, None, reason)
        return run_trial(
            trial,
            self._spec,
            self._store,
            self._listen,
            lambda: bool(self._stop_reason()) or not heart.owns(),
        )

    def _ask(self) -> Trial:
        with warnings.catch_warnings():
            # Optuna's heartbeats need its own loop; ours are those of `Heart`.
            warnings.filterwarnings("ignore", message="Heartbeat of storage is supposed to be")
            return self._study.ask()

    def _say_ended(self, trial: Trial, state: str, value: float | None, reason: str) -> None:
        trials = self._study.get_trials(deepcopy=False)
        complete = [t for t in trials if t.state == TrialState.COMPLETE]
        if self._spec.repeats:
            complete = []  # the best of several seeds says nothing
        minimized = self._spec.objective.minimized
        best = max(
            complete,
            key=lambda trial: (merit(trial.value or 0.0, minimized), -trial.number),
            default=None,
        )
        event = TrialEnded(
            number=trial.number,
            state=state,
            value=value,
            reason=reason,
            best_value=best.value if best else None,
            best_number=best.number if best else None,
            finished=sum(t.state.is_finished() for t in trials),
            budget=self._budget,
            judged_by=self._spec.objective.judged_by,
        )
        self._listen(event)
