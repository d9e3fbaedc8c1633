from __future__ import annotations

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial

from tuner.report.figures.parallel import parallel_figure, parameter_axis, value_axis

SPACE = {
    "family": CategoricalDistribution(["cosine", "wsd"]),
    "base_lr": FloatDistribution(1e-3, 10.0, log=True),
    "steps": IntDistribution(0, 100),
    "momentum": FloatDistribution(0.0, 1.0),
}
ROWS = [
    (0.1, {"family": "wsd", "base_lr": 0.001, "steps": 0, "momentum": 0.5}),
    (0.5, {"family": "cosine", "base_lr": 0.1, "steps": 2}),
    (0.9, {"family": "wsd", "base_lr": 1.0, "steps": 1, "momentum": 0.9}),
]


def trials() -> list[FrozenTrial]:
    return [
        optuna.create_trial(
            value=value, params=params, distributions={name: SPACE[name] for name in params}
        )
        for value, params in ROWS
    ]


@pytest.mark.parametrize(
    ("name", "heights", "ticks"),
    [
        ("family", [0, 1, 0], [(0, "wsd"), (1, "cosine")]),
        ("base_lr", [0, 2 / 3, 1], [(0, "0.001"), (1 / 3, "0.01"), (2 / 3, "0.1"), (1, "1")]),
        ("steps", [0, 1, 0.5], [(0, "0"), (0.5, "1"), (1, "2")]),
        (
            "momentum",
            [0, -0.14, 1],
            [(-0.14, "None"), (0, "0.5"), (0.25, "0.6"), (0.5, "0.7"), (0.75, "0.8"), (1, "0.9")],
        ),
    ],
)
def test_an_axis_has_heights_and_labels(
    name: str, heights: list[float], ticks: list[tuple[float, str]]
) -> None:
    axis = parameter_axis(name, trials())
    assert axis.heights == pytest.approx(heights)
    assert [label for _, label in axis.ticks] == [label for _, label in ticks]
    assert [height for height, _ in axis.ticks] == pytest.approx([height for height, _ in ticks])


def test_a_logarithmic_parameter_with_a_zero_has_a_linear_axis() -> None:
    zero = optuna.create_trial(
        value=0.2, params={"base_lr": 0.0}, distributions={"base_lr": FloatDistribution(0.0, 10.0)}
    )
    axis = parameter_axis("base_lr", [*trials(), zero])
    assert axis.heights == pytest.approx([0.001, 0.1, 1, 0])


@pytest.mark.parametrize(("minimized", "order"), [(False, [0, 0.5, 1]), (True, [1, 0.5, 0])])
def test_the_best_line_is_on_top(minimized: bool, order: list[float]) -> None:
    axes = [value_axis("loss", trials()), parameter_axis("base_lr", trials())]
    figure = parallel_figure(axes, [0.1, 0.5, 0.9], minimized)
    lines = [trace for trace in figure.data if trace.mode == "lines"]
    assert [trace.y[0] for trace in lines] == pytest.approx(order)
    assert all(tuple(trace.x) == (0, 1, None) for trace in lines)
