"""Notebooks, read as one module: their code cells, one after the other."""

from __future__ import annotations

import ast
import json
import re

from tuner.errors import ScheduleError

NOTEBOOK = ".ipynb"
# What IPython takes beside Python: magics, shell commands, and questions for help.
_COMMAND = re.compile(
    r"^([ \t]*)(?:[%!?](?:.*\\\n)*.*|[\w.]+\?+|[\w., ]+=[ \t]*[%!].*)$", re.MULTILINE
)
# A cell of another language, by its magic; those that are named here run the rest as Python.
_OTHER_LANGUAGE = re.compile(r"\s*%%(?!(?:time|timeit|capture|prun)\b)")


class Line(int):
    """A line of a notebook, as a number counted through all code cells.

    Example:
        >>> line = Line(14, cell=2, line=4)
        >>> line > 9, f"asked in line {line}"
        (True, 'asked in line 4 of cell 2')
    """

    cell: int
    line: int

    def __new__(cls, number: int, cell: int, line: int) -> Line:
        """Keep which line of which cell a number stands for."""
        self = super().__new__(cls, number)
        self.cell, self.line = cell, line
        return self

    def __str__(self) -> str:
        return f"{self.line} of cell {self.cell}"


def parse_notebook(text: str, file: str) -> ast.Module:
    """Return the code cells of a notebook as one module, with a :class:`Line` at every node.

    Raises:
        ScheduleError: If it is no notebook, or its code is not Python.
    """
    module, before = ast.Module(body=[], type_ignores=[]), 0
    for number, source in enumerate(_code(text, file), start=1):
        cell = _parse_cell(source, f"cell {number} of {file}")
        for node in ast.walk(cell):
            if isinstance(node, (ast.stmt, ast.expr)):
                node.lineno = Line(before + node.lineno, number, node.lineno)
        module.body += cell.body
        before += source.count("\n") + 1
    return module


def _code(text: str, file: str) -> list[str]:
    """Return the source of the code cells."""
    try:
        notebook = json.loads(text)
        language = notebook["metadata"].get("language_info", {}).get("name", "python")
        code = [
            "".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ScheduleError(
            f"{file} must be a notebook, JSON of nbformat 4, but: {type(error).__name__}: {error}."
            " Save it with a current Jupyter."
        ) from error
    if "python" not in str(language).lower():
        raise ScheduleError(f"{file} must be a notebook in Python, but is in {language!r}.")
    return code


def _parse_cell(source: str, where: str) -> ast.Module:
    if _OTHER_LANGUAGE.match(source):
        return ast.Module(body=[], type_ignores=[])
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        # Only now: a line of Python may begin with % as well, in a text or an expression.
        source = _COMMAND.sub(
            lambda found: found[1] + "pass" + "\n" * found[0].count("\n"), source
        )
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise ScheduleError(f"{where} must be Python, but: {error}.") from error
