"""``tuner lint`` on notebooks: their code cells are one program, and findings name the cell."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tuner

from .wrong_source import CHAPTER


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a notebook of these code cells, a text before each."""

    def write(*sources: str | list[str], **metadata: Any) -> Path:
        cells: list[dict[str, Any]] = []
        for source in sources:
            cells.append({"cell_type": "markdown", "metadata": {}, "source": "# Not (Python"})
            cells.append({"cell_type": "code", "metadata": {}, "outputs": [], "source": source})
        path = tmp_path / "chapter.ipynb"
        notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
        path.write_text(json.dumps(notebook))
        return path

    return write


def test_the_chapters_mistakes_at_their_cells_and_lines(write: Callable) -> None:
    """A cell for each of its paragraphs, which name what cells before them made."""
    cells: list[str] = []
    places: list[tuple[int, int]] = []  # of every line of the text
    for paragraph in CHAPTER.text.split("\n\n"):
        if cells and paragraph.startswith(" "):  # the rest of a class
            cells[-1] += f"\n\n{paragraph}"
        else:
            cells.append(paragraph)
    for cell, source in enumerate(cells, start=1):
        places += [(cell, line) for line in range(1, source.count("\n") + 3)]
    cells[0] = cells[0].replace("from mxnet", "%matplotlib inline\nfrom mxnet")
    found = tuner.lint(write(*cells), updates=7050)
    assert [(f.cell, f.line, f.rule) for f in found] == [
        (*places[line - 1], rule) for line, rule in CHAPTER.mistakes
    ]
    assert len({f.cell for f in found}) > 3


def test_what_is_said_names_cells(write: Callable, tuner_command: Callable) -> None:
    file = write(
        ["from mxnet import lr_scheduler\n", "!pip install mxnet \\\n", "    numpy"],
        "s = lr_scheduler.FactorScheduler(step=9, factor=0.5)\n\nprint(s(1))",
        "%%bash\nfor each in *; do echo $each; done",
        "%%time\nfiles = !ls\ns?\n\ntrainer = gluon.Trainer(p, 'sgd', {'lr_scheduler': s})",
    )
    ran = tuner_command("lint", file.name, "--updates", 10)
    assert (ran.code, ran.err) == (1, "1 mistake found in 1 file\n")
    assert ran.out.startswith(
        "chapter.ipynb:cell 4:5: used-before: this FactorScheduler is asked in line 3 of cell 2"
    )


def test_a_line_that_begins_with_a_percent_sign_may_be_python(write: Callable) -> None:
    assert tuner.lint(write('text = """\n%s\n!\n"""\nlength = (9\n% 5)')) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"a": 1}', "chapter.ipynb must be a notebook, JSON of nbformat 4, but: KeyError"),
        ("a = 1", "chapter.ipynb must be a notebook, JSON of nbformat 4, but: JSONDecodeError"),
        ("[1]", "chapter.ipynb must be a notebook, JSON of nbformat 4, but: TypeError"),
    ],
)
def test_what_is_no_notebook_is_refused(
    content: str, message: str, tmp_path: Path, tuner_command: Callable
) -> None:
    (tmp_path / "chapter.ipynb").write_text(content)
    ran = tuner_command("lint", "chapter.ipynb")
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert "Traceback" not in ran.err


def test_a_cell_that_is_not_python_is_passed_over(
    write: Callable, tuner_command: Callable
) -> None:
    file = write("import optax", "a\na b", "s = optax.cosine_decay_schedule(0.1, num_epochs)")
    broken, found = tuner.lint(file)
    assert (broken.rule, broken.cell, broken.line) == ("not-read", 2, 2)
    assert broken.message.startswith("this cell was passed over: it must be Python, but: invalid")
    assert (found.rule, found.cell, found.line) == ("horizon-in-epochs", 3, 1)
    ran = tuner_command("lint", file.name)
    assert (ran.code, ran.out.count("\n")) == (1, 1)
    assert ran.err.startswith("chapter.ipynb:cell 2:2: not-read: this cell was passed over")
    assert "1 mistake found in 1 file\n" in ran.err


def test_a_cell_that_is_not_python_is_no_mistake(write: Callable, tuner_command: Callable) -> None:
    ran = tuner_command("lint", write("a b", "a = 1").name)
    assert (ran.code, ran.out) == (0, "")
    assert "no mistakes found in 1 file\n" in ran.err


def test_a_notebook_without_any_python_is_refused(write: Callable) -> None:
    with pytest.raises(tuner.TunerError, match=r"ipynb must have cells in Python, but: .*line 1"):
        tuner.lint(write("a b", "a\na b"))
    with pytest.raises(tuner.TunerError, match="must be a notebook in Python, but is in 'R'"):
        tuner.lint(write("a <- 1", language_info={"name": "R"}))
