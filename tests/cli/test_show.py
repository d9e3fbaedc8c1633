"""What ``tuner show`` prints fits a page, also through a pipe."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

import tuner
from tuner.cli.main import app


def test_no_line_of_show_is_beyond_a_page(tmp_path: Path) -> None:
    file = tmp_path / "best.json"
    drops = tuner.MultiFactor(
        base_lr=0.1, horizon=4_000, decay_factor=0.5, milestones=tuple(range(100, 4_000, 100))
    )
    origin = {"fingerprint": "sha256:" + "0123456789abcdef" * 4, "task": {"words": ["word"] * 30}}
    tuner.save_schedule(drops, file, updates_per_epoch=100, provenance=origin)
    said = CliRunner().invoke(app, ["show", str(file)]).output
    first, *others = said.splitlines()
    assert first == f"{file}: multi_factor"
    assert max(map(len, others)) <= 80
    assert origin["fingerprint"] in said
    assert "3900" in said
    assert "tuned at 100 updates an epoch\n" in said  # and no batch size, which nobody said
