"""The chapter's own two classes, copied, and its settings of MXNet's, against the families.

Source: Dive into Deep Learning, section "Learning Rate Scheduling".
"""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.schedules import Cosine, Factor, MultiFactor, SquareRoot

rates = st.floats(1e-3, 3)


class SquareRootScheduler:
    def __init__(self, lr: float = 0.1) -> None:
        self.lr = lr

    def __call__(self, num_update: float) -> float:
        return self.lr * pow(num_update + 1.0, -0.5)


class FactorScheduler:
    def __init__(
        self, factor: float = 1, stop_factor_lr: float = 1e-7, base_lr: float = 0.1
    ) -> None:
        self.factor = factor
        self.stop_factor_lr = stop_factor_lr
        self.base_lr = base_lr

    def __call__(self, num_update: int) -> float:
        self.base_lr = max(self.stop_factor_lr, self.base_lr * self.factor)
        return self.base_lr


@given(lr=rates, horizon=st.integers(1, 10_000), data=st.data())
def test_square_root(lr: float, horizon: int, data: st.DataObject) -> None:
    update = data.draw(st.integers(0, horizon))
    assert SquareRoot(base_lr=lr, horizon=horizon)(update) == SquareRootScheduler(lr)(update)


def test_square_root_in_epochs() -> None:
    in_epochs = SquareRoot(base_lr=1.0, horizon=7050, decay_interval=235)
    chapter = SquareRootScheduler(lr=1.0)
    assert [in_epochs(235 * epoch) for epoch in range(30)] == [chapter(t) for t in range(30)]


@given(factor=st.floats(0.1, 1), stop=st.floats(0, 0.1), lr=st.floats(0.2, 3))
def test_factor(factor: float, stop: float, lr: float) -> None:
    """It multiplies before it returns: its n-th call is update n, from ``lr * factor`` on."""
    chapter = FactorScheduler(factor=factor, stop_factor_lr=stop, base_lr=lr)
    ours = Factor(
        base_lr=max(stop, lr * factor),
        horizon=50,
        decay_factor=factor,
        decay_interval=1,
        stop_factor_lr=stop,
    )
    assert ours(range(1, 51)) == pytest.approx([chapter(t) for t in range(50)], rel=1e-12)


def test_the_chapter_s_multi_factor() -> None:
    """step=[15, 30], factor=0.5, base_lr=0.5, over 30 epochs."""
    schedule = MultiFactor(base_lr=0.5, horizon=30, decay_factor=0.5, milestones=(15, 30))
    assert schedule(range(31)) == [0.5] * 16 + [0.25] * 15


def test_the_chapter_s_cosine() -> None:
    """max_update=20, base_lr=0.5, final_lr=0.01, over 30 epochs."""
    schedule = Cosine(base_lr=0.5, horizon=20, final_lr=0.01)
    assert schedule([0, 10, 20, 29]) == pytest.approx([0.5, 0.255, 0.01, 0.01])
    # Its formula: eta_T + (eta_0 - eta_T) / 2 * (1 + cos(pi t / T)).
    formula = [0.01 + 0.49 / 2 * (1 + math.cos(math.pi * t / 20)) for t in range(21)]
    assert schedule(range(21)) == pytest.approx(formula, rel=1e-12)


def test_the_chapter_s_warmup() -> None:
    """The same with warmup_steps=5."""
    schedule = Cosine(base_lr=0.5, horizon=20, final_lr=0.01, warmup_steps=5)
    assert schedule([0, 1, 2, 3, 4, 5]) == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4, 0.5])
    assert schedule([20, 29]) == [0.01, 0.01]
