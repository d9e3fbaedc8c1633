"""A study that is there already: opened by a changed file, beside another one, gone on with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import optuna
import pytest

import tuner
from tuner.cli.progress import live
from tuner.definition import load_spec
from tuner.errors import StudyError
from tuner.search import EpochEnded, prepare_study

from ..tasks.summed import SUMMED


def test_a_second_study_does_not_take_the_place_of_the_firsts_files(write_study: Callable) -> None:
    first = tuner.run_study(write_study(trials=1))
    study = write_study(trials=1)
    study.write_text(study.read_text().replace('name = "small"', 'name = "other"'))
    second = tuner.run_study(study)
    assert second.folder == first.folder / "other"
    for result in (first, second):
        origin = tuner.read_schedule_file(result.folder / "best.json").provenance
        assert origin["study"] == result.name
        assert (result.folder / "report.html").exists()


def test_long_trials_are_not_for_mysql(write_study: Callable) -> None:
    spec = load_spec(write_study(epochs=151))._replace(storage_url="mysql+pymysql://me:pw@db/x")
    with pytest.raises(StudyError, match=r"must have <= 150 epochs.*but have 151") as caught:
        prepare_study(spec, optuna.storages.InMemoryStorage())
    assert ":pw@" not in str(caught.value)


def test_a_changed_file_is_shown_with_a_warning(
    write_study: Callable, caplog: pytest.LogCaptureFixture
) -> None:
    study = write_study(trials=1)
    tuner.run_study(study)
    assert tuner.open_study(study).spec.epochs == 2
    assert not caplog.messages
    write_study(trials=1, epochs=3)
    assert tuner.open_study(study).spec.epochs == 2
    assert caplog.messages == [
        f"{study} is not what the study was begun with; what is shown is the study's"
    ]


def test_a_log_says_from_where_a_trial_goes_on_and_no_epoch_twice(
    write_study: Callable, capsys: pytest.CaptureFixture[str]
) -> None:
    study = write_study(trials=1, epochs=4)
    epochs: list[object] = []
    with live() as listen:
        tuner.run_study(
            study,
            on_event=lambda e: (
                listen(e),
                epochs.append(e) if isinstance(e, EpochEnded) else None,
            ),
            stop_requested=lambda: len(epochs) >= 3,
        )
        tuner.run_study(study, on_event=listen)
    lines = capsys.readouterr().err.splitlines()
    assert "study small: continuing after 0 trials and 1 interrupted, budget 1 " in "".join(lines)
    assert sum(line.startswith("trial 0 goes on after epoch 3: Constant") for line in lines) == 1
    told = [line.split(":")[0] for line in lines if line.startswith("trial 0 epoch")]
    assert told == [f"trial 0 epoch {epoch}/4" for epoch in range(1, 5)]


@pytest.fixture
def copied(write_study: Callable, tmp_path: Path) -> Callable[[str], str]:
    """Return a function that copies a half-done study, under another name, to a new database."""
    study = write_study(trials=6, confirm="seeds = 2\nmax_seeds = 2")
    text = study.read_text()
    start, end = text.index('name = "lenet'), text.index("[budget]")
    study.write_text(text[:start] + "epochs = 2\n" + text[end:])
    begun = tuner.run_study(study, task=SUMMED, trials=3)

    def copy(name: str) -> str:
        url = f"sqlite:///{tmp_path / 'copy.db'}"
        optuna.copy_study(
            from_study_name="small", from_storage=begun.storage,
            to_storage=url, to_study_name=name,
        )  # fmt: skip
        return url

    return copy


def test_a_study_that_was_copied_under_another_name_is_continued(
    copied: Callable[[str], str],
) -> None:
    url = copied("renamed")
    before = tuner.open_study(storage=url).trials
    result = tuner.resume_study(url, study="renamed", task=SUMMED)
    assert result.name == "renamed"
    assert result.summary.finished == 6
    assert result.trials[:3] == before[:3]
    assert sorted(optuna.get_all_study_names(url)) == ["renamed", "renamed.confirm"]
    assert result.confirmed is not None
    origin = tuner.read_schedule_file(result.folder / "best.json").provenance
    assert origin["study"] == "renamed"


def test_a_copy_whose_name_no_study_may_have_is_refused(copied: Callable[[str], str]) -> None:
    url = copied("../mine")
    with pytest.raises(
        StudyError, match=r"study '\.\./mine'.*(?s:.*)name  must be up to 100 letters"
    ):
        tuner.resume_study(url, task=SUMMED)
    assert optuna.get_all_study_names(url) == ["../mine"]
