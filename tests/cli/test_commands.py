"""The commands from init to show, as a user types them, in processes of their own."""

from __future__ import annotations

import csv
import io
import json
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import numpy
import optuna
import pytest

import tuner


@pytest.fixture(scope="module")
def finished_once(write_study_in: Callable, tmp_path_factory: pytest.TempPathFactory) -> Path:
    study: Path = write_study_in(tmp_path_factory.mktemp("finished"), trials=7)
    command = [sys.executable, "-m", "tuner", "run", study]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    return study


@pytest.fixture
def finished(finished_once: Path, tmp_path: Path) -> Path:
    """Return a study file whose study has run through the command line."""
    shutil.copytree(finished_once.parent, tmp_path, dirs_exist_ok=True)
    return tmp_path / finished_once.name


def test_run_says_what_happens_and_what_to_do_next(
    write_study: Callable, tuner_command: Callable
) -> None:
    study = write_study(trials=2)
    ran = tuner_command("run", study)
    assert ran.code == 0, ran
    folder = study.with_suffix("")
    lines = ran.err.splitlines()
    assert lines[0].startswith("study small: new, budget 2 trials of 2 epochs, sqlite:///")
    assert (
        sum(bool(re.match(r"trial \d epoch \d/2: test accuracy 0\.\d{4}", x)) for x in lines) == 4
    )
    assert f"tuner show {folder}/best.json" in ran.err
    assert "\x1b" not in ran.out + ran.err  # no colours or cursor moves in a pipe
    assert f"schedule  {folder}/best.json" in ran.out
    assert f"report    {folder}/report.html" in ran.out
    checked = tuner_command("check", study)
    finished = "all is well. 2 of 2 trials are finished. "
    assert f"{finished}Add some (--trials N) with: tuner run" in checked.err
    study.write_text(study.read_text().replace("enabled = false", "enabled = true"))
    checked = tuner_command("check", study)
    study.write_text(study.read_text().replace("enabled = true", "enabled = false"))
    assert f"{finished}Confirm it, or add some (--trials N), with: tuner run" in checked.err
    again = tuner_command("run", study)
    assert again.code == 0
    assert "continuing after 2 trials" in again.err
    study.write_text(study.read_text().replace("epochs = 2", "epochs = 3"))
    changed = tuner_command("check", study)
    assert changed.code == 2
    assert re.search(r"another definition\n(.*\n)* +task.epochs +2 -> 3\n", changed.err)


def test_the_printed_program_runs_as_printed(
    write_study: Callable, tuner_command: Callable, tmp_path: Path
) -> None:
    out = tuner_command("run", write_study(trials=2)).out
    program = out[out.index("import tuner") :]
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stderr
    schedule = tuner.load_schedule(tmp_path / "small" / "best.json")
    assert done.stdout.splitlines() == [
        f"update {u}: learning rate {schedule(u):.6f}" for u in (1, 2, 3)
    ]


def test_status_trials_and_best_in_every_format(finished: Path, tuner_command: Callable) -> None:
    result = tuner.open_study(finished)
    status = json.loads(tuner_command("status", finished, "--format", "json").out)
    assert status["finished"] == status["budget"] == 7
    assert status["best_value"] == result.best.value
    assert "best value" in tuner_command("status", finished).out
    header, values = csv.reader(
        io.StringIO(tuner_command("status", finished, "--format", "csv").out)
    )
    assert dict(zip(header, values, strict=True))["best_trial"] == str(result.best.number)

    rows = list(
        csv.DictReader(io.StringIO(tuner_command("trials", finished, "--format", "csv").out))
    )
    assert [float(row["value"]) for row in rows] == [row.value for row in result.trials]
    assert [float(row["base_lr"]) for row in rows] == [r.params["base_lr"] for r in result.trials]
    full = json.loads(tuner_command("trials", finished, "--format", "json").out)
    assert full[0]["records"][1]["test_accuracy"] == result.trials[0].value
    assert full[0]["schedule"]["family"] == "constant"
    table = tuner_command("trials", finished).out
    assert "chapter: constant 0.3" in table

    best = json.loads(tuner_command("best", finished, "--top", 2, "--format", "json").out)
    assert len(best) == 2
    assert best[0]["number"] == result.best.number
    assert repr(result.best_schedule) in tuner_command("best", finished).out


def test_a_study_is_named_by_its_database_as_well(finished: Path, tuner_command: Callable) -> None:
    url = f"sqlite:///{finished.with_suffix('')}/study.db"
    by_file = tuner_command("trials", finished, "--format", "csv").out
    finished.unlink()
    assert tuner_command("trials", "--storage", url, "--format", "csv").out == by_file
    named = tuner_command("trials", "--storage", url, "--study", "small", "--format", "csv")
    assert named.out == by_file
    relative = tuner_command("status", "--storage", "sqlite:///small/study.db")
    assert relative.code == 0, relative


def test_export_writes_the_best_or_a_named_trial(
    finished: Path, tuner_command: Callable, tmp_path: Path
) -> None:
    result = tuner.open_study(finished)
    assert tuner_command("export", finished, "-o", "mine.json").code == 0
    assert tuner.load_schedule(tmp_path / "mine.json") == result.best_schedule
    assert tuner_command("export", finished, "--trial", 3, "-o", "third.json").code == 0
    assert tuner.load_schedule(tmp_path / "third.json") == result.trials[3].schedule
    assert tuner_command("export", finished).out == "wrote best.json\n"
    assert tuner_command("export", finished, "--trial", 3).out == "wrote trial-3.json\n"
    # The winner's file is not a trial's.
    assert tuner.load_schedule(tmp_path / "best.json") == result.best_schedule
    assert tuner.load_schedule(tmp_path / "trial-3.json") == result.trials[3].schedule
    named = tuner_command("export", finished, "--trial", 3, "--format", "python")
    assert (named.code, named.out) == (0, "wrote trial-3.py\n")
    assert tuner_command("export", finished, "--format", "csv").out == "wrote best.csv\n"
    rows = list(csv.DictReader(io.StringIO((tmp_path / "best.csv").read_text())))
    best = result.best_schedule
    assert [float(row["learning_rate"]) for row in rows] == best.learning_rates()
    assert tuner_command("export", finished, "--format", "python", "-o", "lr.py").code == 0
    program = "import lr; print([lr.learning_rate(u) for u in range(99)])"
    done = subprocess.run(
        [sys.executable, "-S", "-I", "-c", f"import sys; sys.path[:0] = ['.']; {program}"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == f"{best(range(99))}\n"
    nowhere = tuner_command("export", finished, "--format", "csv", "-o", "none/best.csv")
    assert nowhere.code == 2
    assert "none/best.csv cannot be written: No such file or directory" in nowhere.err
    with pytest.raises(tuner.TunerError, match="`form` must be 'json', 'csv' or 'python'"):
        result.export(tmp_path / "best.xml", form="xml")
    missing = tuner_command("export", finished, "--trial", 99, "-o", "none.json")
    assert missing.code == 2
    assert "Trial 99 must exist" in missing.err
    assert not (tmp_path / "none.json").exists()


def test_a_minus_is_stdout(finished: Path, tuner_command: Callable, tmp_path: Path) -> None:
    """As everywhere in a shell: nothing else is there, and no file of that name is made."""
    printed = tuner_command("export", finished, "-o", "-")
    assert (printed.code, printed.err) == (0, "")
    (tmp_path / "piped.json").write_text(printed.out)
    assert tuner.load_schedule(tmp_path / "piped.json") == tuner.open_study(finished).best_schedule
    as_table = tuner_command("export", finished, "-o", "-", "--format", "csv")
    assert as_table.out.startswith("update,learning_rate\n")
    assert tuner_command("report", finished, "-o", "-").out.startswith("<!DOCTYPE html>")
    assert tuner_command("show", "piped.json", "--svg", "-").out.startswith("<svg")
    assert not (tmp_path / "-").exists()


def test_export_writes_the_form_of_the_suffix(
    finished: Path, tuner_command: Callable, tmp_path: Path
) -> None:
    result = tuner.open_study(finished)
    assert tuner_command("export", finished, "-o", "by_name.csv").out == "wrote by_name.csv\n"
    assert (tmp_path / "by_name.csv").read_text() == result.best_schedule.to_csv()
    assert tuner_command("export", finished, "-o", "by_name.py").err == ""
    assert (tmp_path / "by_name.py").read_text() == result.best_schedule.to_python()
    assert tuner_command("export", finished, "-o", "other.txt", "--format", "csv").code == 0
    result.export(tmp_path / "no_suffix")
    assert tuner.load_schedule(tmp_path / "no_suffix") == result.best_schedule
    wrong = tuner_command("export", finished, "-o", "wrong.csv", "--format", "python")
    assert (wrong.code, wrong.out) == (2, "")
    assert wrong.err == (
        "error: The suffix of wrong.csv must fit the format, but is that of 'csv', and the format"
        " is 'python'. Leave the format out, or name another file.\n"
    )
    assert not (tmp_path / "wrong.csv").exists()


def test_export_says_what_trained_and_needs_none_of_it(finished: Path, tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['mxnet'] = None\n"
        f"import tuner; tuner.open_study({str(finished)!r}).export('origin.json')"
    )
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)
    versions = tuner.read_schedule_file(tmp_path / "origin.json").provenance["versions"]
    assert versions == {
        "tuner": metadata.version("schedule-tuner"), "optuna": optuna.__version__,
        "mxnet": "1.9.1", "numpy": numpy.__version__, "python": platform.python_version(),
    }  # fmt: skip


def test_report_writes_one_page(finished: Path, tuner_command: Callable, tmp_path: Path) -> None:
    assert tuner_command("report", finished, "-o", "page.html").code == 0
    assert "small" in (tmp_path / "page.html").read_text()


def test_show_prints_formula_values_curve_and_origin_without_optuna_or_mxnet(
    finished: Path, tmp_path: Path
) -> None:
    file = finished.with_suffix("") / "best.json"
    program = (
        "import sys; absent = ('mxnet', 'optuna', 'numpy', 'sqlalchemy');"
        "sys.modules.update(dict.fromkeys(absent));"
        f"sys.argv = ['tuner', 'show', {str(file)!r}]; from tuner.cli.main import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    schedule = tuner.load_schedule(file)
    assert f"lr(u) = {schedule.formula}" in done.stdout
    last = schedule.horizon
    assert f"{last:8d} {last / 12:10.2f}  {schedule(last):.8g}" in done.stdout
    assert "█" in done.stdout
    assert re.search(r"fingerprint\s+sha256:", done.stdout)


def test_resume_continues_from_the_database_alone(
    write_study: Callable, tuner_command: Callable
) -> None:
    study = write_study(trials=6)
    url = f"sqlite:///{study.with_suffix('')}/study.db"
    assert tuner_command("run", study, "--trials", 2).code == 0
    study.unlink()
    resumed = tuner_command("resume", "--storage", url)
    assert resumed.code == 0, resumed
    assert "continuing after 2 trials" in resumed.err
    assert len(tuner.open_study(storage=url).trials) == 6


def test_output_that_nobody_reads_is_no_error(finished: Path) -> None:
    trials = f"{sys.executable} -m tuner trials {finished} --format json"
    done = subprocess.run(
        ["bash", "-c", f"{trials} | head -1"], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[\n"
    assert done.stderr == ""


def test_the_version(tuner_command: Callable) -> None:
    ran = tuner_command("--version")
    assert (ran.code, ran.out) == (0, f"tuner {metadata.version('schedule-tuner')}\n")
    assert tuner.__version__ == metadata.version("schedule-tuner")


def test_help_names_every_command(tuner_command: Callable) -> None:
    ran = tuner_command("--help")
    assert ran.code == 0
    for name in (
        "init",
        "check",
        "run",
        "resume",
        "status",
        "trials",
        "best",
        "confirm",
        "compare",
        "dashboard",
        "export",
        "report",
        "show",
    ):
        assert re.search(rf"(^|  ){name}  ", ran.out, re.MULTILINE), name


def test_confirm_prints_a_table_and_the_others_mention_it(
    finished: Path, tuner_command: Callable, tmp_path: Path
) -> None:
    options = ("--top", 1, "--seeds", 2, "--max-seeds", 2)
    ran = tuner_command("confirm", finished, *options)
    assert ran.code == 0, ran
    found = tuner.open_study(finished).confirmed
    assert found is not None
    assert found.winner is not None
    for row in found.rows:
        assert row.spread is not None
        assert f"{row.spread.mean:.4f} ± {row.spread.se:.4f}" in ran.out
        if row.against is not None:
            assert f"{row.against.mean:+.4f} ({row.against.low:+.4f}.." in ran.out
    assert ran.out.count(" winner ") == 1
    assert re.search(r"^trial \d+ starts: .*, seed 2\]$", ran.err, re.MULTILINE)
    rows = json.loads(tuner_command("confirm", finished, *options, "--format", "json").out)
    assert [row["label"] for row in rows] == [row.candidate.label for row in found.rows]
    table = tuner_command("confirm", finished, *options, "--format", "csv").out
    assert [row["mean"] for row in csv.DictReader(io.StringIO(table))] == [
        str(row.spread and row.spread.mean) for row in found.rows
    ]
    line = f"{found.winner.label}, {found.rows[0].spread.mean:.4f} ± "
    assert f"confirmed: {line}" in tuner_command("best", finished).out
    assert line in tuner_command("status", finished).out
    again = tuner_command("run", finished)
    assert f"confirmed {line}" in again.out
    assert "confirm" in tuner.read_schedule_file(finished.with_suffix("") / "best.json").provenance
    bad = tuner_command("confirm", finished, "--seeds", 9)
    assert bad.code == 2
    assert "error: `seeds <= max_seeds` must hold, but got (seeds=9, max_seeds=8)" in bad.err
