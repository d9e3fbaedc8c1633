"""Schedule files that were edited, cut off, are too new, or are none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from .refusals import refused, tree


def edited(document: dict) -> str:
    document["schedule"]["params"]["base_lr"] = 0.31
    return json.dumps(document)


def of_an_unknown_family(document: dict) -> str:
    document["schedule"]["family"] = "cosin"
    return json.dumps(document)


def newer(document: dict) -> str:
    return json.dumps({**document, "format": "tuner.schedule/3"})


def truncated(document: dict) -> str:
    return json.dumps(document)[:-20]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (edited, "The file was edited or is damaged: export it again."),
        (truncated, "is not valid JSON, or was cut off"),
        (of_an_unknown_family, "unknown family 'cosin' (did you mean 'cosine'?)"),
        (newer, "this version reads up to 'tuner.schedule/2'. Upgrade tuner."),
    ],
)
def test_a_schedule_file(
    tuner: Callable, folder: Path, change: Callable[[dict], str], words: str
) -> None:
    path = Path("best.json")
    path.write_text(change(json.loads(path.read_text())))
    before = tree(folder)
    said = tuner("show", path)
    refused(said, "error: best.json", words)
    assert tree(folder) == before


def test_no_schedule_file(tuner: Callable) -> None:
    Path("binary.json").write_bytes(b"\x80\x04\x95\xff")
    refused(tuner("show", "binary.json"), "is not text, so not a schedule file")
    refused(tuner("show", "none.json"), "cannot be read: No such file or directory")
    refused(tuner("show", "."), "cannot be read: Is a directory")
    refused(tuner("show", "study.toml"), "is a study or search space in TOML")
