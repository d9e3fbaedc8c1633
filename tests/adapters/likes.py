"""The schedulers of other libraries, with arguments: what ``like`` is held against.

A row's arguments are the library's own and ``like``'s alike. ``python tests/adapters/likes.py``
prints the table of ``docs/reference/likes.md``, which a test holds against these rows.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tuner.schedules import like

UPDATES = 60
Row = tuple[str, dict[str, Any]]
RECORDED = Path(__file__).parents[2] / "benchmarks" / "results" / "timm_schedulers.json"
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "likes.md"

_LR: dict[str, Any] = {"lr": 0.3}
_ON: dict[str, Any] = {"lr": 0.3, "horizon": UPDATES}
_EPOCHS: dict[str, Any] = {"updates_per_epoch": 7}
TORCH: list[Row] = [
    ("StepLR", {"step_size": 7, "gamma": 0.5, **_ON}),
    ("StepLR", {"step_size": 2, **_ON, **_EPOCHS}),
    ("MultiStepLR", {"milestones": [10, 25], "gamma": 0.3, **_ON}),
    ("MultiStepLR", {"milestones": [30, 10, 400], **_ON}),
    ("MultiStepLR", {"milestones": [2, 5], "gamma": 0.2, **_ON, **_EPOCHS}),
    ("ConstantLR", _LR),
    ("ConstantLR", {"factor": 0.1, "total_iters": 30, **_ON}),
    ("ConstantLR", {"factor": 0.5, "total_iters": 4, **_LR, **_EPOCHS}),
    ("LinearLR", _LR),
    ("LinearLR", {"start_factor": 1.0, "end_factor": 0.2, "total_iters": 40, **_LR}),
    ("LinearLR", {"start_factor": 0.1, "end_factor": 0.6, "total_iters": 40, **_LR}),
    ("LinearLR", {"total_iters": 5, **_LR, **_EPOCHS}),
    ("ExponentialLR", {"gamma": 0.9, **_ON}),
    ("ExponentialLR", {"gamma": 0.7, **_ON, **_EPOCHS}),
    ("PolynomialLR", {"total_iters": 40, "power": 1.7, **_LR}),
    ("PolynomialLR", {"total_iters": 59, **_LR}),
    ("PolynomialLR", {"total_iters": 6, "power": 2.0, **_LR, **_EPOCHS}),
    ("CosineAnnealingLR", {"T_max": 59, **_LR}),
    ("CosineAnnealingLR", {"T_max": 59, "eta_min": 0.01, **_LR}),
    ("CosineAnnealingLR", {"T_max": 8, "eta_min": 0.01, **_LR, **_EPOCHS}),
    ("CosineAnnealingWarmRestarts", {"T_0": 8, "T_mult": 2, "eta_min": 0.01, **_ON}),
    ("CosineAnnealingWarmRestarts", {"T_0": 10, "horizon": 51, **_LR}),
    ("CosineAnnealingWarmRestarts", {"T_0": 3, **_ON, **_EPOCHS}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.3, "step_size_up": 10, "horizon": UPDATES}),
    (
        "CyclicLR",
        {
            "base_lr": 0.0,
            "max_lr": 0.3,
            "step_size_up": 7,
            "mode": "triangular2",
            "horizon": UPDATES,
        },
    ),
    (
        "CyclicLR",
        {
            "base_lr": 0.02,
            "max_lr": 0.3,
            "step_size_up": 4,
            "step_size_down": 9,
            "mode": "triangular2",
            "horizon": UPDATES,
        },
    ),
    ("OneCycleLR", {"max_lr": 0.3, "total_steps": 60}),
    ("OneCycleLR", {"max_lr": 0.3, "epochs": 6, "steps_per_epoch": 10, "pct_start": 0.25}),
    (
        "OneCycleLR",
        {
            "max_lr": 0.3,
            "total_steps": 60,
            "pct_start": 0.37,
            "anneal_strategy": "linear",
            "div_factor": 10.0,
            "final_div_factor": 100.0,
        },
    ),
    (
        "OneCycleLR",
        {"max_lr": 0.3, "total_steps": 60, "anneal_strategy": "linear", "three_phase": True},
    ),
]

_STEPS: dict[str, Any] = {"num_warmup_steps": 7, "num_training_steps": 50, "lr": 0.3}
_ALL: dict[str, Any] = {**_STEPS, "num_training_steps": 59}
_COLD: dict[str, Any] = {**_STEPS, "num_warmup_steps": 0}
_LEAST: dict[str, Any] = {**_STEPS, "num_training_steps": UPDATES, "min_lr": 0.01}
TRANSFORMERS: list[Row] = [
    ("constant", _ON),
    ("constant", {"lr": 1e-4, "horizon": 9}),
    ("constant_with_warmup", {"num_warmup_steps": 7, **_ON}),
    ("constant_with_warmup", {"num_warmup_steps": 0, **_ON}),
    ("linear", _STEPS),
    ("linear", _COLD),
    ("cosine", _ALL),
    ("cosine", {**_ALL, "num_warmup_steps": 0}),
    ("cosine_with_restarts", {**_STEPS, "num_training_steps": 47, "num_cycles": 4}),
    ("cosine_with_restarts", _COLD),
    ("polynomial", _STEPS),
    ("polynomial", {**_COLD, "power": 2.5, "lr_end": 0.01}),
    ("inverse_sqrt", {"num_warmup_steps": 7, **_ON}),
    ("inverse_sqrt", {"num_warmup_steps": 7, "timescale": 20, **_ON}),
    ("inverse_sqrt", {"num_warmup_steps": 0, **_ON}),
    ("cosine_with_min_lr", {**_ALL, "min_lr": 0.01}),
    ("cosine_with_min_lr", {**_ALL, "min_lr_rate": 0.1, "num_warmup_steps": 0}),
    ("cosine_warmup_with_min_lr", _LEAST),
    ("cosine_warmup_with_min_lr", {**_LEAST, "warmup_lr_rate": 0.2}),
    ("cosine_warmup_with_min_lr", {**_LEAST, "warmup_lr_rate": 0.2, "num_warmup_steps": 1}),
    ("cosine_warmup_with_min_lr", {**_LEAST, "num_warmup_steps": 0}),
    ("warmup_stable_decay", {**_STEPS, "num_decay_steps": 12}),
    ("warmup_stable_decay", {**_COLD, "num_decay_steps": 12, "decay_type": "1-sqrt"}),
    (
        "warmup_stable_decay",
        {
            "num_warmup_steps": 7,
            "num_stable_steps": 20,
            "num_decay_steps": 12,
            "decay_type": "linear",
            "min_lr_ratio": 0.1,
            **_LR,
        },
    ),
]

_INITIAL: dict[str, Any] = {"initial_learning_rate": 0.3}
_RATE: dict[str, Any] = {**_INITIAL, "decay_steps": 9, "decay_rate": 0.5, "horizon": UPDATES}
KERAS: list[Row] = [
    ("ExponentialDecay", _RATE),
    ("ExponentialDecay", {**_RATE, "staircase": True}),
    ("PiecewiseConstantDecay", {"boundaries": [10, 25], "values": [0.1, 0.3, 0.05]}),
    (
        "PiecewiseConstantDecay",
        {"boundaries": [10], "values": [0.3, 0.03], "horizon": UPDATES},
    ),
    ("PolynomialDecay", {**_INITIAL, "decay_steps": 40}),
    ("PolynomialDecay", {**_INITIAL, "decay_steps": 40, "power": 0.5, "end_learning_rate": 0.01}),
    ("InverseTimeDecay", _RATE),
    ("InverseTimeDecay", {**_RATE, "decay_rate": 0.7, "staircase": True}),
    ("CosineDecay", {**_INITIAL, "decay_steps": 40, "alpha": 0.1}),
    (
        "CosineDecay",
        {
            "initial_learning_rate": 0.01,
            "decay_steps": 40,
            "warmup_target": 0.3,
            "warmup_steps": 7,
        },
    ),
    ("CosineDecayRestarts", {**_INITIAL, "first_decay_steps": 8, "horizon": UPDATES}),
    (
        "CosineDecayRestarts",
        {**_INITIAL, "first_decay_steps": 10, "t_mul": 1.0, "m_mul": 0.7, "horizon": 51},
    ),
    (
        "CosineDecayRestarts",
        {**_INITIAL, "first_decay_steps": 8, "alpha": 0.1, "horizon": UPDATES},
    ),
]

_INIT: dict[str, Any] = {"init_value": 0.3}
_FALL: dict[str, Any] = {"transition_steps": 9, "decay_rate": 0.5, "horizon": UPDATES}
_PEAK: dict[str, Any] = {"init_value": 0.01, "peak_value": 0.3, "warmup_steps": 7}
_SCALES: dict[str, Any] = {"boundaries_and_scales": {10: 2.0, 25: 0.1}}
OPTAX: list[Row] = [
    ("constant_schedule", {"value": 0.3, "horizon": UPDATES}),
    ("constant_schedule", {"value": 1e-4, "horizon": 9}),
    ("linear_schedule", {**_INIT, "end_value": 0.01, "transition_steps": 40}),
    ("linear_schedule", {"init_value": 0.01, "end_value": 0.3, "transition_steps": 40}),
    (
        "linear_schedule",
        {"init_value": 0.0, "end_value": 0.3, "transition_steps": 30, "transition_begin": 10},
    ),
    ("polynomial_schedule", {**_INIT, "end_value": 0.01, "power": 1.7, "transition_steps": 40}),
    (
        "polynomial_schedule",
        {
            **_INIT,
            "end_value": 0.01,
            "power": 2,
            "transition_steps": 40,
            "transition_begin": 10,
        },
    ),
    ("piecewise_constant_schedule", {**_INIT, **_SCALES}),
    ("piecewise_constant_schedule", {**_INIT, "horizon": UPDATES}),
    ("piecewise_interpolate_schedule", {"interpolate_type": "linear", **_INIT, **_SCALES}),
    (
        "piecewise_interpolate_schedule",
        {"interpolate_type": "linear", **_INIT, "boundaries_and_scales": {40: 0.1}},
    ),
    ("exponential_decay", {**_INIT, **_FALL}),
    ("exponential_decay", {**_INIT, **_FALL, "end_value": 0.02, "transition_begin": 10}),
    ("exponential_decay", {**_INIT, **_FALL, "end_value": 0.02, "staircase": True}),
    ("exponential_decay", {**_INIT, **_FALL, "transition_begin": 10, "staircase": True}),
    ("cosine_decay_schedule", {**_INIT, "decay_steps": 40, "alpha": 0.1}),
    ("cosine_decay_schedule", {**_INIT, "decay_steps": 40, "alpha": 0.1, "exponent": 1.7}),
    ("linear_onecycle_schedule", {"transition_steps": 40, "peak_value": 0.3}),
    (
        "linear_onecycle_schedule",
        {"transition_steps": 47, "peak_value": 0.3, "pct_start": 0.2, "div_factor": 10.0},
    ),
    ("cosine_onecycle_schedule", {"transition_steps": 40, "peak_value": 0.3}),
    (
        "cosine_onecycle_schedule",
        {"transition_steps": 47, "peak_value": 0.3, "pct_start": 0.2, "final_div_factor": 100.0},
    ),
    ("warmup_constant_schedule", {**_PEAK, "horizon": UPDATES}),
    ("warmup_constant_schedule", {**_PEAK, "init_value": 0.0, "horizon": UPDATES}),
    ("warmup_cosine_decay_schedule", {**_PEAK, "decay_steps": 40, "end_value": 0.02}),
    ("warmup_cosine_decay_schedule", {**_PEAK, "decay_steps": 40, "exponent": 0.7}),
    ("warmup_exponential_decay_schedule", {**_PEAK, **_FALL}),
    ("warmup_exponential_decay_schedule", {**_PEAK, **_FALL, "staircase": True}),
    ("warmup_exponential_decay_schedule", {**_PEAK, **_FALL, "end_value": 0.05}),
]

TIMM: list[tuple[str, dict[str, Any], list[float]]] = [
    (row["name"], row["arguments"], row["rates"])
    for row in json.loads(RECORDED.read_text())["rows"]
]

ROWS: dict[str, list[Row]] = {
    "torch": TORCH,
    "transformers": TRANSFORMERS,
    "keras": KERAS,
    "timm": [(name, arguments) for name, arguments, _ in TIMM],
    "optax": OPTAX,
}


def difference(rates: list[float], name: str, arguments: dict[str, Any], floor: float) -> float:
    """Return the largest relative difference of ``like``'s schedule to a library's rates.

    After a ``horizon`` that was asked for it stays, which the library's does not.
    Where a rate falls to nothing, rounding is all that is left of it: below the share ``floor``
    of the largest rate a difference counts as if it were there.
    """
    schedule = like(name, **arguments)
    rates = rates[: arguments.get("horizon", len(rates))]
    found = schedule(range(1, len(rates) + 1))
    least = floor * schedule.base_lr
    return max(abs(a - b) / max(abs(a), least) for a, b in zip(rates, found, strict=True))


def ours(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments without those that are ``like``'s alone."""
    alone = ("lr", "horizon", "updates_per_epoch")
    return {key: value for key, value in arguments.items() if key not in alone}


def table() -> str:
    """Return the table of the documentation."""
    lines = ["| scheduler | family | sets of arguments tested |", "|---|---|---|"]
    for library, rows in ROWS.items():
        for name in dict.fromkeys(name for name, _ in rows):
            tried = [arguments for other, arguments in rows if other == name]
            schedules = [like(f"{library}.{name}", **arguments) for arguments in tried]
            families = dict.fromkeys(f"`{schedule.family}`" for schedule in schedules)
            lines.append(f"| `{library}.{name}` | {', '.join(families)} | {len(tried)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
