"""``--timestamps``: the date and local time in front of each line of an event."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tuner.cli.progress import live
from tuner.schedules import Cosine
from tuner.search import Event, StudyEnded, StudyStarted, TrialEnded, TrialStarted

from ..terminal import in_terminal

EVENTS: list[Event] = [
    StudyStarted("small", "sqlite:///small.db", 0, 1, 2),
    TrialStarted(0, Cosine(base_lr=0.1, horizon=20), "chapter: cosine", 0),
    TrialEnded(0, "failed", None, "it said:\ntwo lines", None, None, 1, 1),
    StudyEnded("small", "done", 1, 1, 3.0),
]


@pytest.fixture
def new_zealand(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Be at a place whose local time is not that of the tests' machine."""
    monkeypatch.setenv("TZ", "NZST-12")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("new_zealand")
def test_each_event_is_a_line_with_its_date(capsys: pytest.CaptureFixture[str]) -> None:
    before = datetime.now().astimezone().replace(microsecond=0)
    with live(timestamps=True) as listen:
        for event in EVENTS:
            listen(event)
    err = capsys.readouterr().err
    dates = re.findall(r"^(\d{4}-\S+) (?:study|trial)", err, re.MULTILINE)
    assert len(dates) == len(EVENTS)
    for date in dates:
        when = datetime.fromisoformat(date)
        assert when.utcoffset() == timedelta(hours=12)
        assert when.isoformat(timespec="seconds") == date
        assert before <= when <= datetime.now().astimezone()
    for date in dates:
        err = err.replace(f"{date} ", "")
    assert err == "".join(f"{event}\n" for event in EVENTS)


def test_without_it_the_lines_are_the_events_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with live() as listen:
        for event in EVENTS:
            listen(event)
    assert capsys.readouterr() == ("", "".join(f"{event}\n" for event in EVENTS))


def test_nothing_is_shown_if_it_is_to_be_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    with live(quiet=True, timestamps=True) as listen:
        listen(EVENTS[0])
    assert capsys.readouterr() == ("", "")


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a study of a function, of a moment."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(logging.getLogger("tuner"), "handlers", [])
    (tmp_path / "dated_task.py").write_text(
        "from tuner.tasks import FunctionTask\n"
        "def train(schedule, seed, start):\n"
        "    while True:\n"
        "        yield 0.5 + 0.1 * schedule.base_lr + 0.001 * seed\n"
        "def make():\n"
        "    return FunctionTask(train, updates_per_epoch=10)\n"
    )
    (tmp_path / "space.toml").write_text(
        'format = "tuner.search_space/1"\nname = "one"\n[fixed]\nfamily = "constant"\n'
        '[params.base_lr]\ntype = "float"\nlow = 0.1\nhigh = 0.9\n'
        '[[baseline]]\nlabel = "half"\nbase_lr = 0.5\n'
    )
    path = tmp_path / "small.toml"
    path.write_text(
        'format = "tuner.study/1"\nname = "small"\nsearch_space = "space.toml"\n'
        '[task]\nname = "dated_task:make"\nepochs = 2\n[budget]\ntrials = 3\n'
        "[workers]\ncount = 1\n[confirm]\nenabled = false\ntop = 1\nseeds = 2\nmax_seeds = 2\n"
    )
    return path


@pytest.mark.usefixtures("seconds")
def test_every_command_that_trains_dates_its_lines(tuner: Callable, study: Path) -> None:
    database = ("--storage", f"sqlite:///{study.with_suffix('')}/study.db")
    commands = [
        ("run", study, "--trials", 1),
        ("worker", *database, "--trials", 2),
        ("resume", *database),
        ("confirm", study),
        ("compare", study, "--seeds", 2),
    ]
    for command in commands:
        said = tuner(*command, "--timestamps")
        assert said.code == 0, said
        ended = re.findall(r"^\S+T\S+[+-]\d\d:\d\d trial \d+ complete", said.err, re.MULTILINE)
        assert ended, command
        assert not re.search(r"^(trial|study) ", said.err, re.MULTILINE), command
        assert "T" not in said.out.partition(" ")[0]  # results have no dates


@pytest.mark.usefixtures("processes")
def test_in_a_terminal_the_lines_stay_too(study: Path) -> None:
    shown = in_terminal("run", study, "--timestamps", cwd=study.parent, columns=200)
    assert shown.code == 0
    assert len(re.findall(r"^\S+T\S+ trial \d epoch \d/2: ", shown.raw, re.MULTILINE)) == 6
