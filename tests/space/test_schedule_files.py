"""Baselines that are schedule files: what another study found, enqueued in a new one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tuner import Cosine, save_schedule
from tuner.errors import DefinitionError
from tuner.reading import Clock
from tuner.space import load_space

CLOCK = Clock(100, 300)
SPACE = """
format = "tuner.search_space/1"
name   = "wider"

[params.family]
type    = "categorical"
choices = ["cosine", "constant"]

[params.base_lr]
type = "float"
low  = 0.01
high = 1.0
log  = true

[params.final_lr_ratio]
when = { family = "cosine" }
type = "float"
low  = 0.001
high = 0.5

[params.warmup_steps]
type = "int"
low  = "0up"
high = "0.2dur"

[[baseline]]
label = "old best"
file  = "old/best.json"
"""
SCHEDULE = Cosine(base_lr=0.2, final_lr=0.02, horizon=300, warmup_steps=30)
PARAMS = {"family": "cosine", "base_lr": 0.2, "final_lr_ratio": 0.1, "warmup_steps": 30}


def write(
    folder: Path,
    *,
    space: str = SPACE,
    per_epoch: int = 100,
    horizon: int = 300,
    **provenance: Any,
) -> Path:
    (folder / "old").mkdir()
    told = {"params": PARAMS, "task": {"epochs": 3}, **provenance}
    save_schedule(
        SCHEDULE.with_horizon(horizon), folder / "old" / "best.json",
        updates_per_epoch=per_epoch, batch_size=8, provenance=told,
    )  # fmt: skip
    path = folder / "space.toml"
    path.write_text(space)
    return path


def mistakes(path: Path) -> list[tuple[str, str]]:
    with pytest.raises(DefinitionError) as caught:
        load_space(path, CLOCK)
    return list(caught.value.mistakes)


def test_it_is_the_files_schedule_with_the_values_it_was_sampled_from(tmp_path: Path) -> None:
    [baseline] = load_space(write(tmp_path), CLOCK).baselines
    assert baseline[:3] == ("old best", PARAMS, SCHEDULE)


def test_a_value_that_the_new_space_fixes_is_left_out(tmp_path: Path) -> None:
    head, rest = SPACE.split("[params.family]")
    rest = rest.partition("[params.base_lr]")[2].replace('when = { family = "cosine" }', "")
    fixed = f'{head}[fixed]\nfamily = "cosine"\n[params.base_lr]{rest}'
    [baseline] = load_space(write(tmp_path, space=fixed), CLOCK).baselines
    assert baseline.values == {k: v for k, v in PARAMS.items() if k != "family"}


@pytest.mark.parametrize(
    ("change", "provenance", "words"),
    [
        (("old/best.json", "old/bets.json"), {}, "cannot be read: No such file"),
        (('"old/best.json"', "5"), {}, "must be the path of a schedule file, but got 5"),
        (("", ""), {"task": {"epochs": 4}}, "as many epochs, 3, but has 4"),
        (("", ""), {"per_epoch": 50}, "as many updates per epoch, 100, but has 50"),
        (("", ""), {"task": {}, "horizon": 200}, "as many updates, 300, but has 200"),
    ],
)
def test_a_file_that_does_not_fit(
    tmp_path: Path, change: tuple[str, str], provenance: dict[str, Any], words: str
) -> None:
    found = mistakes(write(tmp_path, space=SPACE.replace(*change), **provenance))
    assert {place for place, _ in found} == {"baseline[0].file"}
    assert any(words in text for _, text in found)


@pytest.mark.parametrize(
    ("change", "provenance"),
    [
        (("high = 1.0", "high = 0.1"), {}),
        (("cosine", "poly"), {}),
        (("", ""), {"params": {"family": "cosine"}}),
        (("", ""), {"params": {**PARAMS, "base_lr": "0.2"}}),
        (("", ""), {"params": {}}),  # of a baseline outside its own space
        (("", ""), {"params": None, "task": None}),  # saved by hand
    ],
)
def test_one_outside_the_new_space_is_a_schedule_without_values(
    tmp_path: Path, change: tuple[str, str], provenance: dict[str, Any]
) -> None:
    space = SPACE.replace(*change)
    [baseline] = load_space(write(tmp_path, space=space, **provenance), CLOCK).baselines
    assert baseline[:3] == ("old best", {}, SCHEDULE)


def test_it_has_no_other_keys(tmp_path: Path) -> None:
    found = mistakes(write(tmp_path, space=SPACE + "base_lr = 0.3\n"))
    assert found == [
        ("baseline[0].base_lr", "unknown key of a baseline with a file; known: file, label")
    ]
