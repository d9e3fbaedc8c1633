"""What is relied on of Optuna's private parts is as ``tuner/storage/optuna_internals.py`` says."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest
import sqlalchemy as sa
from optuna.search_space import IntersectionSearchSpace
from optuna.storages import BaseStorage, RDBStorage, get_storage
from optuna.trial import TrialState

from tuner.storage import (
    SYSTEM_ATTRIBUTES,
    TRIALS,
    USER_ATTRIBUTES,
    bare,
    copied,
    enqueued_params,
    forget_rungs,
    is_enqueued,
    metric_and_note,
    proxy_server,
    set_system_attribute,
    storage_of,
    study_id,
    study_told_otherwise,
    system_attribute,
    told_otherwise,
    trial_id,
    url_of,
    with_params_only,
)
from tuner.storage.optuna_internals import CALLED_BY_CACHE, OPTUNA_TABLES, VERSION_INFO

REPAIR = "Optuna has changed it: repair tuner/storage/optuna_internals.py."


@pytest.fixture
def storage(path: Path) -> Iterator[RDBStorage]:
    made = RDBStorage(f"sqlite:///{path}")
    yield made
    made.engine.dispose()


@pytest.fixture
def study(storage: RDBStorage) -> optuna.Study:
    return optuna.create_study(storage=storage, study_name="s", direction="maximize")


def test_identifiers_are_the_keys_of_the_storage(study: optuna.Study, storage: RDBStorage) -> None:
    optuna.create_study(storage=storage, study_name="first").ask()
    asked = study.ask()
    number = trial_id(asked)
    assert trial_id(study.get_trials()[0]) == number, f"FrozenTrial and Trial differ. {REPAIR}"
    assert trial_id(storage.get_trial(number)) == number, f"It is not the storage's. {REPAIR}"
    assert number != asked.number, f"It is not unique over the studies of a database. {REPAIR}"
    found = {each.study_name: study_id(each) for each in storage.get_all_studies()}
    assert found["s"] == study_id(study), f"Study and FrozenStudy differ. {REPAIR}"


def test_a_study_knows_its_storage(study: optuna.Study) -> None:
    found = storage_of(study)
    assert isinstance(found, BaseStorage), f"Study._storage is no storage. {REPAIR}"
    assert found.get_study_id_from_name("s") == study_id(study)


def test_system_attributes_are_kept(study: optuna.Study) -> None:
    trial = study.ask()
    set_system_attribute(storage_of(study), trial_id(trial), "tuner:owner", {"pid": 3})
    stored = study.get_trials()[0]
    assert system_attribute(stored, "tuner:owner") == {"pid": 3}, REPAIR
    assert system_attribute(stored, "tuner:other") is None, REPAIR
    set_system_attribute(storage_of(study), trial_id(trial), "tuner:owner", None)
    assert system_attribute(study.get_trials()[0], "tuner:owner") is None, REPAIR


def test_an_enqueued_trial_is_told_from_one_that_was_asked_for(study: optuna.Study) -> None:
    study.enqueue_trial({})
    assert is_enqueued(study.get_trials()[0]), f"`fixed_params` marks it no more. {REPAIR}"
    study.ask()
    study.ask()
    assert not is_enqueued(study.get_trials()[1]), REPAIR
    study.enqueue_trial({"x": 1})
    assert [*map(enqueued_params, study.get_trials())] == [{}, {}, {"x": 1}], REPAIR


def test_samplers_see_no_ended_trial_without_parameters(study: optuna.Study) -> None:
    for _ in range(2):
        trial = study.ask()
        trial.suggest_float("x", 0, 1)
        study.tell(trial, 0.5)
    study.tell(study.ask(), 0.9)
    assert IntersectionSearchSpace().calculate(study) == {}, "The view is not needed any more."
    seen = IntersectionSearchSpace().calculate(with_params_only(study))
    assert [*seen] == ["x"], f"They read the trials otherwise. {REPAIR}"


def test_a_copy_holds_a_value_outside_its_range(study: optuna.Study) -> None:
    study.enqueue_trial({"x": 5.0})
    with pytest.warns(UserWarning, match="out of range"):
        study.ask().suggest_float("x", 0, 1)
    [trial] = copied(study.get_trials(), study).get_trials()
    assert trial.params == {"x": 5.0}, f"It is validated. {REPAIR}"


def test_successive_halving_notes_its_rungs_in_the_trial(study: optuna.Study) -> None:
    study.pruner = optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=2)
    trial = study.ask()
    trial.report(0.5, 1)
    trial.should_prune()
    noted = study.get_trials()[0]
    assert len(noted.system_attrs) == 1, f"It notes something else. {REPAIR}"
    forget_rungs(noted, 0.25)  # what it had at another rung stays
    assert noted.system_attrs
    forget_rungs(noted, 0.5)
    assert not noted.system_attrs, f"Its notes are called otherwise. {REPAIR}"


def test_a_trial_can_be_stripped_and_extended(study: optuna.Study) -> None:
    trial = study.ask()
    trial.set_user_attr("a", 1)
    trial.report(0.5, 1)
    stored = study.get_trials()[0]
    frozen = told_otherwise(stored, {"b": 2}, {"artifacts:1": "{}"})
    assert system_attribute(frozen, "artifacts:1") == "{}", REPAIR
    assert frozen.user_attrs == {"b": 2}, REPAIR
    assert (stored.user_attrs, stored.system_attrs) == ({"a": 1}, {}), REPAIR
    plain = bare(frozen)
    left = (plain.user_attrs, plain.system_attrs, plain.intermediate_values)
    assert left == ({}, {}, {}), REPAIR


def test_a_metric_has_the_name_that_optuna_gives_it(study: optuna.Study) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that names are an experiment
        study.set_metric_names(["test loss"])
    own = study._storage.get_study_system_attrs(study_id(study))
    found = metric_and_note("test loss", "a note", {})
    assert own.items() <= found.items(), REPAIR
    [stored] = study._storage.get_all_studies()
    told = study_told_otherwise(stored, lambda _: {"a": 1}, lambda key, own: {**own, "key": key})
    assert (told.user_attrs, told.system_attrs) == ({"a": 1}, {**own, "key": 1}), REPAIR
    noted = {"dashboard:note_ver": 3, "dashboard:note_str:0": "of somebody"}
    assert metric_and_note("test loss", "a note", noted).items() >= noted.items()


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        (TRIALS, {"trial_id", "state", "datetime_complete"}),
        (SYSTEM_ATTRIBUTES, {"trial_id", "key", "value_json"}),
        (USER_ATTRIBUTES, {"trial_id", "key", "value_json"}),
        (VERSION_INFO, {"version_info_id", "schema_version"}),
    ],
    ids=["trials", "system_attributes", "user_attributes", "version_info"],
)
def test_tables_have_the_columns(table: sa.Table, columns: set[str]) -> None:
    assert columns <= set(table.columns.keys()), f"{table.name} has others. {REPAIR}"


def test_a_database_has_these_tables_and_no_others(storage: RDBStorage) -> None:
    tables = set(sa.inspect(storage.engine).get_table_names())
    assert tables == OPTUNA_TABLES, f"It has others. {REPAIR}"


def test_states_and_attributes_are_stored_as_they_are_written(
    study: optuna.Study, storage: RDBStorage
) -> None:
    """One transaction puts a trial back, in Optuna's own tables."""
    trial = study.ask()
    set_system_attribute(storage, trial_id(trial), "k", [1])
    with storage.engine.begin() as connection:
        own = TRIALS.c.trial_id == trial_id(trial)
        assert connection.scalar(sa.select(TRIALS.c.state).where(own)) == TrialState.RUNNING, (
            REPAIR
        )
        text = connection.scalar(sa.select(SYSTEM_ATTRIBUTES.c.value_json))
        assert text == "[1]", f"Attributes are not kept as JSON. {REPAIR}"
        connection.execute(TRIALS.update().where(own).values(state=TrialState.WAITING))
    assert storage.get_trial(trial_id(trial)).state == TrialState.WAITING, REPAIR


def test_the_cache_calls_these_of_a_storage(storage: RDBStorage) -> None:
    cached = get_storage(storage)
    source = inspect.getsource(type(cached))
    private = {
        name for name in vars(RDBStorage)
        if name.startswith("_") and not name.startswith("__") and f"_backend.{name}(" in source
    }  # fmt: skip
    private -= {"_get_stale_trial_ids"}  # for Optuna's own heartbeats, which are never on
    assert private <= set(CALLED_BY_CACHE), f"It calls {private} as well. {REPAIR}"
    gone = [name for name in CALLED_BY_CACHE if not callable(getattr(RDBStorage, name, None))]
    assert gone == [], f"A storage has none of these. {REPAIR}"


def test_a_proxy_server_starts_and_stops(study: optuna.Study, storage: RDBStorage) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        server = proxy_server(get_storage(storage), "127.0.0.1", 0, ThreadPoolExecutor(1))
    server.start()
    assert server.stop(grace=0).wait(timeout=10), REPAIR


def test_the_database_behind_the_cache_that_a_study_has(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/study.db"
    study = optuna.create_study(storage=url)
    assert not isinstance(storage_of(study), RDBStorage)
    assert url_of(storage_of(study)) == url
    assert url_of(storage_of(optuna.create_study())) == ""
