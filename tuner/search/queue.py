"""Trials that go back into the queue as they are: of a process that ends, died, or that failed.

Optuna has no operation for it: it fails such a trial and appends a copy.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from contextlib import suppress

import sqlalchemy as sa
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import BaseStorage, RDBStorage
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from tuner.search.attributes import REASON, records_of
from tuner.search.ownership import (
    DEATHS,
    MOST_DEATHS,
    OWNER,
    Owner,
    Watch,
    deaths_of,
    owner_of,
    this_process,
)
from tuner.storage import (
    SYSTEM_ATTRIBUTES,
    TRIALS,
    USER_ATTRIBUTES,
    set_system_attribute,
    system_attribute,
    trial_id,
    wait_out,
)

# How often it is looked whether a trial that was just asked for is somebody's by now.
_LOOK_SECONDS = 0.5


def put_back(storage: BaseStorage, trial: Trial) -> None:
    """Return a trial of this process to the queue, with its number, parameters and records.

    Does nothing if the trial is another process's by now.
    """
    frozen = storage.get_trial(trial_id(trial))
    owner = owner_of(frozen)
    if owner is not None and not owner.is_same_process(this_process()):
        return
    if isinstance(storage, RDBStorage):
        free(storage, frozen)
    elif frozen.state == TrialState.RUNNING:
        # Through a proxy there are no transactions; nobody else touches our own trial.
        with suppress(UpdateFinishedTrialError):
            set_system_attribute(storage, trial_id(trial), OWNER, None)
            storage.set_trial_state_values(trial_id(trial), state=TrialState.WAITING)


def free(storage: RDBStorage, trial: FrozenTrial, *, died_at: int | None = None) -> int | None:
    """Return a running trial to the queue, unless it is not as it was seen any more.

    One transaction, for which Optuna has no operation: of two processes that both see an orphan
    only one may free it, or the other takes it from whoever continues it.

    Args:
        storage: The study's storage.
        trial: The trial as it was seen.
        died_at: The epochs it has, if its process died of it.

    Returns:
        How many processes died of it in a row at these epochs; None if another was faster.
    """
    trials, attributes = TRIALS, SYSTEM_ATTRIBUTES
    own = attributes.c.trial_id == trial_id(trial)
    deaths, epochs = system_attribute(trial, DEATHS) or (0, None)
    if died_at is not None:
        deaths, epochs = (deaths + 1 if epochs == died_at else 1), died_at

    def try_once() -> int | None:
        with storage.engine.begin() as connection:
            lock = sa.select(trials.c.state).where(trials.c.trial_id == trial_id(trial))
            state = connection.scalar(lock.with_for_update())
            stored = connection.scalar(
                sa.select(attributes.c.value_json).where(own, attributes.c.key == OWNER)
            )
            found = json.loads(stored) if stored else None
            owner = Owner(**found) if found else None
            if state != TrialState.RUNNING or owner != owner_of(trial):
                return None
            connection.execute(
                attributes.delete().where(own, attributes.c.key.in_((OWNER, DEATHS)))
            )
            if deaths:
                row = {"key": DEATHS, "value_json": json.dumps([deaths, epochs])}
                connection.execute(attributes.insert().values(trial_id=trial_id(trial), **row))
            connection.execute(
                trials.update()
                .where(trials.c.trial_id == trial_id(trial))
                .values(state=TrialState.WAITING)
            )
        return int(deaths)

    return wait_out(storage, try_once)


def put_back_orphans(study: Study, storage: BaseStorage, watch: Watch) -> list[int]:
    """Return the running trials of dead processes to the queue, each exactly once.

    Behind a storage proxy this is the proxy's work, which has the database.

    Returns:
        The numbers of the trials that were put back.
    """
    if not isinstance(storage, RDBStorage):
        return []
    freed = []
    for trial in watch.orphans(study, storage):
        epochs = len(records_of(trial.user_attrs))
        died_at = epochs if watch.may_have_killed(trial) else None
        if free(storage, trial, died_at=died_at) is not None:
            freed.append(trial.number)
    return freed


def put_back_killed(study: Study, storage: BaseStorage) -> None:
    """Return to the queue what workers held that had to be killed, as nobody's fault.

    A worker that is told to stop now puts its trial back itself, but may be anywhere when it is
    told: in the middle of a transaction, or of asking for a trial that it has not made its own.
    Whether such a trial is another's, just asked for, shows in a moment.
    """
    if not isinstance(storage, RDBStorage):
        return
    watch = Watch()
    while True:
        for trial in watch.orphans(study, storage):
            free(storage, trial)
        running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        if all(owner_of(trial) for trial in running):
            return
        time.sleep(_LOOK_SECONDS)


def try_again(storage: BaseStorage, trial_ids: Sequence[int], *, given_up: bool = False) -> bool:
    """Return failed trials to the queue, with their numbers, parameters and records.

    Optuna has no operation for it; behind a storage proxy, where there are no transactions, they
    stay failed.

    Args:
        storage: The study's storage.
        trial_ids: The trials, of which others than failed ones are left alone.
        given_up: Whether those, too, that were given up because processes died on them. They then
            are as if none had.

    Returns:
        Whether they are in the queue.
    """
    if not isinstance(storage, RDBStorage):
        return False
    deaths = {number: deaths_of(storage.get_trial(number)) for number in trial_ids}
    again = [n for n in trial_ids if given_up or deaths[n] < MOST_DEATHS]
    # Without an owner: who asks for it next is not taken for the one that is dead.
    gone = [(USER_ATTRIBUTES, REASON), (SYSTEM_ATTRIBUTES, OWNER)]
    gone += [(SYSTEM_ATTRIBUTES, DEATHS)] if given_up else []

    def try_once() -> None:
        with storage.engine.begin() as connection:
            is_failed = TRIALS.c.trial_id.in_(again) & (TRIALS.c.state == TrialState.FAIL)
            lock = sa.select(TRIALS.c.trial_id).where(is_failed).with_for_update()
            failed = [*connection.scalars(lock)]
            for attributes, key in gone:
                own = attributes.c.trial_id.in_(failed)
                connection.execute(attributes.delete().where(own, attributes.c.key == key))
            connection.execute(
                TRIALS.update()
                .where(TRIALS.c.trial_id.in_(failed))
                .values(state=TrialState.WAITING, datetime_complete=None)
            )

    if again:
        wait_out(storage, try_once)
    return True


def tried_again(storage: BaseStorage, trial_ids: Sequence[int]) -> str:
    """Return failed trials to the queue if that can be, and say what is to be done now.

    What made them fail one after the other is not theirs: those, too, on which processes died.
    """
    if try_again(storage, trial_ids, given_up=True):
        return "They are in the queue again; repair it and run the same command once more."
    return (
        "They stay failed, for a storage proxy cannot put them back into the queue; repair it and"
        " start another study."
    )
