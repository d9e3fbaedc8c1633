"""Reading definitions: every mistake has its place and its remedy, all at once."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import Any, Literal

import pytest

from tuner.errors import DefinitionError
from tuner.reading import Mistakes, Section, did_you_mean, read_toml


class Inner(Section):
    size: int
    share: float | int | bool = 0
    label: str = ""


class Other(Section):
    type: Literal["other"]


def found(data: object, place: str = "table") -> list[tuple[str, str]]:
    mistakes = Mistakes("here")
    assert mistakes.read(Inner, data, place) is None
    with pytest.raises(DefinitionError) as caught:
        mistakes.raise_if_any()
    assert caught.value.where == "here"
    return list(caught.value.mistakes)


def test_a_good_table() -> None:
    mistakes = Mistakes("here")
    assert mistakes.read(Inner, {"size": 3}, "table") == Inner(size=3)
    mistakes.raise_if_any()


@pytest.mark.parametrize(
    ("data", "place", "text"),
    [
        ({}, "table.size", "is required, but missing"),
        ({"size": "3"}, "table.size", "must be a whole number, but got '3'"),
        ({"size": 3.0}, "table.size", "must be a whole number, but got 3.0"),
        ({"size": True}, "table.size", "must be a whole number, but got True"),
        ({"size": 1, "label": 2}, "table.label", "must be a text, but got 2"),
        ({"size": 1, "lable": "x"}, "table.lable", "unknown key; did you mean 'label'?"),
        (
            {"size": 1, "colour": "x"},
            "table.colour",
            "unknown key; known: label, share, size",
        ),
        # Its right name is missing as well, but that is the same mistake.
        ({"sise": 1}, "table.sise", "unknown key; did you mean 'size'?"),
        # One message for a value that may be of several types.
        (
            {"size": 1, "share": "x"},
            "table.share",
            "must be a number or a whole number or true or false, but got 'x'",
        ),
        (3, "table", "must be a table, but got 3"),
        ([], "table", "must be a table, but got []"),
    ],
)
def test_one_mistake(data: object, place: str, text: str) -> None:
    assert found(data) == [(place, text)]


def test_several_mistakes_of_a_table() -> None:
    assert found({"size": "x", "label": 1, "wrong": 0}, "") == [
        ("wrong", "unknown key; known: label, share, size"),
        ("size", "must be a whole number, but got 'x'"),
        ("label", "must be a text, but got 1"),
    ]


def test_a_mistake_is_told_once() -> None:
    mistakes = Mistakes("here")
    mistakes.add("a", "b")
    mistakes.add("a", "b")
    assert mistakes.found == [("a", "b")]


def test_keys_that_are_read_apart_are_hinted_at() -> None:
    mistakes = Mistakes("here")
    mistakes.read(Inner, {"size": 1, "epoch": 3}, "table", also_known=["epochs"])
    assert mistakes.found == [("table.epoch", "unknown key; did you mean 'epochs'?")]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({}, "must be one of 'inner', 'other', but it is missing"),
        ({"type": "outer"}, "must be one of 'inner', 'other', but got 'outer'"),
        ({"type": ["inner"]}, "must be one of 'inner', 'other', but got ['inner']"),
    ],
)
def test_the_kind_of_a_table(data: dict[str, Any], text: str) -> None:
    mistakes = Mistakes("here")
    assert mistakes.read_tagged({"inner": Inner, "other": Other}, data, "table") is None
    assert mistakes.found == [("table.type", text)]


def test_a_table_of_a_kind() -> None:
    mistakes = Mistakes("here")
    kinds: dict[str, type[Section]] = {"inner": Inner, "other": Other}
    assert mistakes.read_tagged(kinds, {"type": "other"}, "table") == Other(type="other")
    assert mistakes.read_tagged(kinds, 3, "table") is None
    assert mistakes.found == [("table", "must be a table, but got 3")]


# --- files ---


def refusal(path: Path) -> str:
    with pytest.raises(DefinitionError) as caught:
        read_toml(path)
    ((place, text),) = caught.value.mistakes
    assert caught.value.where == str(path)
    return f"{place}: {text}"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"a = 1\nb = \n", "syntax: must be valid TOML: Invalid value (at line 2, column 5)"),
        (b"a = 1\na = 2\n", "syntax: must be valid TOML: Cannot overwrite a value"),
        (b"\xff\xfe", "file: must be text in UTF-8, but is not"),
        (b"\x00", "syntax: must be valid TOML: "),
        (b"a = " + b"[" * 100_000, "syntax: must be valid TOML"),
    ],
)
def test_no_toml(tmp_path: Path, content: bytes, text: str) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(content)
    assert refusal(path).startswith(text)


def test_a_missing_file_and_one_with_nearly_its_name(tmp_path: Path) -> None:
    assert refusal(tmp_path / "study.toml") == "file: must exist, but does not"
    (tmp_path / "studies.toml").touch()
    near = f"did you mean {tmp_path / 'studies.toml'}?"
    assert refusal(tmp_path / "study.toml") == f"file: must exist, but does not; {near}"


def test_a_missing_folder(tmp_path: Path) -> None:
    folder = tmp_path / "none"
    assert refusal(folder / "a.toml").endswith(f"does not, nor does its folder {folder}")


def test_a_folder_and_what_is_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert refusal(tmp_path) == (
        "file: must be a file in TOML, but is a folder; of one that a study wrote, name the"
        f" database: --storage sqlite:///{tmp_path}/study.db"
    )
    below = "file: must be readable, but is not: Not a directory"
    assert refusal(tmp_path / "file" / "a.toml") == below


def test_unreadable() -> None:
    # Nobody can read it from its start, root neither.
    assert "must be readable, but is not: " in refusal(Path("/proc/self/mem"))


def test_an_impossible_path(tmp_path: Path) -> None:
    assert refusal(tmp_path / "a\0b") == "file: must be a path, but has an embedded null byte"


def test_content(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('a = "η"\r\n[b]\nc = 1e-3\n', encoding="utf-8")
    assert read_toml(os.fspath(tmp_path / "a.toml")) == {"a": "η", "b": {"c": 0.001}}


def test_a_byte_order_mark_is_no_content(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("a = 1\n", encoding="utf-8-sig")
    assert read_toml(tmp_path / "a.toml") == {"a": 1}


def test_hints() -> None:
    assert (
        did_you_mean("final_lr", ["final_lr_ratio", "power"]) == "did you mean 'final_lr_ratio'?"
    )
    assert did_you_mean("x", ["b", "a"]) == "known: a, b"


def test_a_database_is_told_apart_from_a_file(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.executescript("CREATE TABLE a (b); INSERT INTO a VALUES (x'ff80');")
    with pytest.raises(
        DefinitionError, match=f"is a database: name it by --storage sqlite:///{path}"
    ):
        read_toml(path)
