"""When ``tuner status --watch`` ends: parts made by hand, and a clock that nobody waits for."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from tuner.cli import watching
from tuner.cli.board import Board
from tuner.cli.watching import Part


def part(name: str, finished: int, budget: int = 2) -> Part:
    states = {"complete": finished, "waiting": budget - finished}
    return Part(name, Board((), states, budget), finished == budget)


OVER = part("small", 2)
WAITING, TRAINED = part("small.confirm", 0), part("small.confirm", 2)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what counts the looks at a study whose parts are these, the last for ever."""

    def looks(moments: Sequence[list[Part]], *, with_confirm: bool) -> int:
        now = 0.0
        left = iter(moments)

        def sleep(seconds: float) -> None:
            nonlocal now
            now += seconds

        clock = SimpleNamespace(monotonic=lambda: now, sleep=sleep)
        monkeypatch.setattr(watching, "time", clock)
        monkeypatch.setattr(watching, "parts_of", lambda _: next(left, moments[-1]))
        found: Any = SimpleNamespace(
            spec=SimpleNamespace(confirm=SimpleNamespace(enabled=with_confirm))
        )
        return len([*watching._moments(found)])

    return looks


@pytest.mark.parametrize(
    ("moments", "with_confirm", "expected"),
    [
        ([[OVER]], False, 1),
        ([[OVER]], True, 9),  # the first after the grace of 15 s
        ([[OVER], [OVER, WAITING], [OVER, WAITING], [OVER, TRAINED]], True, 4),
        ([[OVER, WAITING], [OVER, TRAINED]], False, 2),  # begun by hand
        ([[OVER, WAITING]], True, 9),  # and given up
        ([*[[OVER]] * 7, *[[OVER, WAITING]] * 7, [OVER, TRAINED]], True, 15),
    ],
)
def test_it_ends_when_all_that_was_begun_or_may_begin_is_over(
    looks: Any, moments: Sequence[list[Part]], with_confirm: bool, expected: int
) -> None:
    assert looks(moments, with_confirm=with_confirm) == expected
