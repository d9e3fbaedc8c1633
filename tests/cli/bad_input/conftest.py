"""Bad input: exit code 2, what and where and the remedy, no traceback, nothing on disk changes.

What each mistake of a file says is in test_spec_mistakes.py, test_space_mistakes.py and
test_storage_refusals.py; here the real command meets one of every kind.
"""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from tuner.schedules import Cosine, save_schedule

from .refusals import STUDY

ROOT = Path(__file__).parents[3]


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
