"""A small study file beside its search space, and how a test changes and reads both."""

from __future__ import annotations

from pathlib import Path

from tuner.definition import StudySpec, load_spec

STUDY = """
format = "tuner.study/1"
name = "s"
notes = "notes"
search_space = "space.toml"
[task]
name = "lenet_fashion_mnist"
epochs = 3
[budget]
trials = 5
"""


def spec(text: str = STUDY, space: str | None = None) -> StudySpec:
    Path("study.toml").write_text(text, encoding="utf-8")
    if space is not None:
        Path("space.toml").write_text(space, encoding="utf-8")
    return load_spec("study.toml")


def changed(old: str, new: str, *, text: str = STUDY) -> str:
    assert old in text
    return text.replace(old, new)


def space(old: str = "", new: str = "") -> str:
    return changed(old, new, text=Path("space.toml").read_text(encoding="utf-8"))
