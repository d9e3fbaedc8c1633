"""Small Gluon and PyTorch networks, data for them in every form, and tasks over both."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from tuner import Cosine, import_mxnet
from tuner.tasks import EpochRecord, GluonTask, State, Task, TorchTask

mx = import_mxnet()
EPOCHS = 4
CHANCE = np.random.default_rng(0)
INPUTS = CHANCE.normal(size=(150, 6)).astype(np.float32)
LABELS = (INPUTS.sum(axis=1) > 0).astype(np.int64) + (INPUTS[:, 0] > 1)
DATA = INPUTS, LABELS
TEST = CHANCE.normal(size=(60, 6)).astype(np.float32), CHANCE.integers(0, 3, 60)


def gluon_network() -> Any:
    net = mx.gluon.nn.HybridSequential()
    net.add(mx.gluon.nn.Dense(16), mx.gluon.nn.BatchNorm(), mx.gluon.nn.Activation("relu"))
    net.add(mx.gluon.nn.Dropout(0.3), mx.gluon.nn.Dense(3))
    return net


def torch_network() -> Any:
    return nn.Sequential(
        nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 3)
    )


class Noisy(torch.utils.data.Dataset):
    """Examples with noise from NumPy's generator, as an augmentation draws it."""

    def __len__(self) -> int:
        return len(INPUTS)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        noise = np.random.normal(size=6).astype(np.float32) / 10
        return torch.from_numpy(INPUTS[index] + noise), int(LABELS[index])


def gluon_loader() -> Any:
    dataset = mx.gluon.data.ArrayDataset(INPUTS, LABELS.astype(np.float32))
    return mx.gluon.data.DataLoader(dataset, batch_size=16, shuffle=True)


TASKS: dict[str, Callable[[], Task]] = {
    "gluon arrays": lambda: GluonTask(
        net=gluon_network, train_data=DATA, test_data=TEST, batch_size=16
    ),
    "gluon dataset, Adam": lambda: GluonTask(
        net=gluon_network, train_data=mx.gluon.data.ArrayDataset(INPUTS, LABELS), test_data=TEST,
        batch_size=16, optimizer="adam",
    ),
    "gluon loader, momentum": lambda: GluonTask(
        net=gluon_network, train_data=gluon_loader(), test_data=TEST,
        optimizer_params={"momentum": 0.9},
    ),
    "torch arrays": lambda: TorchTask(
        net=torch_network, train_data=DATA, test_data=TEST, batch_size=16
    ),
    "torch dataset, AdamW": lambda: TorchTask(
        net=torch_network, train_data=Noisy(), test_data=TEST, batch_size=16,
        optimizer=torch.optim.AdamW,
    ),
    "torch loader, momentum": lambda: TorchTask(
        net=torch_network,
        train_data=torch.utils.data.DataLoader(Noisy(), batch_size=16, shuffle=True),
        test_data=torch.utils.data.DataLoader(
            torch.utils.data.TensorDataset(*map(torch.from_numpy, TEST)), batch_size=50
        ),
        optimizer=functools.partial(torch.optim.SGD, momentum=0.9, nesterov=True),
    ),
}  # fmt: skip


def trained(
    task: Task, epochs: int = EPOCHS, start: State | None = None, seed: int = 1, rate: float = 0.05
) -> tuple[list[EpochRecord], list[State]]:
    schedule = Cosine(base_lr=rate, horizon=EPOCHS * task.updates_per_epoch)
    records, states = [], []
    for epoch in task.train(schedule, seed=seed, epochs=epochs, start=start):
        records.append(epoch.record._replace(seconds=0.0))
        states.append(epoch.state())
    return records, states
