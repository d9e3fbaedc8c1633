"""The curve in the terminal."""

from __future__ import annotations

import pytest

from tuner.cli.plot import curve
from tuner.schedules import Cosine


def heights(lines: list[str]) -> list[int]:
    """Return the height of every column in eighths of a line."""
    return [
        sum(" ▁▂▃▄▅▆▇█".index(line[column]) for line in lines) for column in range(len(lines[0]))
    ]


def test_columns_are_as_high_as_their_values() -> None:
    assert curve([0, 1, 2, 3, 4], height=2) == ["   ▄█", " ▄███"]
    assert heights(curve([0, 1, 2, 3, 4, 5, 6, 7, 8], height=1)) == list(range(9))


def test_the_largest_fills_the_height() -> None:
    for largest in (1e-9, 0.3, 5, 1e100):
        lines = curve([largest / 2, largest], height=8)
        assert len(lines) == 8
        assert heights(lines) == [32, 64]


@pytest.mark.parametrize("values", [[0.0], [0.0, 0.0, 0.0]])
def test_nothing_but_zeros_is_blank(values: list[float]) -> None:
    assert curve(values, height=3) == [" " * len(values)] * 3


def test_no_values() -> None:
    assert curve([], height=2) == ["", ""]


def test_a_schedule() -> None:
    """Down and never up again, from all to nothing."""
    schedule = Cosine(base_lr=0.3, horizon=64)
    columns = heights(curve(schedule(range(65))))
    assert columns[0] == 64
    assert columns[-1] == 0
    assert columns == sorted(columns, reverse=True)
    assert columns[32] == 32
