"""What options beside the schedule are worth: the page has what ``benchmarks/beside.py`` found."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from statistics import fmean

import pytest

ROOT = Path(__file__).parent.parent


def test_the_page_has_the_tables_of_what_was_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    table = importlib.import_module("beside_table")
    text = (ROOT / "benchmarks" / "results" / "beside.json").read_text(encoding="utf-8")
    results = json.loads(text)
    evidence = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")
    for line in filter(None, table.table(results)):
        assert line in evidence, line
    for searches in results["trainings"].values():
        for each in searches:
            both = [each[kind] for kind in (table.SCHEDULE, table.BESIDE)]
            # Equal epochs, and the same fresh seeds, which neither search nor confirm had.
            assert {one["epochs"] for one in both} == {results["budget"]}
            seeds = [{int(seed) for seed in one["test_accuracy"]} for one in both]
            assert seeds[0] == seeds[1]
            assert len(seeds[0]) >= 8
            assert not seeds[0] & {*results["confirm_seeds"], *range(len(searches))}
            alone, beside = (fmean(one["test_accuracy"].values()) for one in both)
            assert table.gain([each]).mean == pytest.approx(beside - alone, abs=1e-9)
