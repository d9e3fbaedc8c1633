"""Files beside the one that is read, which it imports: found by their names, never run."""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from tuner.linting.source.known import MAKERS

_LARGEST = 1_000_000  # bytes; what is longer was written by a program
# A file without any of these words has nothing to tell.
_WORDS = re.compile(
    r"\b(backward|lr_scheduler|scheduler|apply_gradients|apply_updates|set_learning_rate|tuner"
    rf"|{'|'.join(MAKERS)})\b"
)


def read_text(path: Path) -> str:
    """Return a source text as Python reads it: its first lines may name its encoding."""
    with tokenize.open(path) as source:
        return source.read()


def find_module(name: str, level: int, importer: str) -> Path | None:
    """Return the file of a module that lies beside the one that imports it.

    Args:
        name: As the import says it, without the dots before it.
        level: How many dots are before it.
        importer: The file that imports it.
    """
    folder = Path(importer).parent
    for _ in range(level - 1):
        folder = folder.parent
    folders = [folder] if level else [folder, _top(folder)]
    parts = name.split(".") if name else []
    for begin in folders:
        module = begin.joinpath(*parts)
        for path in (module.with_name(f"{module.name}.py"), module / "__init__.py"):
            if parts and path.is_file() and path != Path(importer):
                return path
    return None


def parse_module(path: Path) -> ast.Module | None:
    """Return a file as a syntax tree, or None if there is nothing in it that can be told."""
    try:
        if path.stat().st_size > _LARGEST:
            return None
        text = read_text(path)
        return ast.parse(text) if _WORDS.search(text) else None
    except (OSError, ValueError, SyntaxError, RecursionError):
        return None


def _top(folder: Path) -> Path:
    """Return the folder that a package of the file lies in."""
    return next(
        (each for each in _upwards(folder) if not (each / "__init__.py").is_file()), folder
    )


def _upwards(folder: Path) -> Iterator[Path]:
    yield folder
    yield from folder.parents
