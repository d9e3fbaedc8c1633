"""Bad input: exit code 2, what and where and the remedy, no traceback, nothing on disk changes.

What each mistake of a file says is in test_spec_mistakes.py, test_space_mistakes.py and
test_storage_refusals.py; here the real command meets one of every kind.
"""

from __future__ import annotations

import gc
import shutil
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tuner.cli.main import main
from tuner.schedules import Cosine, save_schedule

from .refusals import STUDY, Said

ROOT = Path(__file__).parents[3]


@pytest.fixture
def tuner(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable:
    """Return a function that runs the command in this process."""

    def run(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["tuner", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        code = ended.value.code
        del ended
        gc.collect()  # closes what the exception holds, as the end of a process does
        return Said(code if isinstance(code, int) else 0, *capsys.readouterr())

    return run


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with a good study, its space, a schedule and several wrong databases."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "search_spaces" / "chapter.toml", "space.toml")
    Path("study.toml").write_text(STUDY)
    save_schedule(Cosine(base_lr=0.3, final_lr=0.01, horizon=100), "best.json")
    Path("text.db").write_text("a text")
    with sqlite3.connect("other.db") as connection:
        connection.execute("CREATE TABLE customers (name)")
    connection.close()
    return tmp_path
