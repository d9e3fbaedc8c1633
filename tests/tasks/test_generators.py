"""Loaders, samplers and datasets with a generator of their own: one seed, one training."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, RandomSampler

from tuner.tasks import GluonTask, Task, TorchTask

from .networks import (
    INPUTS,
    LABELS,
    TEST,
    gluon_network,
    mx,
    torch_network,
    trained,
)

PAIRS = torch.utils.data.TensorDataset(torch.from_numpy(INPUTS), torch.from_numpy(LABELS))
MODULES_OWN = np.random.default_rng(7)


class Drawing(torch.utils.data.Dataset):
    """Examples with noise from a generator of the dataset's own, or from its module's."""

    def __init__(self, draw: Callable[[], float]) -> None:
        self.draw = draw

    def __len__(self) -> int:
        return len(INPUTS)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        return torch.from_numpy(INPUTS[index]) + self.draw() / 10, int(LABELS[index])


class Shuffled:
    """A sampler with a generator of NumPy's old kind."""

    def __init__(self) -> None:
        self.chance = np.random.RandomState(3)

    def __iter__(self) -> Iterator[int]:
        return iter(self.chance.permutation(len(INPUTS)).tolist())

    def __len__(self) -> int:
        return len(INPUTS)


def with_own_net() -> Any:
    chance = torch.Generator().manual_seed(5)

    def network() -> Any:
        net = nn.Linear(6, 3)
        nn.init.normal_(net.weight, generator=chance)
        return net

    return network


def torch_task(data: Any, net: Any = torch_network, test: Any = TEST) -> Task:
    batch = None if isinstance(data, DataLoader) else 16
    return TorchTask(net=net, train_data=data, test_data=test, batch_size=batch)


def gluon_task() -> Task:
    dataset = mx.gluon.data.ArrayDataset(INPUTS, LABELS.astype(np.float32))
    loader = mx.gluon.data.DataLoader(dataset, batch_size=16, sampler=Shuffled())
    return GluonTask(net=gluon_network, train_data=loader, test_data=TEST)


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(11)


FORKS = "living workers"
KINDS: dict[str, Callable[[], Task]] = {
    "loader": lambda: torch_task(DataLoader(PAIRS, 16, shuffle=True, generator=generator())),
    "sampler": lambda: torch_task(
        DataLoader(PAIRS, 16, sampler=RandomSampler(PAIRS, generator=generator()))
    ),
    "own sampler": lambda: torch_task(DataLoader(PAIRS, 16, sampler=Shuffled())),
    "dataset": lambda: torch_task(Drawing(random.Random(1).random)),
    "dataset's function": lambda: torch_task(Drawing(functools.partial(MODULES_OWN.normal))),
    "module's": lambda: torch_task(Drawing(lambda: MODULES_OWN.normal())),
    "network": lambda: torch_task((INPUTS, LABELS), with_own_net()),
    "test set": lambda: torch_task((INPUTS, LABELS), test=Drawing(random.Random(1).random)),
    FORKS: lambda: torch_task(
        DataLoader(
            Drawing(lambda: float(torch.rand(()))), 50, num_workers=1, persistent_workers=True
        )
    ),
    "gluon sampler": gluon_task,
}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != FORKS])
def test_one_seed_is_one_training_whole_or_in_pieces(kind: str) -> None:
    task = KINDS[kind]()
    whole, states = trained(task)
    assert trained(task)[0] == whole
    assert trained(task, start=states[1])[0] == whole[2:]


# Another test of this process may have imported JAX, which the forked loader never calls.
@pytest.mark.filterwarnings(r"ignore:os.fork\(\) was called:RuntimeWarning")
@pytest.mark.usefixtures("processes")
def test_so_it_is_with_workers_that_live_from_epoch_to_epoch() -> None:
    test_one_seed_is_one_training_whole_or_in_pieces(FORKS)


@pytest.mark.parametrize("kind", ["loader", "sampler", "own sampler"])
def test_seeds_and_epochs_have_orders_of_their_own(kind: str) -> None:
    def still() -> Any:  # nothing but the order decides
        net = nn.Linear(6, 3)
        nn.init.zeros_(net.weight)
        nn.init.zeros_(net.bias)
        return net

    task = KINDS[kind]()
    task.net = still
    losses = {round(trained(task, 1, seed=seed)[0][0].train_loss or 0, 9) for seed in range(4)}
    assert len(losses) == 4


def test_a_sampler_of_epochs_is_told_the_epoch() -> None:
    class Told(Shuffled):
        def __init__(self) -> None:
            super().__init__()
            self.epochs: list[int] = []

        def set_epoch(self, epoch: int) -> None:
            self.epochs.append(epoch)

    sampler = Told()
    trained(torch_task(DataLoader(PAIRS, 16, sampler=sampler)), 3)
    assert sampler.epochs == [0, 1, 2]
