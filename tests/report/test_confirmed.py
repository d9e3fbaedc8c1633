"""What the report says of trainings on fresh seeds."""

from __future__ import annotations

from pathlib import Path

from tuner import Constant
from tuner.definition import StudySpec
from tuner.repeats import Candidate, Confirmation
from tuner.repeats.confirmation import Training
from tuner.report import write_report

from .reading import Page
from .studies import HOSTILE, make_spec, prepared_study, study_in

FINALIST = Candidate(
    "trial 2", Constant(base_lr=0.2, horizon=40), 2, {1: 0.90, 2: 0.80}, averaged=(0.91, 0.89)
)
BASELINE = Candidate(
    HOSTILE, Constant(base_lr=0.3, horizon=40), None, {1: 0.89, 2: 0.1}, collapsed=(2,)
)


def page_of(confirmation: Confirmation | None, spec: StudySpec, folder: Path) -> Page:
    study = study_in("mixed", spec)
    path = write_report(study, spec, folder / "report.html", confirmation)
    return Page(path.read_text(encoding="utf-8"))


def test_the_table_of_a_confirm(spec: StudySpec, tmp_path: Path) -> None:
    page = page_of(Confirmation((BASELINE, FINALIST), ()), spec, tmp_path)
    assert page.unbalanced == []
    head, *rows = page.tables["table-confirmed"]
    assert head[1] == "mean test accuracy ± standard error"
    # Differences 0.01 and 0.7: mean 0.355, se 0.345, t(1) = 12.706.
    assert rows == [
        [
            "trial 2 constant", "0.8500 ± 0.0500", "2", "0.9000 ± 0.0100",
            "+0.3550 (-4.0286..+4.7386)", "–", "winner",
        ],
        [
            f"{HOSTILE} constant", "0.4950 ± 0.3950", "2", "–", "–", "-0.3550 (-4.7386..+4.0286)",
            "1 collapsed",
        ],
    ]  # fmt: skip
    assert page.texts["verdict"].startswith("The winner is trial 2, constant with base LR 0.2: ")
    assert page.texts["title-apart"] == "Seed by seed: how far each is from trial 2"
    assert "3 points, across -0.7 to -0.01" in page.texts["words-apart"]


def test_a_confirmed_baseline_that_the_study_never_trained(tmp_path: Path) -> None:
    spec = make_spec(tmp_path)
    first = spec.space.baselines[0]
    winner = Candidate(first.label, first.schedule, None, {1: 0.9})
    path = write_report(
        prepared_study(spec), spec, tmp_path / "report.html", Confirmation((winner,), ())
    )
    page = Page(path.read_text(encoding="utf-8"))
    assert "constant, not trained to its end in the study." in path.read_text(encoding="utf-8")
    assert page.texts["title-best"] == "The winner's learning rate over its training"


def test_an_unfinished_confirm_names_no_winner(spec: StudySpec, tmp_path: Path) -> None:
    missing = (Training(FINALIST, 3), Training(BASELINE, 3))
    page = page_of(Confirmation((BASELINE, FINALIST), missing), spec, tmp_path)
    assert "winner" not in str(page.tables["table-confirmed"])
    html = (tmp_path / "report.html").read_text()
    assert "unfinished, 4 of at least 6 trainings are over" in html


def test_without_a_confirm_there_is_no_such_section(spec: StudySpec, tmp_path: Path) -> None:
    assert "table-confirmed" not in page_of(None, spec, tmp_path).tables
