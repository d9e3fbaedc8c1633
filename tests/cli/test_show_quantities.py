"""What `tuner show` says of a file with several quantities."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tuner.cli.show import show_file
from tuner.schedules import Constant, Inverse, Linear, ScheduleFile, Schedules

LR = Linear(base_lr=0.4, horizon=100)
SEVERAL = Schedules(
    lr=LR,
    momentum=Inverse(of=LR, low=0.85, high=0.95),
    groups={"embed": 0.1, "head": Constant(base_lr=0.25, horizon=200)},
)


def test_every_curve_is_told_and_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    show_file(Path("several.json"), ScheduleFile(SEVERAL, 10, 32, {"trial": 7}))
    out = capsys.readouterr().out
    lines = [line.strip() for line in out.splitlines()]
    assert lines[0] == "several.json: linear with momentum and parameter groups"
    for line in (
        "momentum(u) = low * s + high * (1 - s), s = of(u) / (its base_lr)",
        "of               lr",
        "groups.embed.lr(u) = 0.1 * lr(u)",
        "groups.head.lr(u) = base_lr",
        "update      epoch  learning rate  momentum  learning rate of head",
        "1       0.10  0.396          0.851     0.25",
        "100      10.00  0              0.95      0.25",
        "200      20.00  0              0.95      0.25",
        "trial        7",
    ):
        assert line in lines
    assert [line for line in lines if line in ("learning rate", "momentum")] == [
        "learning rate", "momentum",
    ]  # fmt: skip
    assert out.count("200 updates\n") == 1 + 3  # the horizon of the head, and each axis


@pytest.mark.parametrize(
    ("origin", "said"),
    [
        ({}, "batch size 32"),
        ({"task": {"accumulate": 1}, "options": {"batch_size": 32}}, "batch size 32"),
        ({"task": {"accumulate": 4}, "options": {"batch_size": 8}},
         "32 examples an update, 4 batches of 8"),
    ],
)  # fmt: skip
def test_examples_of_an_update_are_not_taken_for_those_of_a_batch(
    origin: dict[str, Any], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    show_file(Path("one.json"), ScheduleFile(LR, 10, 32, origin))
    assert f"  tuned at 10 updates an epoch, {said}\n" in capsys.readouterr().out
