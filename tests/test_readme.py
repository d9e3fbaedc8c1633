"""The README's Python runs as printed, one block after the other, and its tables are true."""

from __future__ import annotations

import ast
import dataclasses
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import tuner
from tuner.definition.search import PRUNERS
from tuner.schedules import FAMILIES

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def test_the_python_blocks_run_in_order(write_study: Callable, tmp_path: Path) -> None:
    # The same definition with a small task stands where the README's study stands.
    (tmp_path / "studies").mkdir()
    write_study(trials=6).rename(tmp_path / "studies" / "quickstart.toml")
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(blocks) >= 5
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "\n".join(blocks)],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    schedule = tuner.load_schedule(tmp_path / "best.json")
    assert f"{schedule(1)} {schedule(schedule.horizon)}" in done.stdout


def test_the_table_of_schedules_names_every_family_and_parameter() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \|(.*)\|$", README, re.MULTILINE)
    common = {"base_lr", "horizon", "warmup_steps", "warmup_begin_lr", "warmup_mode"}
    assert {family for _, family, _ in rows} == set(FAMILIES)
    for name, family, parameters in rows:
        assert FAMILIES[family].__name__ == name
        fields = {field.name for field in dataclasses.fields(FAMILIES[family])} - common
        assert set(re.findall(r"`(\w+)`", parameters)) == fields


def test_the_table_of_pruners_names_every_option_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \|( .*)?\|$", README, re.MULTILINE))
    [common] = re.findall(r"^\| each of them \|(.*)\|$", README, re.MULTILINE)
    for name, section in PRUNERS.items():
        defaults = section(type=name).model_dump(exclude={"type"})
        written = dict(re.findall(r"`(\w+) = (.+?)`", rows[name] + common))
        assert {key: ast.literal_eval(text) for key, text in written.items()} == defaults
