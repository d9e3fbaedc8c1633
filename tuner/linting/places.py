"""Where something is: a line of a file, or of a notebook's cell."""

from __future__ import annotations

from typing import NamedTuple


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


class Place(NamedTuple):
    """A line, in a notebook one of a cell, and its file."""

    line: int
    file: str | None = None

    def seen_from(self, other: Place) -> str:
        """Return its line, and its file if that is another one."""
        return str(self.line) if self.file == other.file else f"{self.line} of {self.file}"
