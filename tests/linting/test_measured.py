"""The recorded measurement of `tuner lint` on other people's trainings is complete."""

from __future__ import annotations

import json
from pathlib import Path

RESULTS = Path(__file__).parent.parent.parent / "benchmarks" / "results"


def test_every_finding_was_read() -> None:
    measured = json.loads((RESULTS / "lint.json").read_text())
    found = measured["findings"]
    assert measured["files"] >= 1500
    assert found.get("unread", 0) == 0
    assert measured["share_right"] == round(found["right"] / sum(found.values()), 3)
    verdicts = json.loads((RESULTS / "lint_verdicts.json").read_text())
    assert all(row["reason"] and row["verdict"] in ("right", "meant", "wrong") for row in verdicts)
    assert {row["package"] for row in verdicts} <= {
        label.partition("@")[0] for label in measured["packages"]
    }
