from __future__ import annotations

import base64
import gzip
import itertools
import json
import os
import re
import shlex
import sys
from pathlib import Path

import optuna
import plotly.offline
import pytest

import tuner.schedules.writing
from tuner.definition import StudySpec
from tuner.errors import TunerError
from tuner.report import write_report

from .reading import Page
from .studies import (
    HOSTILE,
    MIXED,
    STATES,
    accuracy,
    add_trials,
    empty_study,
    make_spec,
    prepared_study,
    study_in,
)

LIMIT = 6_000_000  # of a study of 500 trials


def report(study: optuna.Study, spec: StudySpec, folder: Path) -> Page:
    path = write_report(study, spec, folder / "report.html")
    return Page(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("state", STATES)
def test_every_state_gives_a_whole_page(
    state: str, spec: StudySpec, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    page = report(study_in(state, spec), spec, tmp_path)
    assert page.unbalanced == []
    places = [
        f.attributes["aria-labelledby"].removeprefix("title-") for f in page.with_tag("figure")
    ]
    ids = [element.attributes.get("id", "") for element in page.elements]
    drawn = [key for key in places if f"chart-{key}" in ids]
    said = [key for key in places if page.texts.get(f"sentence-{key}")]
    assert len(places) >= 8
    assert sorted(drawn + said) == sorted(places)
    assert sum(name.startswith("chart-") for name in ids) == len(drawn)
    assert capfd.readouterr() == ("", "")


def test_nothing_is_asked_of_a_network(spec: StudySpec, tmp_path: Path) -> None:
    page = report(study_in("mixed", spec), spec, tmp_path)
    for element in page.elements:
        for name in ("src", "href", "action", "data", "srcset", "poster"):
            assert element.attributes.get(name, "data:").startswith(("data:", "#")), element
        assert not [name for name in element.attributes if name.startswith("on")]
    assert not [css for css in page.styles if re.search(r"@import|url\(|@font-face", css)]
    assert not [
        script for script in page.scripts if re.search(r"https?:|\bimport\b|fetch\(", script)
    ]
    (policy,) = [
        e.attributes["content"] for e in page.with_tag("meta") if "http-equiv" in e.attributes
    ]
    assert policy.startswith("default-src 'none';")
    assert "http" not in policy
    assert "*" not in policy


def test_plotly_is_there_exactly_once(spec: StudySpec, tmp_path: Path) -> None:
    page = report(study_in("mixed", spec), spec, tmp_path)
    library = gzip.decompress(base64.b64decode(page.texts["plotly"])).decode()
    assert library == plotly.offline.get_plotlyjs()
    assert len([script for script in page.scripts if len(script) > 1_000_000]) == 1


def test_the_tables_say_what_the_study_holds(spec: StudySpec, tmp_path: Path) -> None:
    study = study_in("mixed", spec)
    page = report(study, spec, tmp_path)
    rows = page.records("table-trials")
    assert [int(row["trial"]) for row in rows] == list(range(len(MIXED)))
    assert [row["state"] for row in rows] == MIXED
    for row, trial in zip(rows, study.get_trials(), strict=True):
        number = trial.number
        last = {"complete": spec.epochs, "pruned": 1, "running": 2, "failed": 0}[row["state"]]
        finished = row["state"] in ("complete", "pruned")
        assert row["test accuracy"] == (f"{accuracy(number, last):.4f}" if finished else "–")
        assert row["family"] == trial.params["family"]
        assert row["base LR"] == f"{trial.params['base_lr']:.4g}"
        warmup = trial.params["warmup_steps"] / spec.task.updates_per_epoch
        assert row["warmup (epochs)"] == f"{warmup:.2f}"
        for name in trial.params.keys() - {"family", "base_lr", "warmup_steps"}:
            assert f"{name}={trial.params[name]:.4g}" in row["parameters"]
        assert (row["epochs"], row["seconds"]) == (str(last), f"{1.25 * last:.1f}")
    leaders = page.records("table-leaders")
    assert leaders[0]["trial"] == str(study.best_trial.number)
    assert leaders[0]["test accuracy"] == f"{study.best_value:.4f}"
    assert [row["state"] for row in leaders] == ["complete"] * 4
    assert f"in trial {study.best_trial.number} –" in page.texts["verdict"]


def test_text_of_the_study_is_text_on_the_page(spec: StudySpec, tmp_path: Path) -> None:
    study = study_in("mixed", spec)
    label = "</script><img src=x onerror=alert(1)>"
    study.enqueue_trial({"family": "constant"}, user_attrs={"baseline": label})
    add_trials(study, spec, ["complete"])
    page = report(study, spec, tmp_path)
    assert page.unbalanced == []
    assert page.with_tag("img") == []
    assert page.with_tag("b") == []  # the notes have one
    assert page.records("table-trials")[3]["reason"] == f"{HOSTILE} of trial 3"
    assert label in [row["baseline"] for row in page.records("table-leaders")]
    assert len(page.scripts) == 4  # Plotly, two of data, the page's own


def test_a_database_with_baselines(tmp_path: Path) -> None:
    spec = make_spec(tmp_path)
    study = prepared_study(spec)
    labels = [baseline.label for baseline in spec.space.baselines]
    add_trials(study, spec, ["complete", "complete"])
    page = report(study, spec, tmp_path)
    assert {row["baseline"] for row in page.records("table-leaders")} == set(labels)
    assert [row["rank"] for row in page.records("table-leaders")] == ["1", "2", "–", "–", "–"]
    assert "2 complete, 3 waiting" in page.texts["verdict"]


def test_provenance_has_all_but_the_password(tmp_path: Path) -> None:
    url = "postgresql+psycopg://me:s3cret@db.example.org/studies"
    spec = make_spec(tmp_path, more=f'[storage]\nurl = "{url}"')
    path = write_report(study_in("only one complete", spec), spec, tmp_path / "report.html")
    html = path.read_text(encoding="utf-8")
    assert "s3cret" not in html
    assert spec.fingerprint() in html
    for version in (optuna.__version__, ".".join(map(str, sys.version_info[:3]))):
        assert version in html
    command = re.search(r"<code>(tuner resume [^<]*)</code>", html)
    assert command is not None
    words = shlex.split(command[1].replace("&#39;", "'"))
    assert words[2:] == [
        "--storage", "postgresql+psycopg://me:***@db.example.org/studies", "--study", "small",
    ]  # fmt: skip


def test_the_same_study_gives_the_same_file(spec: StudySpec, tmp_path: Path) -> None:
    study = add_trials(empty_study(), spec, ["complete", "pruned", "complete"])
    first = write_report(study, spec, tmp_path / "a.html").read_bytes()
    assert write_report(study, spec, tmp_path / "b.html").read_bytes() == first


@pytest.mark.usefixtures("seconds")
def test_a_large_study_fits(tmp_path: Path) -> None:
    spec = make_spec(tmp_path, epochs=30, batch_size=256)
    study = add_trials(empty_study(), spec, ["complete"] * 500)
    path = write_report(study, spec, tmp_path / "report.html")
    assert path.stat().st_size <= LIMIT


def test_headings_descend_without_a_gap(spec: StudySpec, tmp_path: Path) -> None:
    page = report(study_in("mixed", spec), spec, tmp_path)
    levels = [int(e.tag[1]) for e in page.elements if re.fullmatch("h[1-6]", e.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))
    ids = [e.attributes["id"] for e in page.elements if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    for element in page.elements:
        assert element.attributes.get("aria-labelledby", ids[0]) in ids
        if "table" in element.attributes.get("class", "").split():
            assert element.attributes["tabindex"] == "0"


def test_a_file_that_cannot_be_written_is_an_error_that_says_why(
    spec: StudySpec, tmp_path: Path
) -> None:
    study = study_in("no trials", spec)
    missing = tmp_path / "nowhere" / "report.html"
    with pytest.raises(TunerError, match=rf"{re.escape(str(missing))}.*No such file"):
        write_report(study, spec, missing)
    with pytest.raises(TunerError, match="not a regular file"):
        write_report(study, spec, tmp_path)
    with pytest.raises(TunerError, match="cannot be written"):
        write_report(study, spec, f"{tmp_path}/a\0b.html")


def test_a_failed_write_leaves_the_old_report(
    spec: StudySpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.html"
    path.write_text("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tuner.schedules.writing.os, "fsync", full)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(TunerError, match="No space left on device"):
        write_report(study_in("no trials", spec), spec, path)
    assert path.read_text() == "old"
    assert sorted(tmp_path.iterdir()) == before


def test_the_umask_decides_who_may_read_it(spec: StudySpec, tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        path = write_report(study_in("no trials", spec), spec, str(tmp_path / "report.html"))
    finally:
        os.umask(old)
    assert path.stat().st_mode & 0o777 == 0o640


def test_charts_hold_the_numbers_of_the_study(spec: StudySpec, tmp_path: Path) -> None:
    page = report(study_in("mixed", spec), spec, tmp_path)
    figures = json.loads(page.texts["figures"])
    ids = [element.attributes.get("id", "") for element in page.elements]
    assert {f"chart-{key}" for key in figures["charts"]} == {i for i in ids if "chart-" in i}
    traces = json.loads(page.texts["traces"])
    assert [int(number) for number in traces] == [*range(len(MIXED))]
    for number in range(len(MIXED)):
        epochs = range(1, len(traces[str(number)]["y"][1]) + 1)
        assert traces[str(number)]["y"][3] == [
            pytest.approx(accuracy(number, epoch), abs=1e-4) for epoch in epochs
        ]
