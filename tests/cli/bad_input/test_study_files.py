"""Mistakes in the files of a study: each at its place, all at once, from every command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .refusals import BAD, DONE, STUDY, refused, tree

# fmt: off
EDITS = [
    # (file, old, new, place, words)
    ("study.toml", "name = \"small\"", "nam = 'small'", "nam", "did you mean 'name'?"),
    ("study.toml", "epochs", "epoch", "task.epoch", "unknown key; did you mean 'epochs'?"),
    ("study.toml", "trials", "trails", "budget.trails", "unknown key; did you mean 'trials'?"),
    ("study.toml", "epochs = 3", "epochs = '3'", "task.epochs",
     "'3' is no time above 0. Write '90s'"),
    ("study.toml", "[budget]", "[sampler]\ntype = 'tpe'\nsead = 1\n[budget]", "sampler.sead",
     "unknown key; did you mean 'seed'?"),
    ("study.toml", "[budget]", "[pruner]\ntype = 'median'\nwarmup = 1\n[budget]", "pruner.warmup",
     "must be whole epochs such as '1ep', but got 1"),
    ("study.toml", "[budget]", "[storage]\nulr = 'x'\n[budget]", "storage.ulr", "mean 'url'?"),
    ("study.toml", "space.toml", "spacs.toml", "search_space", "must exist, but does not; did"),
    ("study.toml", "[budget]", "[budget", "syntax", "must be valid TOML: Expected ']'"),
    ("space.toml", "[params.family]", "[params.family", "search_space", "must be valid TOML"),
    ("space.toml", "notes ", "note ", "note", "unknown key; did you mean 'notes'?"),
    ("space.toml", "warmup_mode ", "warmup_mod ", "fixed.warmup_mod", "mean 'warmup_mode'?"),
    ("space.toml", "[params.power]", "[params.powre]", "params.powre", "did you mean 'power'?"),
    ("space.toml", "log  = true", "logg = true", "params.base_lr.logg", "did you mean 'log'?"),
    ("space.toml", "low  = 0.01", "low  = '0.01'", "params.base_lr.low", "must be a number, but"),
    ("space.toml", '"0.2dur"', "500", "params.warmup_steps.high", "500 has no unit. Write"),
    ("space.toml", "low  = 0.01", "low  = 2", "params.base_lr.low", "`low <= high` must hold"),
    ("space.toml", "low  = 0.01", "low  = 0", "params.base_lr.low", "must be > 0 when log = true"),
    ("space.toml", '{ family = "poly" }', '{ famly = "poly" }', "params.power.when",
     "no categorical parameter 'famly' above; did you mean 'family'?"),
    ("space.toml", '{ family = "poly" }', '{ family = "pol" }', "params.power.when",
     "'family' has no choice 'pol'; choices are constant"),
    ("space.toml", "base_lr      = 0.5", "base_lr      = -5", "baseline[3]",
     "`0 < base_lr <= 1e100` must hold, but got (base_lr=-5.0)"),
    ("space.toml", "n_milestones = 1", "n_milestone = 1", "baseline[3].n_milestone",
     "no parameter of multi_factor; did you mean 'n_milestones'?"),
    ("space.toml", '"0.2dur"', '"1dur"', "params.warmup_steps.high",
     "`warmup_steps < horizon` must hold, but got (warmup_steps=9, horizon=9)"),
]
# fmt: on


@pytest.mark.parametrize("command", ["check", "run", "status"])
@pytest.mark.parametrize(("file", "old", "new", "place", "words"), EDITS)
def test_a_mistake_in_a_file(
    tuner: Callable,
    folder: Path,
    command: str,
    file: str,
    old: str,
    new: str,
    place: str,
    words: str,
) -> None:
    text = Path(file).read_text()
    assert old in text
    Path(file).write_text(text.replace(old, new, 1))
    before = tree(folder)
    said = tuner(command, "study.toml")
    refused(said, f"  {place}  ", words)
    where = "space.toml" if file == "space.toml" and place != "search_space" else "study.toml"
    assert said.err.startswith(f"error: {where} has 1 mistake\n")
    assert len(said.err.splitlines()) == 2
    assert tree(folder) == before


def test_all_mistakes_at_once(tuner: Callable, folder: Path) -> None:
    Path("study.toml").write_text(STUDY.replace("trials = 2", "trials = 0\ntimeout = '2'"))
    space = Path("space.toml").read_text()
    Path("space.toml").write_text(
        space.replace("low  = 0.01", "low  = 0").replace('"0.2dur"', "9")
    )
    before = tree(folder)
    said = tuner("run", "study.toml")
    refused(said, "error: study.toml has 4 mistakes\n")
    places = [line.split("  ")[1] for line in said.err.splitlines()[1:]]
    assert places == [
        "budget.trials",
        "budget.timeout",
        "space.toml: params.base_lr.low",
        "space.toml: params.warmup_steps.high",
    ]
    assert tree(folder) == before


@pytest.mark.parametrize("command", ["check", "run", "status", "trials", "best", "export"])
def test_a_missing_study_file(tuner: Callable, folder: Path, command: str) -> None:
    before = tree(folder)
    refused(tuner(command, "studi.toml"), "must exist, but does not; did you mean study.toml?")
    assert tree(folder) == before


@pytest.mark.usefixtures("training")
def test_a_good_study_is_good(tuner: Callable) -> None:
    """The one that every test above makes one mistake in."""
    assert tuner("check", "study.toml").code == DONE


def test_the_real_command(tuner_command: Callable, folder: Path) -> None:
    Path("study.toml").write_text(STUDY.replace("epochs = 3", "epochs = 0"))
    before = tree(folder)
    said = tuner_command("run", "study.toml", cwd=folder)
    assert (said.code, said.out) == (BAD, "")
    assert said.err.splitlines() == [
        "error: study.toml has 1 mistake",
        "  task.epochs  must be >= 1, but got 0",
    ]
    assert tree(folder) == before
