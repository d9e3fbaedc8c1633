"""What a check finds: a rule, where, and what is wrong with what to do."""

from __future__ import annotations

from typing import NamedTuple

from tuner.linting.places import Line, Place

NOT_READ = "not-read"  # the rule of what is no mistake, but was passed over


class Finding(NamedTuple):
    """A mistake that was found.

    Example:
        >>> print(Finding("used-before", "line 3 asks it.", "train.py", 9))
        train.py:9: used-before: line 3 asks it.

    In a notebook, lines are those of the cell, and code cells count from 1.
    """

    rule: str
    message: str
    file: str | None = None
    line: int | None = None
    cell: int | None = None

    def at(self, place: Place) -> Finding:
        """Return it with its place."""
        return self._replace(line=place.line, file=place.file)

    def settled(self, file: str | None) -> Finding:
        """Return it with its file, and with its cell if that is a notebook."""
        found = self._replace(file=self.file or file)
        if isinstance(found.line, Line):
            found = found._replace(cell=found.line.cell, line=found.line.line)
        return found

    def __str__(self) -> str:
        cell = None if self.cell is None else f"cell {self.cell}"
        place = ":".join(str(part) for part in (self.file, cell, self.line) if part is not None)
        return f"{place}: {self.rule}: {self.message}" if place else f"{self.rule}: {self.message}"
