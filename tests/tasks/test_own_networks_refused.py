"""Arguments, states and devices that tasks over own networks refuse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import nn

from tuner.errors import TaskError
from tuner.tasks import GluonTask, TorchTask

from .networks import (
    DATA,
    INPUTS,
    LABELS,
    TASKS,
    TEST,
    gluon_loader,
    gluon_network,
    torch_network,
    trained,
)


class Stream(torch.utils.data.IterableDataset):
    """Examples that nobody knows the number of."""

    def __iter__(self) -> Iterator[Any]:
        return iter(zip(*map(torch.from_numpy, DATA), strict=True))


STREAM = torch.utils.data.DataLoader(Stream(), batch_size=16)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"net": torch_network()}, "`net` must be a function or class that makes the network"),
        ({"batch_size": None}, "`batch_size` must be 1 or more, but got None"),
        ({"train_data": INPUTS}, "must be a pair"),
        ({"train_data": (INPUTS, LABELS[:3])}, "as many inputs as labels"),
        ({"test_data": 5}, "`test_data` must be a pair of arrays"),
        (
            {"train_data": STREAM, "batch_size": None},
            "with a length above 0, but got Dat",
        ),
        ({"test_data": []}, "`test_data` must be a pair of arrays"),
        ({"train_data": gluon_loader()}, "must be left out where a loader makes the batches"),
        ({"threads": 0}, "`threads` must be 1 or more, but got 0"),
    ],
)
def test_arguments_that_make_no_task(change: dict[str, Any], words: str) -> None:
    good = {"net": torch_network, "train_data": DATA, "test_data": TEST, "batch_size": 16}
    with pytest.raises(TaskError, match=words):
        trained(TorchTask(**{**good, **change}))


def test_a_rate_among_the_optimizers_parameters_is_refused() -> None:
    rate = {"learning_rate": 0.1}
    data = {"train_data": DATA, "test_data": TEST, "batch_size": 16}
    with pytest.raises(TaskError, match="must have no 'learning_rate', which is the schedule's"):
        GluonTask(net=gluon_network, optimizer_params=rate, **data)


def test_a_state_of_another_network_is_refused() -> None:
    _, states = trained(TASKS["torch dataset, AdamW"](), epochs=1)
    other = TorchTask(net=lambda: nn.Linear(6, 3), train_data=DATA, test_data=TEST, batch_size=16)
    with pytest.raises(TaskError, match="must be of this network and optimizer"):
        trained(other, start=states[0])


def test_an_unknown_device_is_refused() -> None:
    task = TorchTask(
        net=torch_network, train_data=DATA, test_data=TEST, batch_size=16, device="cuda:7"
    )
    with pytest.raises(TaskError, match="device = 'cuda:7' must exist, but PyTorch says"):
        task.check()
