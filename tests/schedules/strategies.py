"""Random valid schedules of every family, with extremes."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import strategies as st

from tuner.schedules import FAMILIES, Schedule

LARGEST_HORIZON = 2**53


def rates(largest: float) -> st.SearchStrategy[float]:
    return st.floats(0, largest)


def factors() -> st.SearchStrategy[float]:
    return st.floats(0, 1, exclude_min=True)


def intervals(least: int = 1) -> st.SearchStrategy[int]:
    return st.integers(least, 200) | st.integers(least, LARGEST_HORIZON)


@st.composite
def schedules_of(draw: st.DrawFn, family: str) -> Schedule:
    """A schedule of one family."""
    base_lr = draw(st.floats(1e-4, 10) | st.floats(0, 1e100, exclude_min=True))
    least_span = 2 if family in ("one_cycle", "wsd_s") else 1
    horizon = draw(st.integers(least_span, 300) | st.integers(least_span, LARGEST_HORIZON))
    warmup_steps = draw(st.integers(0, horizon - least_span))
    common: dict[str, Any] = {
        "base_lr": base_lr,
        "horizon": horizon,
        "warmup_steps": warmup_steps,
        "warmup_begin_lr": draw(rates(base_lr)),
        "warmup_mode": draw(st.sampled_from(_modes(family))),
    }
    own = draw(st.fixed_dictionaries(_own(family, base_lr, horizon, horizon - warmup_steps)))
    if family == "wsd_s":
        own |= draw(_ends(warmup_steps, horizon))
    return FAMILIES[family](**common, **own)


def schedules() -> st.SearchStrategy[Schedule]:
    """A schedule of any family."""
    return st.sampled_from(sorted(FAMILIES)).flatmap(schedules_of)


def updates_around(schedule: Schedule) -> st.SearchStrategy[float]:
    """Update numbers before, at and past the horizon, whole and not."""
    corners = [0, 1, schedule.warmup_steps, schedule.horizon, schedule.horizon + 1]
    end = min(3 * schedule.horizon, LARGEST_HORIZON)
    return st.sampled_from(corners) | st.integers(0, end) | st.floats(0, end)


def _modes(family: str) -> list[str]:
    modes = ["linear", "constant", "from_first"]
    return [*modes, "overlap"] if FAMILIES[family].overlaps else modes


def _ends(warmup_steps: int, horizon: int) -> st.SearchStrategy[dict[str, Any]]:
    """Several decays, of any length that fits between their ends."""
    inner = st.integers(warmup_steps + 1, horizon - 1)
    return (
        st.sets(inner, min_size=1, max_size=8)
        .map(sorted)
        .flatmap(
            lambda ends: st.integers(
                1, min(b - a for a, b in itertools.pairwise([warmup_steps, *ends, horizon]))
            ).map(lambda steps: {"milestones": ends, "decay_steps": steps})
        )
    )


def _own(family: str, base_lr: float, horizon: int, span: int) -> dict[str, Any]:
    final_lr = rates(base_lr)
    own: dict[str, dict[str, Any]] = {
        "constant": {},
        "square_root": {"decay_interval": intervals()},
        "factor": {
            "decay_factor": factors(),
            "decay_interval": intervals(),
            "stop_factor_lr": final_lr,
        },
        "multi_factor": {
            "decay_factor": factors(),
            "milestones": st.sets(st.integers(1, horizon), min_size=1, max_size=8).map(sorted),
        },
        "poly": {"power": st.floats(0, 1e300, exclude_min=True), "final_lr": final_lr},
        "cosine": {"final_lr": final_lr},
        "linear": {"final_lr": final_lr},
        "exponential": {
            "decay_factor": factors(),
            "decay_interval": intervals(),
            "final_lr": final_lr,
        },
        "inverse_time": {"decay_interval": intervals()},
        "wsd": {
            "decay_steps": st.integers(1, span),
            "decay_shape": st.sampled_from(["linear", "cosine", "1-sqrt"]),
            "final_lr": final_lr,
        },
        "one_cycle": {
            "begin_lr": rates(base_lr),
            "rise_steps": st.integers(1, max(span - 1, 1)),
            "final_lr": final_lr,
            "anneal": st.sampled_from(["cosine", "linear", "linear-cosine"]),
        },
        "cosine_restarts": {
            "cycle_steps": intervals(),
            "cycle_factor": st.integers(1, 3) | st.floats(1, 1e308),
            "decay_factor": factors(),
            "final_lr": final_lr,
        },
        "cyclic": {
            "begin_lr": rates(base_lr),
            "cycle_steps": intervals(least=2),
            "decay_factor": factors(),
        },
        "piecewise": {
            "knots": st.dictionaries(
                st.integers(0, horizon), st.floats(0, 1), min_size=1, max_size=8
            ).map(lambda knots: sorted(knots.items())),
            "interpolation": st.sampled_from(["linear", "constant"]),
        },
        "cosine_power": {"power": st.floats(0, 1e300, exclude_min=True), "final_lr": final_lr},
        "tanh": {
            "tanh_begin": st.floats(-1e300, -1e-3),
            "tanh_end": st.floats(0, 1e300),
            "final_lr": final_lr,
        },
        "wsd_s": {
            "decay_shape": st.sampled_from(["linear", "cosine", "1-sqrt"]),
            "final_lr": final_lr,
        },
    }
    return own[family]
