"""The JSON Schemas accept what the package reads, and refuse what is wrong in form."""

from __future__ import annotations

import copy
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

import tuner
from tuner.definitions import read_toml
from tuner.errors import DefinitionError
from tuner.schedules import FAMILIES
from tuner.schedules.file import _KEYS
from tuner.schemas import SCHEMAS, schema, schema_text
from tuner.schemas.study import _TABLES
from tuner.spec import load_spec
from tuner.spec_search import PRUNERS, SAMPLERS
from tuner.spec_sections import StudyFile
from tuner.tasks import TASKS

from .docs_page import as_toml
from .schedules.strategies import schedules

ROOT = Path(__file__).parent.parent
VALIDATORS = {name: Draft202012Validator(schema(name)) for name in SCHEMAS}


def mistakes(name: str, data: object) -> list[str]:
    return [f"{e.json_path}: {e.message}" for e in VALIDATORS[name].iter_errors(data)]


def toml_files() -> list[Path]:
    folders = ("studies", "search_spaces", "examples", "tuner/templates")
    found = (path for folder in folders for path in (ROOT / folder).rglob("*.toml"))
    return sorted(path for path in found if "format" in read_toml(path))


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one_of_the_draft(name: str) -> None:
    Draft202012Validator.check_schema(schema(name))
    assert json.loads(schema_text(name)) == schema(name)
    # Of a size that an editor reads at once.
    assert len(schema_text(name)) < 150_000


def test_an_unknown_schema() -> None:
    with pytest.raises(tuner.TunerError, match="'study', 'search_space', 'schedule', but got 'x'"):
        schema("x")


@pytest.mark.parametrize("path", toml_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_definition_of_the_repository_validates(path: Path) -> None:
    data = read_toml(path)
    kind = data["format"].partition("/")[0].removeprefix("tuner.")
    assert mistakes(kind, data) == []


def test_there_are_definitions() -> None:
    assert len(toml_files()) >= 14


@pytest.mark.parametrize(
    "path", [*sorted((ROOT / "tests/golden").glob("*.json")), ROOT / "examples/schedule.json"],
    ids=lambda path: path.name,
)  # fmt: skip
def test_every_schedule_file_of_the_repository_validates(path: Path) -> None:
    assert mistakes("schedule", json.loads(path.read_text())) == []


@given(schedules())
def test_a_saved_schedule_of_any_family_validates(schedule: tuner.Schedule) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any.json"
        tuner.save_schedule(schedule, path, batch_size=64)
        assert mistakes("schedule", json.loads(path.read_text())) == []


# --- what the schemas say ---


def test_the_schema_of_a_schedule_has_the_keys_that_are_read() -> None:
    assert set(schema("schedule")["properties"]) == set(_KEYS)


def test_every_table_of_a_study_is_described_as_it_is_read() -> None:
    tables = schema("study")["properties"]
    assert set(tables) == set(StudyFile.model_fields)
    for name, table in tables.items():
        assert table["description"], name
        if StudyFile.model_fields[name].annotation is Any:
            assert "properties" in table or "oneOf" in table, name
    for name, section in _TABLES.items():
        assert set(tables[name]["properties"]) == set(section.model_fields)


@pytest.mark.parametrize(("table", "kinds"), [("sampler", SAMPLERS), ("pruner", PRUNERS)])
def test_every_sampler_and_pruner_is_described(table: str, kinds: dict[str, Any]) -> None:
    found = schema("study")["properties"][table]["oneOf"]
    assert [each["properties"]["type"]["const"] for each in found] == list(kinds)


def test_every_key_says_what_it_means() -> None:
    """So that an editor can show it; ``type`` and ``family`` name what their table is."""
    silent = []

    def walk(place: str, found: object) -> None:
        if isinstance(found, dict):
            for key, value in found.get("properties", {}).items():
                told = value.get("description") or "$ref" in value or "const" in value
                if not told and key not in ("low", "high", "step", "params", "family"):
                    silent.append(f"{place}.{key}")
            for key, value in found.items():
                walk(f"{place}.{key}", value)
        elif isinstance(found, list):
            for each in found:
                walk(place, each)

    for name in ("study", "schedule"):
        walk(name, schema(name))
    assert silent == []


def test_every_family_and_parameter_is_described() -> None:
    families = {each["properties"]["family"]["const"]: each for each in
                schema("schedule")["properties"]["schedule"]["oneOf"]}  # fmt: skip
    assert list(families) == list(FAMILIES)
    for family, each in families.items():
        assert each["description"], family
        for name, parameter in each["properties"]["params"]["properties"].items():
            assert parameter["description"], (family, name)
    for name, parameter in schema("search_space")["$defs"].items():
        assert parameter["description"], name


def test_no_role_of_sphinx_is_left() -> None:
    for name in SCHEMAS:
        assert "``" not in schema_text(name)
        assert ":func:" not in schema_text(name)
        assert ":class:" not in schema_text(name)


# --- wrong files: `tuner check` refuses them, and so do the schemas ---

STUDY: dict[str, Any] = {
    "format": "tuner.study/1",
    "name": "small",
    "search_space": "space.toml",
    "task": {"name": "lenet_fashion_mnist", "epochs": 2},
    "budget": {"trials": 4},
}
SPACE: dict[str, Any] = {
    "format": "tuner.search_space/1",
    "name": "small",
    "fixed": {"warmup_mode": "linear"},
    "params": {
        "family": {"type": "categorical", "choices": ["constant", "cosine", "wsd"]},
        "base_lr": {"type": "float", "low": 0.01, "high": 1.0, "log": True},
        "warmup_steps": {"type": "int", "low": "0up", "high": "0.2dur"},
        "decay_steps": {
            "type": "int", "low": "0.1dur", "high": "0.5dur", "when": {"family": "wsd"},
        },
        "final_lr_ratio": {
            "type": "float", "low": 0.01, "high": 0.5, "when": {"family": ["cosine", "wsd"]},
        },
    },
    "baseline": [
        {"label": "constant", "family": "constant", "base_lr": 0.3, "warmup_steps": "0up"},
    ],
}  # fmt: skip


def changed(data: dict[str, Any], place: str, value: Any) -> dict[str, Any]:
    """Return the data with something else at a dotted place; ... removes what is there."""
    found = copy.deepcopy(data)
    *path, last = [int(key) if key.isdigit() else key for key in place.split(".")]
    table: Any = found
    for key in path:
        table = table[key] if isinstance(key, int) else table.setdefault(key, {})
    if value is ...:
        del table[last]
    else:
        table[last] = value
    return found


@pytest.fixture
def refused_by_tuner(tmp_path: Path) -> Callable[..., bool]:
    """Return a function that tells whether the package refuses a study or its search space."""

    def refuses(study: dict[str, Any], space: dict[str, Any]) -> bool:
        for name, data in (("study", study), ("space", space)):
            lines = (f"{key} = {as_toml(value)}\n" for key, value in data.items())
            (tmp_path / f"{name}.toml").write_text("".join(lines))
        try:
            load_spec(tmp_path / "study.toml")
        except DefinitionError:
            return True
        return False

    return refuses


def test_the_right_ones_are_right(refused_by_tuner: Callable[..., bool]) -> None:
    assert not refused_by_tuner(STUDY, SPACE)
    assert mistakes("study", STUDY) == mistakes("search_space", SPACE) == []


@pytest.mark.parametrize(
    ("place", "value"),
    [
        # unknown keys
        ("notess", "x"),
        ("task.epoch", 3),
        ("task.batchsize", 64),
        ("budget.trial", 3),
        ("objective.metrics", "test_loss"),
        ("sampler", {"type": "screening", "group": True}),
        ("pruner", {"type": "none", "rungs": ["1ep"]}),
        ("confirm.seedss", 3),
        ("storage.path", "x.db"),
        ("workers.number", 2),
        # missing ones
        ("format", ...),
        ("name", ...),
        ("search_space", ...),
        ("task", ...),
        ("task.epochs", ...),
        ("budget", ...),
        ("budget.trials", ...),
        ("sampler", {"seed": 1}),
        ("pruner", {}),
        ("task", {"name": "table", "epochs": 2}),
        # wrong types
        ("name", 3),
        ("notes", ["x"]),
        ("task", "lenet_fashion_mnist"),
        ("task.epochs", "4"),
        ("task.epochs", 0),
        ("task.epochs", 2.5),
        ("task.seed", -1),
        ("task.batch_size", "64"),
        ("task.train_size", 70_000),
        ("task.optimizer_params", {"momentum": "0.9"}),
        ("budget.trials", True),
        ("confirm.enabled", "yes"),
        ("workers.count", 0),
        ("sampler", "tpe"),
        ("pruner", {"type": "forecast", "keep": 0.4}),
        ("pruner", {"type": "forecast", "control_share": 1.5}),
        # wrong words
        ("format", "tuner.study/2"),
        ("name", "a b"),
        ("search_space", ""),
        ("task.name", "lenet"),
        ("task.optimizer", "sgdd"),
        ("task.device", "tpu"),
        ("objective.evaluate_on", "train"),
        ("objective.direction", "up"),
        ("sampler", {"type": "grid"}),
        ("pruner", {"type": "forecast", "signal": "mean"}),
        # durations and times
        ("budget.timeout", 30),
        ("budget.timeout", "30"),
        ("pruner", {"type": "forecast", "rungs": ["2"]}),
        ("pruner", {"type": "forecast", "rungs": [2]}),
        ("pruner", {"type": "halving", "rungs": ["500up"], "keep": [0.4]}),
        ("pruner", {"type": "successive_halving", "min_resource": "1"}),
        ("pruner", {"type": "median", "warmup": "0.1dur"}),
    ],
    ids=str,
)
def test_wrong_studies(place: str, value: Any, refused_by_tuner: Callable[..., bool]) -> None:
    wrong = changed(STUDY, place, value)
    assert refused_by_tuner(wrong, SPACE)
    assert mistakes("study", wrong)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        # unknown keys
        ("param", {}),
        ("fixed.warmup", "1ep"),
        ("params.final_lrr", {"type": "float", "low": 0.1, "high": 0.2}),
        ("params.base_lr.lo", 0.1),
        ("baseline.0.power", 2.0),  # which a constant has not
        ("baseline.0.lable", "x"),
        # missing ones
        ("name", ...),
        ("params", ...),
        ("params.family", ...),
        ("params.base_lr.type", ...),
        ("params.base_lr.low", ...),
        ("params.family.choices", ...),
        ("baseline.0.label", ...),
        # wrong types
        ("params.base_lr.low", "0.1"),
        ("params.base_lr.log", 1),
        ("params.base_lr", 0.3),
        ("params.base_lr", {"type": "number", "low": 0.1, "high": 0.2}),
        ("params.warmup_steps", {"type": "float", "low": 0.0, "high": 0.2}),
        ("params.family.choices", "constant"),
        ("params.family.choices", []),
        ("params.milestones", {"type": "categorical", "choices": ["1ep"]}),
        ("fixed.warmup_begin_lr", "0.0"),
        ("baseline", {"label": "x"}),
        ("baseline.0.base_lr", "0.3"),
        ("baseline.0.base_lr", -0.3),
        ("baseline.0.published", 0.88),
        # wrong words
        ("format", "tuner.study/1"),
        ("fixed.warmup_mode", "cosine"),
        ("params.family.choices", ["constant", "cosin"]),
        ("params.decay_steps.when", {"family": "wds"}),
        ("params.decay_shape", {"type": "categorical", "choices": ["round"]}),
        ("baseline.0.family", "constnat"),
        # durations
        ("params.warmup_steps.high", 200),
        ("params.warmup_steps.high", "200"),
        ("params.warmup_steps.high", "0.2"),
        ("params.warmup_steps", {"type": "categorical", "choices": [0, 100]}),
        ("baseline.0.warmup_steps", 5),
        ("baseline.0.horizon", "30 epochs"),
    ],
    ids=str,
)
def test_wrong_search_spaces(
    place: str, value: Any, refused_by_tuner: Callable[..., bool]
) -> None:
    wrong = changed(SPACE, place, value)
    assert refused_by_tuner(STUDY, wrong)
    assert mistakes("search_space", wrong)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("extra", 1),
        ("sha256", ...),
        ("sha256", "0"),
        ("format", "tuner.schedule/2"),
        ("horizon", "940"),
        ("updates_per_epoch", 0),
        ("batch_size", 2.5),
        ("check", []),
        ("check", [[1, 0.1, 2]]),
        ("provenance", None),
        ("units", {"time": "epochs", "lr": "absolute"}),
        ("schedule.family", "cosin"),
        ("schedule.params.base_lr", ...),
        ("schedule.params.power", 2.0),
        ("schedule.params.horizon", "4ep"),
        ("schedule.params.warmup_mode", "cosine"),
    ],
    ids=str,
)
def test_wrong_schedules(place: str, value: Any, tmp_path: Path) -> None:
    good = json.loads((ROOT / "tests/golden/cosine.1.json").read_text())
    wrong = changed(good, place, value)
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(wrong))
    with pytest.raises(tuner.TunerError):
        tuner.load_schedule(path)
    assert mistakes("schedule", wrong)


# --- tasks ---


def test_tasks_of_ones_own_have_keys_of_their_own() -> None:
    own = {"name": "tasks:make_task", "epochs": 2, "width": 64, "layers": [1, 2]}
    assert mistakes("study", {**STUDY, "task": own}) == []
    assert mistakes("study", {**STUDY, "task": {**own, "epochs": "2"}})


@pytest.mark.parametrize("name", TASKS)
def test_built_in_tasks_have_none(name: str) -> None:
    task = {"name": name, "epochs": 2, "path": "x.jsonl"} if name == "table" else STUDY["task"]
    assert mistakes("study", {**STUDY, "task": task}) == []
    assert mistakes("study", {**STUDY, "task": {**task, "width": 64}})


def test_a_task_that_is_passed_has_no_name() -> None:
    assert mistakes("study", {**STUDY, "task": {"epochs": 2, "seed": 1}}) == []
    assert mistakes("study", {**STUDY, "task": {"epochs": 2, "width": 64}})


def test_every_option_of_a_task_is_described() -> None:
    tasks = {each["properties"].get("name", {}).get("const"): each for each in
             schema("study")["properties"]["task"]["oneOf"]}  # fmt: skip
    for name, section in TASKS.items():
        assert set(section.model_fields) <= set(tasks[name]["properties"])


def test_a_baseline_of_the_fixed_family_needs_no_family() -> None:
    params = {"base_lr": SPACE["params"]["base_lr"]}
    space = {
        **SPACE,
        "fixed": {"family": "constant"},
        "params": params,
        "baseline": [{"label": "x", "base_lr": 0.1}, {"label": "y", "file": "best.json"}],
    }
    assert mistakes("search_space", space) == []


# --- the command ---


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_command_prints_it(name: str, tuner_command: Callable) -> None:
    ran = tuner_command("schema", name)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == schema_text(name)


def test_the_command_names_what_there_is(tuner_command: Callable) -> None:
    ran = tuner_command("schema", "studies")
    assert ran.code == 2
    assert "'study', 'search_space', 'schedule'" in ran.err
