"""Arguments and options that are wrong or missing, and the traceback that ``--debug`` adds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .refusals import BAD, refused, tree


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("run study.toml --trials 0", "Invalid value for '--trials'"),
        ("run study.toml --trials -1", "Invalid value for '--trials'"),
        ("run study.toml --trials many", "Invalid value for '--trials'"),
        ("resume --storage sqlite:///a.db --trials 0", "Invalid value for '--trials'"),
        (
            "run study.toml --timeout 30",
            "'--timeout': '30' is no time above 0. Write '90s', '30m'",
        ),
        (
            "run study.toml --timeout 0s",
            "'--timeout': '0s' is no time above 0. Write '90s', '30m'",
        ),
        ("run study.toml --timeout soon", "'--timeout': 'soon' is no time above 0. Write '90s'"),
        ("status study.toml --format xml", "Invalid value for '--format'"),
        ("best study.toml --top 0", "Invalid value for '--top'"),
        ("export study.toml --trial one", "Invalid value for '--trial'"),
        ("run", "Missing argument 'STUDY'"),
        ("resume", "Missing option '--storage'"),
        ("runn study.toml", "No such command 'runn'"),
        ("run study.toml --trial 3", "No such option"),
        ("show", "Missing argument 'FILE'"),
    ],
)
def test_the_command_line(tuner: Callable, folder: Path, arguments: str, words: str) -> None:
    before = tree(folder)
    refused(tuner(*arguments.split()), words)
    assert tree(folder) == before


def test_a_traceback_with_debug_alone(tuner: Callable) -> None:
    said = tuner("--debug", "show", "none.json")
    assert said.code == BAD
    assert "Traceback" in said.err
    assert said.err.endswith("error: none.json cannot be read: No such file or directory.\n")
