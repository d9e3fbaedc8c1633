"""The time left that is shown: the page has what its scripts find in recorded studies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def test_the_time_left_is_as_the_page_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    import time_left
    import time_left_tables

    page = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")
    runs = json.loads(time_left.RESULTS.read_text(encoding="utf-8"))["studies"]
    replays = json.loads(time_left_tables.RESULTS.read_text(encoding="utf-8"))["studies"]
    for line in (*time_left.lines(runs), *time_left_tables.lines(replays)):
        assert line in page, line
    errors = [(told or 0.0) - left for _, whole, left, told in time_left.replayed(runs)]
    wholes = [whole for _, whole, _, _ in time_left.replayed(runs)]
    assert all(abs(e) <= 0.25 * whole for e, whole in zip(errors, wholes, strict=True))
