"""Arguments and options that are wrong or missing, and the traceback that ``--debug`` adds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .refusals import BAD, refused, tree


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            "run study.toml --trials 0",
            "--trials must be a whole number of 1 or more, but got '0'.",
        ),
        ("run study.toml --trials -1", "--trials must be a whole number of 1 or more"),
        ("run study.toml --trials many", "--trials must be a whole number of 1 or more"),
        ("run study.toml --workers 0", "--workers must be a whole number of 1 or more"),
        ("resume --storage sqlite:///a.db --trials 0", "--trials must be a whole number"),
        ("dashboard study.toml --port 70000", "--port must be a whole number from 0 to 65535"),
        (
            "run study.toml --timeout 30",
            "--timeout: '30' is no time above 0. Write '90s'",
        ),
        ("run study.toml --timeout 0s", "--timeout: '0s' is no time above 0. Write '90s'"),
        ("run study.toml --timeout soon", "--timeout: 'soon' is no time above 0. Write '90s'"),
        ("status study.toml --format xml", "--format must be table, json or csv, but got 'xml'."),
        ("schema tree", "KIND must be study, search_space or schedule, but got 'tree'."),
        ("best study.toml --top 0", "--top must be a whole number of 1 or more, but got '0'."),
        ("export study.toml --trial one", "--trial must be a whole number of 0 or more"),
        ("run", "tuner run needs STUDY.\nFor example: tuner run "),
        ("resume", "tuner resume needs --storage URL, or TUNER_STORAGE in the environment."),
        ("show", "tuner show needs FILE.\nFor example: tuner show best.json"),
        ("runn study.toml", "tuner has no command 'runn'; did you mean 'run'?\n`tuner -h` says"),
        ("xyz", "tuner has no command 'xyz'.\n`tuner -h` says"),
        (
            "run study.toml --trial 3",
            "tuner run has no option '--trial'; did you mean '--trials'?",
        ),
        ("run study.toml -z", "tuner run has no option '-z'.\n`tuner run -h` says"),
        ("--verison", "tuner has no option '--verison'; did you mean '--version'?"),
        ("check study.toml other.toml", "tuner check has no place for the argument 'other.toml'."),
        ("status --study", "--study needs a value: --study NAME"),
        ("status --watch=3", "--watch takes no value: type --watch alone."),
    ],
)
def test_the_command_line(tuner: Callable, folder: Path, arguments: str, words: str) -> None:
    before = tree(folder)
    said = tuner(*arguments.split())
    refused(said, f"error: {words}")
    assert "Usage" not in said.err
    assert tree(folder) == before


@pytest.mark.parametrize("command", ["--debug show none.json", "show none.json --debug"])
def test_a_traceback_with_debug_alone(tuner: Callable, command: str) -> None:
    said = tuner(*command.split())
    assert said.code == BAD
    assert "Traceback" in said.err
    assert said.err.endswith("error: none.json cannot be read: No such file or directory.\n")
