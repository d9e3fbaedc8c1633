"""``tuner lint`` on source: every planted mistake at its line, and not a word about the rest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import tuner
from tuner.linting import Finding

from .right_apart import RIGHT_APART
from .right_source import RIGHT
from .right_ways import RIGHT_WAYS
from .wrong_apart import WRONG_APART
from .wrong_rates import WRONG_RATES
from .wrong_source import CHAPTER, WRONG, Snippet
from .wrong_ways import WRONG_WAYS

ALL_RIGHT = RIGHT | RIGHT_WAYS | RIGHT_APART
ALL_WRONG = WRONG | WRONG_WAYS | WRONG_APART | WRONG_RATES
COSINE = "scheduler = lr_scheduler.CosineScheduler(max_update=20, base_lr=0.3)\n"


def places(found: list[Finding]) -> list[tuple[int | None, str]]:
    return [(finding.line, finding.rule) for finding in found]


def test_the_chapters_own_mistakes() -> None:
    found = tuner.lint(CHAPTER.text)
    assert len(CHAPTER.mistakes) == 6
    assert places(found) == CHAPTER.mistakes


def test_the_chapters_cosine_is_over_after_20_of_7050_updates() -> None:
    found = tuner.lint(CHAPTER.text, updates=7050)
    assert places(found) == CHAPTER.mistakes
    over = [str(f) for f in found if "CosineScheduler" in f.message]
    assert all("this CosineScheduler is over after 20 of 7050 updates." in text for text in over)
    by_epochs = tuner.lint(CHAPTER.text, updates_per_epoch=235)
    assert "over after 20 of 7050 updates" in str(by_epochs)
    assert "20 * 235 = 4700" in str(by_epochs)


@pytest.mark.parametrize("wrong", ALL_WRONG.values(), ids=ALL_WRONG)
def test_planted_mistakes_are_found_at_their_lines(wrong: Snippet) -> None:
    assert wrong.mistakes
    assert places(tuner.lint(wrong.text)) == wrong.mistakes


@pytest.mark.parametrize("text", ALL_RIGHT.values(), ids=ALL_RIGHT)
@pytest.mark.parametrize("updates_per_epoch", [None, 235])
def test_correct_source_is_passed_over(text: str, updates_per_epoch: int | None) -> None:
    assert tuner.lint(text, updates_per_epoch=updates_per_epoch) == []


def test_nothing_of_the_source_is_run(tmp_path: Path) -> None:
    path = tmp_path / "train.py"
    path.write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nimport no_such_module\n1 / 0\n")
    assert tuner.lint(path) == tuner.lint(str(path)) == []
    assert not (tmp_path / "ran").exists()


@pytest.mark.usefixtures("seconds")
def test_its_own_sources_have_no_mistakes() -> None:
    """Nor those of the benchmarks and examples, which train with several frameworks."""
    root = Path(__file__).parent.parent.parent
    folders = ("tuner/**", "benchmarks", "examples/**")
    files = [file for folder in folders for file in root.glob(f"{folder}/*.py")]
    assert len(files) > 100
    assert [finding for file in files for finding in tuner.lint(file)] == []


def test_the_command(tmp_path: Path, tuner_command: Callable) -> None:
    (tmp_path / "chapter.py").write_text(CHAPTER.text)
    (tmp_path / "right.py").write_text(RIGHT["MXNet, in updates"])
    ran = tuner_command("lint", "chapter.py", "right.py", "--updates", 7050)
    assert ran.code == 1
    lines = ran.out.splitlines()
    assert [line.split(": ")[:2] for line in lines] == [
        [f"chapter.py:{line}", rule] for line, rule in CHAPTER.mistakes
    ]
    assert ran.err == "6 mistakes found in 2 files\n"
    silent = tuner_command("lint", "right.py", "--updates", 7050)
    assert (silent.code, silent.out, silent.err) == (0, "", "no mistakes found in 1 file\n")


def test_the_command_says_what_it_could_not_look_for(
    tmp_path: Path, tuner_command: Callable
) -> None:
    (tmp_path / "train.py").write_text(COSINE)
    ran = tuner_command("lint", "train.py")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.startswith("no mistakes found in 1 file\nnot looked for: lengths written as")
    assert "horizon-in-epochs" in ran.err
    assert "--updates N, or --epochs N --updates-per-epoch N" in " ".join(ran.err.split())
    known = tuner_command("lint", "train.py", "--updates-per-epoch", 235)
    assert (known.code, known.err) == (1, "1 mistake found in 1 file\n")


def test_the_name_of_a_file_is_no_source_text(tmp_path: Path) -> None:
    path = tmp_path / "chapter.py"
    path.write_text(CHAPTER.text)
    assert places(tuner.lint(str(path))) == CHAPTER.mistakes
    with pytest.raises(tuner.TunerError, match=r"train\.py cannot be read"):
        tuner.lint("train.py")


@pytest.mark.parametrize("first", ["\ufeff", "# -*- coding: latin-1 -*-\n# \xe9\n"])
def test_a_file_is_read_in_the_encoding_that_it_names(first: str, tmp_path: Path) -> None:
    path = tmp_path / "train.py"
    path.write_text(first + COSINE, encoding="latin-1" if "latin" in first else "utf-8")
    assert places(tuner.lint(path, updates=7050)) == [(1 + first.count("\n"), "horizon-in-epochs")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"%matplotlib inline\n", "best.py must be Python, but: invalid syntax"),
        (b"\xff\xfe", "best.py cannot be read"),
        (b"# coding: no-such\n", "best.py cannot be read: unknown encoding"),
        (b"a = '\0'", "best.py must be Python"),
        (None, "best.py cannot be read"),
    ],
)
def test_what_is_not_python_is_refused(
    content: bytes | None, message: str, tmp_path: Path, tuner_command: Callable
) -> None:
    if content is not None:
        (tmp_path / "best.py").write_bytes(content)
    ran = tuner_command("lint", "best.py")
    assert ran.code == 2
    assert message in ran.err
    assert "Traceback" not in ran.err


def test_what_is_nested_too_deeply_is_refused() -> None:
    with pytest.raises(tuner.TunerError, match=r"nested too deeply|must be Python"):
        tuner.lint("total = " + " + ".join(["1"] * 5000))
    assert tuner.lint("total = " + " + ".join(["1"] * 500)) == []


def test_a_file_of_another_kind_is_refused(tmp_path: Path, tuner_command: Callable) -> None:
    """For much JSON and TOML is an expression or assignments of Python, without a mistake."""
    (tmp_path / "good.json").write_text('{"a": 1}')
    ran = tuner_command("lint", "good.json")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "error: must be Python source or a notebook, but got good.json.\n"
    for name in ("good.toml", "my/good.toml", Path("my good.txt")):
        with pytest.raises(tuner.TunerError, match="must be Python source or a notebook, but got"):
            tuner.lint(name)
