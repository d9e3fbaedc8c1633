"""Source text, read by its syntax tree: what it makes of schedulers and does with them.

It is never run, and nothing of it imported. Functions and classes are followed to where they are
called, also into files beside that it imports.
"""

from __future__ import annotations

import ast

from tuner.errors import ScheduleError
from tuner.linting.finding import Finding
from tuner.linting.source.notebook import NOTEBOOK, parse_notebook
from tuner.linting.source.program import Program
from tuner.linting.source.reader import read

__all__ = ["NOTEBOOK", "Program", "read_source"]


def read_source(text: str, file: str | None = None) -> tuple[Program, list[Finding]]:
    """Read a source text.

    Args:
        text: A Python module, or a notebook if that is how the file is called.
        file: Its path.

    Returns:
        What was read, and a finding for each cell of a notebook that was passed over.

    Raises:
        ScheduleError: If it is not Python.
    """
    broken: list[Finding] = []
    if file and file.lower().endswith(NOTEBOOK):
        tree, broken = parse_notebook(text, file)
    else:
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError) as error:
            raise ScheduleError(f"{file or 'the text'} must be Python, but: {error}.") from error
    try:
        return read(tree, file), broken
    except RecursionError as error:
        raise ScheduleError(f"{file or 'the text'} is nested too deeply to be read.") from error
