"""The examples run as their README says, on a small share of the data."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import tuner
from tuner.search import TrialRow

pytestmark = pytest.mark.usefixtures("processes")

ROOT = Path(__file__).parent.parent
SMALL = {**os.environ, "EXAMPLE_SHARE": "0.01"}


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    """Return a copy of the examples without what runs of them left, beside nothing else."""
    copy = tmp_path / "examples"
    shutil.copytree(ROOT / "examples", copy, ignore=shutil.ignore_patterns("*.db", "best.json"))
    return copy


def run(*command: object) -> str:
    line = [sys.executable, *map(str, command)]
    done = subprocess.run(line, env=SMALL, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def test_the_readme_names_every_example_and_nothing_else() -> None:
    text = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"examples/([\w/]+\.(?:py|toml))", text)
    there = [path.name for path in (ROOT / "examples").glob("*.py")]
    assert sorted(named) == sorted(
        [*there, "gluon_network/study.toml", "torch_network/study.toml", "warm_start/run.py"]
    )


def comparable(rows: list[TrialRow]) -> list[TrialRow]:
    """Return the trials without what may differ: the seconds, and who trained which epoch."""
    return [
        row._replace(records=tuple(r._replace(seconds=0.0) for r in row.records), epochs_given=0)
        for row in rows
    ]


@pytest.mark.parametrize("framework", ["gluon", "torch"])
def test_a_study_over_an_own_network_killed_at_a_random_moment_changes_not_a_bit(
    framework: str,
    examples: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("EXAMPLE_SHARE", SMALL["EXAMPLE_SHARE"])
    study = examples / f"{framework}_network" / "study.toml"
    early = 'n_startup_trials = 3\nrungs = ["0.1dur", "0.2dur"]\nkeep = [0.2, 0.2]'
    study.write_text(re.sub("n_startup_trials = 5", early, study.read_text()))
    # In processes of their own: frameworks of other tests may change the last bits here.
    run("-m", "tuner", "run", study, "--workers", 1, "--trials", 6)
    whole = tuner.open_study(study)
    expected = comparable(whole.trials)
    assert {row.state for row in expected} == {"complete", "pruned"}
    shutil.rmtree(study.parent / "study")
    chance = random.Random(3)
    command = [sys.executable, "-m", "tuner", "run", str(study), "--workers", "1"]
    with subprocess.Popen(command, env=SMALL, stderr=subprocess.PIPE, text=True) as process:
        epochs = chance.randrange(3, 12)  # of the 20 or so
        for line in process.stderr:
            epochs -= " epoch " in line
            if not epochs:
                break
        time.sleep(chance.uniform(0, 0.1))
        process.kill()
    assert process.returncode == -signal.SIGKILL
    # The rest from the database alone.
    run("-m", "tuner", "resume", "--storage", whole.storage, "--workers", 1, "--trials", 6)
    found = comparable(tuner.open_study(storage=whole.storage).trials)
    with capsys.disabled():
        differences = sum(a != b for a, b in zip(found, expected, strict=True))
        print(f"\n{framework}: SIGKILL at a random moment: {differences} differences")
    assert found == expected


def test_a_training_follows_the_file_to_its_end(examples: Path) -> None:
    said = run(examples / "torch_training.py")
    rates = [float(rate) for rate in re.findall(r"LR ([\d.]+), test accuracy 0\.\d+", said)]
    assert len(rates) == 3
    assert rates[0] > rates[1] > rates[2] == 0.0005  # the file's final LR


def test_any_training_is_judged_by_its_own_metric(examples: Path, tmp_path: Path) -> None:
    said = run(examples / "any_training.py", tmp_path / "study")
    url = f"sqlite:///{tmp_path}/study/study/study.db"
    rows = tuner.open_study(storage=url).trials
    values = [row.value for row in rows if row.state == "complete"]
    assert len(rows) == 12
    assert f"{min(values):.4f}, " in said.splitlines()[-1]


def test_a_training_in_one_file_is_tuned_and_done_when_it_is_started_again(
    examples: Path, tmp_path: Path
) -> None:
    file = examples / "torch_tuning.py"
    few = (
        file.read_text()
        .replace("trials=12", "trials=6")
        .replace('"max_seeds": 4', '"max_seeds": 2')
    )
    file.write_text(few)
    said = run(file, tmp_path)
    result = tuner.open_study(storage=f"sqlite:///{tmp_path}/torch_tuning/study.db")
    assert said.count(" epoch ") >= 12
    again = run(file, tmp_path)
    assert " epoch " not in again
    for lines in (said.splitlines(), again.splitlines()):
        assert "study    torch_tuning: done, 6/6 trials" in lines
        assert repr(result.best_schedule) in " ".join(map(str.strip, lines))


def test_a_warm_start_begins_with_the_old_best(examples: Path) -> None:
    for name in ("narrow", "wider"):
        file = examples / "warm_start" / f"{name}.toml"
        file.write_text(file.read_text().replace("train_size = 6000", "train_size = 1000"))
    run(examples / "warm_start" / "run.py", "--trials", 2, "--workers", 1)
    narrow, wider = (
        tuner.open_study(examples / "warm_start" / f"{name}.toml") for name in ("narrow", "wider")
    )
    first = wider.trials[0]
    assert first.baseline == "best of narrow"
    assert first.schedule == narrow.best_schedule
    assert first.params == narrow.best.params
    assert first.value == narrow.best.value  # the same training
    assert wider.spec.space.params["family"].choices != narrow.spec.space.params["family"].choices


def test_the_transfer_is_measured(examples: Path, tmp_path: Path) -> None:
    said = run(examples / "transfer.py", tmp_path, "--seeds", 2, "--trials", 2, "--workers", 1)
    means = [float(mean) for mean in re.findall(r"^(?:transferred|tuned) +([\d.]+) ±", said, re.M)]
    [difference] = re.findall(r"^difference +([+-][\d.]+) ± [\d.]+, n = 2 seeds$", said, re.M)
    assert float(difference) == pytest.approx(means[0] - means[1], abs=1.01e-4)
