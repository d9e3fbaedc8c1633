"""Databases, training states and schedule files of a released version are as good as today's.

They lie in the folder of that version, as ``make.py`` made them there with that version's code.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import tuner
from tuner.__main__ import main

from .snapshot import differences, snapshot

RELEASED = Path(__file__).parent / "0.1.0"
# Where that version ran: a database has the whole path of a table, and of a module's folder.
WAS_IN = "/srv/released"
# How each study goes on, by its file or by its database alone.
STUDIES = {
    "table": "run",
    "tpe": "resume",
    "halving": "run",
    "median": "resume",
    "passed": "resume",
    "lenet": "run",
    "torch": "resume",
}
# Their trainings give other bits on another processor.
TRAINED = ("lenet", "torch")
# Their training states are small, and of no version of a framework.
VALLEYS = ("tpe", "halving", "median", "passed")
PLANNED = ("number", "baseline", "params", "schedule", "is_control")
Expected = dict[str, Any]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a copy to go on with, and forget the modules in it afterwards."""
    copy = tmp_path / "released"
    shutil.copytree(RELEASED, copy, ignore=shutil.ignore_patterns("__pycache__", "exp*ed"))
    for database in copy.glob("*/study.db"):
        move(database, copy)
    monkeypatch.setattr(sys, "path", [*sys.path])
    sys.modules.pop("own_tasks", None)
    yield copy
    sys.modules.pop("own_tasks", None)


def move(database: Path, folder: Path) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(
            "UPDATE study_user_attributes SET value_json = replace(value_json, ?, ?)",
            (WAS_IN, folder.as_posix()),
        )


@pytest.fixture(params=STUDIES)
def name(request: pytest.FixtureRequest) -> str:
    """Return the name of each study."""
    return str(request.param)


@pytest.fixture
def expected(name: str) -> Expected:
    """Return what the released version saw in a study, and what it came to with it."""
    return read(RELEASED / "expected" / f"{name}.json")


def read(path: Path) -> Expected:
    found: Expected = json.loads(path.read_text(encoding="utf-8"))
    return found


@pytest.mark.usefixtures("training")
def test_a_study_opens_as_it_was_left(folder: Path, name: str, expected: Expected) -> None:
    file = folder / f"{name}.toml"
    result = tuner.open_study(file)
    assert [*differences(snapshot(result), expected["stored"])] == []
    # The fingerprint of its definition among the rest.
    result.export(folder / "again.json")
    documents = [
        read(path) for path in (folder / "again.json", RELEASED / f"exported/{name}.json")
    ]
    for document in documents:
        del document["sha256"], document["provenance"]["created"]
    if name in VALLEYS:
        # That version said "test" of functions, which measure on examples that they alone know.
        assert documents[0]["provenance"]["objective"]["evaluate_on"] is None
        del documents[1]["provenance"]["objective"]["evaluate_on"]
    if name == "table":  # the default pruner of this version, which it does not name, is another
        for document in documents:
            del document["provenance"]["fingerprint"]
    assert [*differences(*documents)] == []
    if name != "passed":  # such a file cannot be checked alone
        assert tuner.check_study(file).finished == expected["stored"]["summary"]["finished"]


@pytest.mark.usefixtures("seconds")
def test_a_study_goes_on_as_it_did(folder: Path, name: str, expected: Expected) -> None:
    events: list[Any] = []
    result = go_on(folder, name, events)
    assert result.ended == "done"
    found, before, after = snapshot(result), expected["stored"], expected["resumed"]
    if name in TRAINED:
        compare_planned(found, before, after)
    elif name == "table":
        # The default sampler and pruner of this version are others: from the trial on that comes
        # after those that had begun they choose for themselves.
        begun = len(before["trials"])
        assert [*differences(found["trials"][:begun], after["trials"][:begun])] == []
        assert len(found["trials"]) == len(after["trials"]) > begun
    else:
        assert [*differences(found, after)] == []
    # A training state gives what an interrupted trial had; the others were left out here.
    if name in VALLEYS:
        (trial,) = (row for row in before["trials"] if row["state"] == "waiting")
        known = [(e.number, e.record.epoch) for e in events if getattr(e, "is_known", False)]
        assert known == [(trial["number"], each["epoch"]) for each in trial["records"]]


def go_on(folder: Path, name: str, events: list[Any]) -> tuner.StudyResult:
    file = folder / f"{name}.toml"
    options: dict[str, Any] = {"workers": 1, "on_event": events.append}
    if name in TRAINED:
        options["confirm"] = False  # what was confirmed stays
    if name == "passed":
        sys.path.insert(0, str(folder))
        options["task"] = importlib.import_module("own_tasks").make_valley(0.5)
    if STUDIES[name] == "run":
        return tuner.run_study(file, **options)
    return tuner.resume_study(tuner.open_study(file).storage, study=name, **options)


def compare_planned(found: Expected, before: Expected, after: Expected) -> None:
    """Compare what does not depend on the processor: what was stored, and what was drawn."""
    for row, drawn in zip(found["trials"], after["trials"], strict=True):
        assert [*differences(row, {key: drawn[key] for key in PLANNED})] == []
        assert row["state"] == "complete"
    for row, left in zip(found["trials"], before["trials"], strict=False):
        if left["state"] != "waiting":
            assert [*differences(row, left)] == []
        records = row["records"][: len(left["records"])]
        assert [*differences(records, left["records"])] == []
    for repeats in ("confirmation", "comparison"):
        assert [*differences(found[repeats], before[repeats])] == []


@pytest.mark.parametrize("command", ["status", "best"])
@pytest.mark.parametrize("name", ["table", "tpe"])
def test_the_command_line_says_of_it_what_it_did(
    command: str,
    folder: Path,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    line = ["tuner", command, str(folder / f"{name}.toml"), "--format", "json"]
    monkeypatch.setattr(sys, "argv", line)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in (0, None)
    said = json.loads(capsys.readouterr().out)
    if command == "status":  # 0.1.0 called what collapsed pruned
        said["pruned"] = said.get("pruned", 0) + said.get("collapsed", 0)
    assert [*differences(said, read(RELEASED / "expected" / f"{name}.json")[command])] == []


@pytest.mark.parametrize("path", sorted(RELEASED.glob("exported/*")), ids=lambda path: path.stem)
def test_a_schedule_file_loads(path: Path) -> None:
    name, _, confirmed = path.stem.partition(".")
    file = tuner.read_schedule_file(path)
    assert tuner.load_schedule(path) == file.schedule
    outcome = read(RELEASED / "expected" / f"{name}.json")["resumed" if confirmed else "stored"]
    assert file.provenance["trial"] == outcome["best"]
    trial = outcome["trials"][outcome["best"]]
    again = {"family": file.schedule.family, **dataclasses.asdict(file.schedule)}
    assert [*differences(json.loads(json.dumps(again)), trial["schedule"])] == []
    assert file.provenance["objective"]["value"] == trial["value"]
    assert bool(confirmed) <= ("confirm" in file.provenance)
