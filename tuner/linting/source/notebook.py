"""Notebooks, read as one module: their code cells, one after the other."""

from __future__ import annotations

import ast
import json
import re

from tuner.errors import ScheduleError
from tuner.linting.finding import NOT_READ, Finding
from tuner.linting.places import Line

NOTEBOOK = ".ipynb"
# What IPython takes beside Python: magics, shell commands, and questions for help.
_COMMAND = re.compile(
    r"^([ \t]*)(?:[%!?](?:.*\\\n)*.*|[\w.]+\?+|[\w., ]+=[ \t]*[%!].*)$", re.MULTILINE
)
# A cell of another language, by its magic; those that are named here run the rest as Python.
_OTHER_LANGUAGE = re.compile(r"\s*%%(?!(?:time|timeit|capture|prun)\b)")


def parse_notebook(text: str, file: str) -> tuple[ast.Module, list[Finding]]:
    """Return the code cells of a notebook as one module, with a :class:`Line` at every node.

    Returns:
        The module, and a finding for each cell that is not Python and so is not in it.

    Raises:
        ScheduleError: If it is no notebook, or nothing in it is Python.
    """
    module, before = ast.Module(body=[], type_ignores=[]), 0
    broken: list[Finding] = []
    sources = _code(text, file)
    for number, source in enumerate(sources, start=1):
        try:
            cell = _parse_cell(source)
        except (SyntaxError, ValueError, RecursionError) as error:
            line = getattr(error, "lineno", None) or 1
            message = f"this cell was passed over: it must be Python, but: {error}."
            broken.append(Finding(NOT_READ, message, line=Line(before + line, number, line)))
        else:
            for node in ast.walk(cell):
                if isinstance(node, (ast.stmt, ast.expr)):
                    node.lineno = Line(before + node.lineno, number, node.lineno)
            module.body += cell.body
        before += source.count("\n") + 1
    if broken and len(broken) == len(sources):
        raise ScheduleError(f"{file} must have cells in Python, but: {broken[0].message}")
    return module, broken


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


def _parse_cell(source: str) -> ast.Module:
    if _OTHER_LANGUAGE.match(source):
        return ast.Module(body=[], type_ignores=[])
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        # Only now: a line of Python may begin with % as well, in a text or an expression.
        source = _COMMAND.sub(
            lambda found: found[1] + "pass" + "\n" * found[0].count("\n"), source
        )
    return ast.parse(source)
