"""After a confirm “best” is the confirmed winner everywhere, and programs get numbers."""

from __future__ import annotations

import csv
import io
import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tuner as package
from tuner import Constant
from tuner.schedules import schedule_to_dict

from ..report.reading import Page
from ..space.spaces import CONSTANT_RATES

pytestmark = pytest.mark.usefixtures("seconds")

RATES = [10 ** (-2 + step / 8) for step in range(17)]  # 0.01 to 1
SEEDS = (0, 1, 2)
BASELINE = '[[baseline]]\nlabel = "low"\nfamily = "constant"\nbase_lr = 0.01\n'
STUDY = """
format = "tuner.study/1"
name = "lucky"
search_space = "space.toml"
[task]
name = "table"
path = "table.jsonl"
epochs = 1
[budget]
trials = 8
[sampler]
type = "random"
[pruner]
type = "none"
[workers]
count = 1
[confirm]
top = 1
seeds = 2
max_seeds = 2
"""


def end_of(number: int, seed: int) -> tuple[float, float]:
    """Return how a training ends, and how its averaged weights do.

    High rates are the best by the luck of the search's seed, and the worst from all others. There
    averaging is good for them, and in the search for the lowest one.
    """
    if seed == 0:
        return 0.5 + number / 100, 0.5 if number else 0.9
    return 0.8 - number / 100 + seed / 1000, 0.7 + number / 100 + seed / 1000


@pytest.fixture(scope="module")
def confirmed_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a study file whose study is confirmed: another trial wins than is best in the search.

    The recorded trainings are as :func:`end_of` says.
    """
    folder = tmp_path_factory.mktemp("lucky")
    columns = ["train_loss", "train_accuracy", "test_accuracy", "averaged_accuracy"]
    lines: list[dict[str, Any]] = [
        {"task": {"batch_size": 64}, "epochs": 1, "updates_per_epoch": 5, "columns": columns}
    ]
    for number, rate in enumerate(RATES):
        curve = schedule_to_dict(Constant(base_lr=rate, horizon=5))
        for seed in SEEDS:
            epochs = [[1.0, 0.5, *end_of(number, seed)]]
            lines.append(
                {
                    "schedule": number,
                    "seed": seed,
                    "collapse": "",
                    "curve": curve,
                    "epochs": epochs,
                }
            )
    (folder / "table.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n")
    low = CONSTANT_RATES.replace("low = 1e-3", "low = 1e-2")
    (folder / "space.toml").write_text(low + BASELINE)
    (folder / "study.toml").write_text(STUDY)
    package.run_study(folder / "study.toml")
    return folder / "study.toml"


@pytest.fixture
def study(confirmed_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(confirmed_once.parent, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return Path("study.toml")


@pytest.fixture
def data_of(study: Path, tuner: Callable) -> Callable[..., Any]:
    """Return a function that gives what a command says of the study in JSON."""

    def ask(command: str, *options: object) -> Any:
        ran = tuner(command, study, *options, "--format", "json")
        assert ran.code == 0, ran
        return json.loads(ran.out)

    return ask


def test_everybody_names_the_confirmed_winner_as_the_best(
    study: Path, tuner: Callable, data_of: Callable
) -> None:
    result = package.open_study(study)
    assert result.confirmed is not None
    assert result.confirmed.winner is not None
    assert result.confirmed.winner.label == "low"
    winner, lucky = result.best, result.best_of_search
    assert (winner.number, winner.baseline) == (0, "low")
    assert lucky.value == max(row.value for row in result.trials if row.value is not None)
    assert lucky.number != 0
    assert result.summary.best == winner
    assert result.summary.best_of_search == lucky

    status = data_of("status")
    assert (status["best_trial"], status["best_value"]) == (0, winner.value)
    assert status["best_of_search_trial"] == lucky.number
    assert status["best_of_search_value"] == lucky.value
    for rows in (data_of("best", "--top", 3), data_of("trials")):
        assert [row["number"] for row in rows if row["best"]] == [0]
        assert [row["number"] for row in rows if row["best_of_search"]] == [lucky.number]
    assert data_of("best")[0]["number"] == 0
    file = package.read_schedule_file(result.folder / "best.json")
    assert (file.provenance["trial"], file.schedule) == (0, winner.schedule)


def test_the_best_of_the_search_is_named_as_that(study: Path, tuner: Callable) -> None:
    lucky = package.open_study(study).best_of_search
    said = f"best of the search: trial {lucky.number}, "
    for command, metric in (
        ("status", "accuracy"),
        ("best", "accuracy"),
        ("run", "test accuracy"),
    ):
        out = tuner(command, study).out
        assert f"{said}{metric} {lucky.value:.4f} from one run\n" in out, command
    lines = tuner("run", study).out.splitlines()
    assert lines[1].startswith("best      trial 0 [low], test accuracy 0.5000")
    table = " ".join(tuner("trials", study).out.split())
    assert "low; confirmed winner" in table
    assert table.count("best of the search") == 1
    watched = tuner("status", study, "--watch").out
    assert f"best {lucky.value:.4f}" not in watched
    html = Path("study/report.html").read_text(encoding="utf-8")
    assert f"<p>B{said[1:]}test accuracy {lucky.value:.4f} from one run.</p>" in html
    assert Page(html).texts["verdict"].startswith("The winner is “low”, constant")


def test_before_a_confirm_they_are_one(study: Path, tuner: Callable, data_of: Callable) -> None:
    text = study.read_text().replace('"lucky"', '"fresh"')
    study.write_text(text.replace("[confirm]", "[confirm]\nenabled = false"))
    study.rename("fresh.toml")
    ran = tuner("run", "fresh.toml")
    assert "best of the search" not in ran.out
    said = "veraged weights do better: {}accuracy 0.9000 from one run, trial 0 [low]"
    assert said.format("test ") in " ".join(ran.out.split())
    for command in ("status", "best"):
        assert f"a{said.format('')}\n" in tuner(command, "fresh.toml").out, command
    result = package.open_study("fresh.toml")
    assert result.best == result.best_of_search == result.summary.best
    assert said.format("test ") in " ".join(repr(result).split())
    verdict = Page(Path("fresh/report.html").read_text()).texts["verdict"]
    assert "; averaged weights do better: 0.9000 at the end of trial 0, “low”, constant" in verdict
    status = json.loads(tuner("status", "fresh.toml", "--format", "json").out)
    assert status["confirm"] is None
    assert status["best_trial"] == status["best_of_search_trial"] == result.best.number
    assert (status["best_averaged_trial"], status["best_averaged_value"]) == (0, 0.9)


def test_numbers_are_numbers_with_the_interval_of_each_mean(
    study: Path, tuner: Callable, data_of: Callable
) -> None:
    def in_csv(command: str) -> list[dict[str, str]]:
        return [*csv.DictReader(io.StringIO(tuner(command, study, "--format", "csv").out))]

    # 0.801 and 0.802: sd 0.000707, se 0.0005, t(1) = 12.706.
    mean, half = 0.8015, 12.706 * 0.0005
    status, [best], rows = data_of("status"), data_of("best"), data_of("confirm")
    provenance = package.read_schedule_file("study/best.json").provenance["confirm"]
    for found in (status["confirm"]["candidates"][0], best["confirm"], rows[0], provenance):
        assert found["n"] == 2
        assert found["mean"] == pytest.approx(mean)
        assert found["sd"] == pytest.approx(0.001 / math.sqrt(2))
        assert found["se"] == pytest.approx(0.0005)
        assert found["mean_low"] == pytest.approx(mean - half)
        assert found["mean_high"] == pytest.approx(mean + half)
    assert status["confirm"]["winner"] == "low"
    assert status["confirm"]["done"] is True
    assert rows[0]["baseline"] is True
    assert rows[1]["baseline"] is False
    assert all(row["mean_low"] < row["mean"] < row["mean_high"] for row in rows)
    table = in_csv("confirm")
    assert [float(row["averaged_mean"]) for row in table] == [row["averaged_mean"] for row in rows]
    for flat in (in_csv("status")[0], in_csv("best")[0], in_csv("trials")[0]):
        assert float(flat["confirm_mean"]) == pytest.approx(mean)
        assert float(flat["confirm_mean_low"]) == pytest.approx(mean - half)
    assert in_csv("status")[0]["confirm_label"] == "low"
    assert [row["best"] for row in in_csv("trials")].count("True") == 1
    assert in_csv("trials")[0]["best"] == "True"


def test_averaged_weights_that_do_better_are_told_with_numbers(
    study: Path, tuner: Callable, data_of: Callable
) -> None:
    finalist = next(row for row in data_of("confirm") if not row["baseline"])
    assert finalist["averaged_beats_winner"] is True
    assert finalist["beats_winner"] is False
    assert finalist["mean"] < 0.8015 < finalist["averaged_mean"]
    [better] = data_of("status")["confirm"]["better_than_winner"]
    assert (better["label"], better["weights"]) == (finalist["label"], "averaged")
    assert better["mean"] == finalist["averaged_mean"]
    assert better["against"]["difference"] == pytest.approx(better["mean"] - 0.8015)
    provenance = package.read_schedule_file("study/best.json").provenance["confirm"]
    assert provenance["better_than_winner"] == [better]
    said = f"veraged weights do better: {better['mean']:.4f} ± 0.0005, {better['label']}"
    for command in ("run", "status", "best", "confirm"):
        assert f" a{said}\n" in tuner(command, study).out, command
    assert f"a{said}" in " ".join(repr(package.open_study(study)).split())
    html = Path("study/report.html").read_text(encoding="utf-8")
    assert f"<p>A{said}.</p>" in html
    assert f"; a{said}, constant with base LR" in Page(html).texts["verdict"]
