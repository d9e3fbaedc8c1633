"""What the command says of bad input, and what must not change meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

STUDY = """
format = "tuner.study/1"
name = "small"
search_space = "space.toml"
[task]
name = "lenet_fashion_mnist"
epochs = 3
train_size = 600
test_size = 100
[budget]
trials = 2
"""
BAD, DONE = 2, 0


class Said(NamedTuple):
    code: int
    out: str
    err: str


def tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Return everything below a folder, and when it changed."""
    return {
        str(path.relative_to(folder)): (
            path.read_bytes() if path.is_file() else b"",
            path.stat().st_mtime_ns,
        )
        for path in folder.rglob("*")
    }


def refused(said: Said, *words: str) -> None:
    assert said.code == BAD, said
    assert said.out == ""
    for word in words:
        assert word in said.err, said.err
    assert "Traceback" not in said.err
    assert "defect" not in said.err
    assert "Warning" not in said.err
