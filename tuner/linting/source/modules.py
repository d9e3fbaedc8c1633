"""Files beside the one that is read, which it imports: found by their names, never run."""

from __future__ import annotations

import ast
import functools
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


class Beside:
    """The files beside those that are read, found by the names of modules.

    What a folder holds is looked up once: most imports are of packages that lie elsewhere.
    """

    def __init__(self) -> None:
        self._top = functools.cache(_top)
        self._names = functools.cache(_names)

    def find(self, name: str, level: int, importer: Path) -> Path | None:
        """Return the file of a module that lies beside the one that imports it.

        Args:
            name: As the import says it, without the dots before it.
            level: How many dots are before it.
            importer: The file that imports it.
        """
        folder = importer.parent
        for _ in range(level - 1):
            folder = folder.parent
        parts = name.split(".")
        for begin in [folder] if level else [folder, self._top(folder)]:
            if parts[0] in self._names(begin):
                module = begin.joinpath(*parts)
                for path in (module.with_name(f"{module.name}.py"), module / "__init__.py"):
                    if path.is_file() and path != importer:
                        return path
        return None


def parse_module(path: Path) -> ast.Module | None:
    """Return a file as a syntax tree, or None if there is nothing in it that can be told."""
    try:
        if path.stat().st_size > _LARGEST:
            return None
        text = read_text(path)
        return _parsed(text) if _WORDS.search(text) else None
    except (OSError, ValueError, SyntaxError, RecursionError):
        return None


@functools.lru_cache(maxsize=16)
def _parsed(text: str) -> ast.Module:
    """Parse what the next files of a folder import as well; nobody changes a tree."""
    return ast.parse(text)


def _names(folder: Path) -> set[str]:
    """Return what a folder has of modules and packages, and of anything else."""
    try:
        return {path.name.removesuffix(".py") for path in folder.iterdir()}
    except OSError:
        return set()


def _top(folder: Path) -> Path:
    """Return the folder that a package of the file lies in."""
    return next(
        (each for each in _upwards(folder) if not (each / "__init__.py").is_file()), folder
    )


def _upwards(folder: Path) -> Iterator[Path]:
    yield folder
    yield from folder.parents
