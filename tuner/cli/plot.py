"""A curve in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

_BLOCKS = " ▁▂▃▄▅▆▇█"


def curve(values: Sequence[float], *, height: int = 8) -> list[str]:
    """Draw values from 0 up to the largest as columns of blocks, one column a value.

    Args:
        values: Numbers of 0 or more.
        height: Lines.

    Returns:
        The lines, the highest first.

    Example:
        >>> print("|".join(curve([0.0, 1.0, 2.0], height=2)))
          █| ██
    """
    top = max(values, default=0.0) or 1.0
    eighths = [round(value / top * height * 8) for value in values]
    return [
        "".join(_BLOCKS[min(8, max(0, eighth - 8 * row))] for eighth in eighths)
        for row in reversed(range(height))
    ]
