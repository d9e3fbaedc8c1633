"""TorchTask against a plain PyTorch loop: accumulation, clipping, autocast, parameter groups."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from tuner import Cosine

from . import dict_batches
from .dict_batches import Net, groups, loader, step

EPOCHS, BATCHES = 3, 10  # nine batches of 16, one of 6


class Recorded(torch.optim.SGD):
    """Keeps the learning rates of the updates that it makes."""

    made: list[list[float]]

    def step(self, closure: Any = None) -> Any:
        self.made.append([group["lr"] for group in self.param_groups])
        return super().step(closure)


def recording(made: list[list[float]]) -> Callable[[Any], Recorded]:
    def make(net: Any) -> Recorded:
        optimizer = Recorded(groups(net), lr=0.1, momentum=0.9)
        optimizer.made = made
        return optimizer

    return make


def large_step(net: Any, batch: Any) -> Any:
    return 1e3 * step(net, batch)


def plain_loop(
    schedule: Any,
    compute: Any,
    made: list[list[float]],
    *,
    accumulate: int = 1,
    clip_norm: float | None = None,
    amp: str | None = None,
) -> tuple[Any, int]:
    """Train as one would by hand; return the network and how many updates were left out."""
    net = Net()
    optimizer = recording(made)(net)
    scheduler = schedule.to_torch(optimizer)
    scaler = torch.amp.GradScaler("cpu", enabled=amp == "float16")
    batches, left_out = list(loader()), 0
    for _ in range(EPOCHS):
        for first in range(0, BATCHES, accumulate):
            group = batches[first : first + accumulate]
            optimizer.zero_grad()
            for batch in group:
                dtype = getattr(torch, amp or "bfloat16")
                with torch.autocast("cpu", dtype, enabled=amp is not None):
                    loss = compute(net, batch)
                scaler.scale(loss / len(group)).backward()
            scaler.unscale_(optimizer)
            if clip_norm:
                nn.utils.clip_grad_norm_(net.parameters(), clip_norm)
            before = scaler.get_scale()
            scaler.step(optimizer)
            scaler.update()
            left_out += scaler.get_scale() < before
            scheduler.step()
    return net, left_out


@pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step:UserWarning")
@pytest.mark.parametrize(
    ("options", "compute", "updates"),
    [
        ({}, step, 10),
        ({"accumulate": 4}, step, 3),  # of 4, 4 and 2 batches
        ({"accumulate": 40}, step, 1),
        ({"clip_norm": 0.1}, step, 10),
        ({"clip_norm": 0.1, "accumulate": 3}, step, 4),
        ({"amp": "bfloat16"}, step, 10),
        ({"amp": "float16", "clip_norm": 0.5, "accumulate": 2}, large_step, 5),
    ],
    ids=lambda each: getattr(each, "__name__", str(each)),
)
def test_a_study_trains_what_a_plain_loop_with_its_export_does(
    options: dict[str, Any], compute: Any, updates: int
) -> None:
    in_study: list[list[float]] = []
    by_hand: list[list[float]] = []
    task = dict_batches.task(
        net=Net, train_data=loader(), step=compute, optimizer=recording(in_study), **options
    )
    task.check()
    assert task.updates_per_epoch == updates
    assert task.batch_size == 16 * options.get("accumulate", 1)
    schedule = Cosine(base_lr=0.05, horizon=updates * EPOCHS, warmup_steps=2)
    *_, last = task.train(schedule, seed=0, epochs=EPOCHS)
    net, left_out = plain_loop(schedule, compute, by_hand, **options)

    assert in_study == by_hand
    assert len(in_study) == updates * EPOCHS - left_out
    assert bool(left_out) == (options.get("amp") == "float16")
    whole = torch.load(io.BytesIO(last.state().arrays["torch"].tobytes()))
    for name, weights in net.state_dict().items():
        assert torch.equal(whole["net"][name], weights), name
    # The body keeps a tenth of the schedule, and an update that was left out has had its own rate.
    assert in_study[-1] == pytest.approx([0.1 * last.record.lr_end, last.record.lr_end])
