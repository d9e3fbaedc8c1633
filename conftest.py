"""What holds for the tests and for the examples in docstrings alike."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest

# Before PyTorch loads the OpenMP library, which reads it then: MXNet trains with one thread, and
# with more gives other bits than in a process of its own.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Before anything imports Keras, whose default backend is not among our dependencies.
os.environ.setdefault("KERAS_BACKEND", "jax")

# Figures that tests record as (row, column, text), and what they say.
TABLES = {
    "adapters": "largest relative difference to the schedule over 1.5 horizons: whole, resumed",
    "reproduced": "largest difference to a framework's own schedule, as a share of the largest LR",
}


@pytest.fixture(scope="session", autouse=True)
def _short_collections() -> Iterator[None]:
    """Keep what is imported by now out of garbage collections.

    Every training in Gluon collects, and with every framework loaded that looks at a million
    objects that never go.
    """
    gc.freeze()
    yield
    gc.unfreeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the tables of figures that the tests recorded, in whatever processes they ran."""
    reports = terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
    for name, title in TABLES.items():
        found = [value for r in reports for key, value in r.user_properties if key == name]
        if found:
            cells = {(row, column): text for row, column, text in found}
            rows, columns = (sorted({place[axis] for place in cells}) for axis in (0, 1))
            table = [["", *columns]]
            table += [[row, *(cells.get((row, column), "") for column in columns)] for row in rows]
            widths = [max(map(len, column)) for column in zip(*table, strict=True)]
            terminalreporter.section(title)
            for line in table:
                padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
                terminalreporter.line("  ".join(padded).rstrip())
