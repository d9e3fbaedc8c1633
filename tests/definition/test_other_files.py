"""A file of another kind, or none at all, where a study's is wanted: told in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import tuner
from tuner.errors import DefinitionError, StudyError

SPACE = (
    'format = "tuner.search_space/1"\nname = "s"\n[fixed]\nfamily = "constant"\nbase_lr = 0.1\n'
)
STUDY = 'format = "tuner.study/1"\nname = "s"\nsearch_space = "{}"\n'


def mistakes(study: Any) -> tuple[tuple[str, str], ...]:
    with pytest.raises(DefinitionError) as caught:
        tuner.check_study(study)
    return caught.value.mistakes


def test_a_search_space_is_no_study(tmp_path: Path) -> None:
    path = tmp_path / "space.toml"
    path.write_text(SPACE)
    [(place, text)] = mistakes(path)
    assert place == "format"
    assert "this file is a search space; name the study file that uses it" in text
    with pytest.raises(DefinitionError, match="is a search space"):
        tuner.open_study(path)


def test_a_study_is_no_search_space(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(STUDY.format("study.toml"))
    assert any("this file is a study" in text for _, text in mistakes(path))


def test_a_schedule_file_is_no_study(tmp_path: Path) -> None:
    path = tmp_path / "best.json"
    tuner.save_schedule(tuner.Constant(base_lr=0.1, horizon=3), path)
    [(_, text)] = mistakes(path)
    assert "`tuner show` reads schedules" in text


@pytest.mark.parametrize("study", [{"name": "s"}, 3, None, ["a.toml"]])
def test_what_is_no_path(study: Any) -> None:
    [(_, text)] = mistakes(study)
    assert text == f"must be the path of a file in TOML, but got {study!r}"


def test_paths_are_shown_as_one_would_write_them(tmp_path: Path) -> None:
    path = tmp_path / "studies" / "study.toml"
    path.parent.mkdir()
    path.write_text(STUDY.format("../spaces/space.toml"))
    [text] = [text for place, text in mistakes(path) if place == "search_space"]
    assert f"{tmp_path}/spaces" in text
    assert ".." not in text


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("[budget]\ntrials = 10_000_000_000", "budget.trials"),
        ("[task]\nname = 'table'\nepochs = 10_000_000_000", "task.epochs"),
        ("[confirm]\ntop = 10_000_000_000", "confirm.top"),
        ("[sampler]\ntype = 'screening'\nn_candidates = 10_000_000_000", "sampler.n_candidates"),
    ],
)
def test_sizes_that_would_hang_are_refused(table: str, key: str, tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(STUDY.format("space.toml") + table)
    [text] = [text for place, text in mistakes(path) if place == key]
    assert text.startswith("must be <=")


def test_a_message_that_quotes_one_has_one_full_stop() -> None:
    error = StudyError("All 3 trials failed, the last one: nothing was yielded.. They wait.")
    assert str(error).count("..") == 0
    assert str(StudyError("must be in .. or ../a, but...")) == "must be in .. or ../a, but..."
