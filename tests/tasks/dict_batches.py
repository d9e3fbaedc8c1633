"""A small PyTorch network of two inputs, and data whose batches are dictionaries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, Dataset

from tuner.tasks import TorchTask

from .networks import INPUTS, LABELS, TEST

HIDDEN = 8


class Net(nn.Module):
    """A network of two inputs, whose first weights are always the same."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Linear(4, HIDDEN)
        self.head = nn.Linear(HIDDEN + 2, 3)
        for parameter in self.parameters():
            size = parameter.numel()
            parameter.data = torch.linspace(-1, 1, size).reshape(parameter.shape)

    def forward(self, left: Any, right: Any) -> Any:
        return self.head(torch.cat([torch.tanh(self.body(left)), right], dim=1))


class Dropping(Net):
    """The same with weights and units that are drawn."""

    def __init__(self) -> None:
        super().__init__()
        self.head.reset_parameters()

    def forward(self, left: Any, right: Any) -> Any:
        return super().forward(nn.functional.dropout(left, 0.2, self.training), right)


class Inner(NamedTuple):
    """Part of a batch."""

    right: Any
    text: str


class Dicts(Dataset):
    """Examples that are dictionaries, with a tuple and a text in them."""

    def __init__(self, inputs: Any, labels: Any) -> None:
        self.inputs, self.labels = torch.from_numpy(inputs), torch.from_numpy(labels)

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(self, index: int) -> dict[str, Any]:
        inner = Inner(self.inputs[index, 4:], "some text")
        return {"left": self.inputs[index, :4], "inner": inner, "labels": self.labels[index]}


TRAIN_DICTS, TEST_DICTS = Dicts(INPUTS, LABELS), Dicts(*TEST)


def step(net: Any, batch: Any) -> Any:
    return cross_entropy(net(batch["left"], batch["inner"].right), batch["labels"])


def groups(net: Any) -> list[dict[str, Any]]:
    return [
        {"params": net.body.parameters(), "lr": 0.01, "weight_decay": 0.1},
        {"params": net.head.parameters()},
    ]


def sgd_of_groups(net: Any) -> torch.optim.Optimizer:
    return torch.optim.SGD(groups(net), lr=0.1, momentum=0.9)


def loader(**options: Any) -> Any:
    return DataLoader(TRAIN_DICTS, 16, **options)


def task(**options: Any) -> TorchTask:
    usual: dict[str, Any] = {
        "net": Dropping, "train_data": TRAIN_DICTS, "test_data": TEST_DICTS, "step": step,
        "optimizer": sgd_of_groups, "optimizer_takes": "net", "batch_size": 16,
    }  # fmt: skip
    if isinstance(options.get("train_data"), DataLoader):
        usual["batch_size"] = None
    return TorchTask(**usual | options)


Make = Callable[[], TorchTask]
