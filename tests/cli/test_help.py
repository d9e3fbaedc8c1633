"""Help: of every command, in whole sentences, at every width, with an example that is right."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer.main

from tuner.cli.main import app

from ..terminal import LINES, in_terminal

PROGRAM: Any = typer.main.get_command(app)
NAMES = sorted(PROGRAM.commands)
every_command = pytest.mark.parametrize("name", NAMES)


def parameters(command: Any) -> list[Any]:
    return [each for each in command.params if not getattr(each, "hidden", False)]


def paragraphs(page: str) -> str:
    return " ".join(page.split())


@pytest.fixture(params=[80, 60])
def width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return how wide the screen is."""
    monkeypatch.setenv("COLUMNS", str(request.param))
    columns: int = request.param
    return columns


@every_command
def test_help_is_short_or_long_and_fits(tuner: Callable, width: int, name: str) -> None:
    said = tuner(name, "-h")
    assert (said.code, said.err) == (0, "")
    assert said == tuner(name, "--help")
    lines = said.out.splitlines()
    assert lines[0].startswith(f"Usage: tuner {name} [OPTIONS]") or "--storage URL" in lines[0]
    assert max(map(len, lines)) <= width
    assert not re.search(r"…|\w\.\.\.(?! *$)", said.out.replace("[FILE]...", "FILE"), re.M)


@every_command
def test_help_says_every_argument_and_option_in_whole_sentences(
    tuner: Callable, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    page = paragraphs(tuner(name, "-h").out)
    command = PROGRAM.commands[name]
    for each in parameters(command):
        names = each.opts + each.secondary_opts if each.opts[0][0] == "-" else [each.metavar]
        for word in names:
            assert re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", page), word
        assert is_whole(each.help), each.help
        assert paragraphs(each.help) in page
    for paragraph in command.help.split("\n\n"):
        assert is_whole(paragraph), paragraph
        assert paragraphs(paragraph) in page


def is_whole(text: str | None) -> bool:
    """Tell whether a text is of sentences: they begin large and end with a full stop."""
    return bool(text and re.fullmatch(r"[A-Z].*\.", " ".join(text.split())))


@every_command
def test_the_example_is_a_line_to_copy_that_is_right(
    tuner: Callable, width: int, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TUNER_STORAGE", raising=False)
    command = PROGRAM.commands[name]
    assert f"\n  {command.epilog}\n" in tuner(name, "-h").out
    program, typed, *arguments = shlex.split(command.epilog)
    assert (program, typed) == ("tuner", name)
    with command.make_context(f"tuner {name}", arguments) as context:
        assert context.params


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize("environment", [{}, {"NO_COLOR": "1"}])
def test_all_commands_fit_one_screen_which_says_what_to_type_first(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    shown = in_terminal("-h", cwd=tmp_path, environment=environment)
    assert shown.code == 0
    assert "\x1b" not in shown.raw
    screen = shown.last
    assert len(screen) < LINES  # and a line for what is typed next
    assert screen[0] == "Usage: tuner [OPTIONS] COMMAND ..."
    assert "`tuner init mine` first" in screen[3]
    assert screen[-1].startswith("-h, --help")
    listed = [re.search(r"^(?:\S+ ?\S*  +|  +)([a-z-]+)  +([A-Z].*\.)$", x) for x in screen[5:25]]
    assert sorted(match[1] for match in listed if match) == NAMES


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize("arguments", [["-h"], ["run", "-h"], ["export", "-h"]])
def test_help_on_a_narrow_terminal(tmp_path: Path, arguments: list[str]) -> None:
    shown = in_terminal(*arguments, cwd=tmp_path, columns=60, lines=60)
    written = [line.rstrip() for line in shown.raw.splitlines()]
    assert shown.last == written  # no line was folded by the terminal


def test_the_list_of_commands_cuts_nothing(tuner: Callable, width: int) -> None:
    said = tuner("--help")
    assert said == tuner("-h")
    assert max(map(len, said.out.splitlines())) <= width
    # Its columns, one after the other.
    words = said.out.split()
    for command in PROGRAM.commands.values():
        for word in command.help.partition("\n\n")[0].split():
            assert word in words


def test_without_a_command_there_is_help_and_exit_code_2(tuner: Callable) -> None:
    said = tuner()
    assert (said.code, said.out) == (2, "")
    assert said.err == tuner("-h").out
