"""Tasks over Gluon and PyTorch networks: data in every form, loops against others, refusals."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from typing import Any

import cloudpickle
import numpy as np
import pytest
import torch
from torch import nn

from tuner import Constant, Cosine
from tuner.errors import TaskError
from tuner.tasks import GluonTask, State, Task, TorchTask
from tuner.tasks.gluon import train as gluon_train
from tuner.tasks.gluon_data import Data

from .networks import (
    DATA,
    INPUTS,
    LABELS,
    TASKS,
    TEST,
    mx,
    torch_network,
    trained,
)

each_task = pytest.mark.parametrize("kind", TASKS)


def bits(state: State) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in state.arrays.items()}


@pytest.mark.usefixtures("seconds")
@each_task
def test_in_pieces_it_gives_the_bits_of_one_go(kind: str) -> None:
    records, states = trained(TASKS[kind]())
    np.random.seed(5)  # whatever was drawn before
    torch.manual_seed(5)
    mx.random.seed(5)
    again, rest = trained(TASKS[kind](), start=states[1])
    assert again == records[2:]
    assert [bits(state) for state in rest] == [bits(state) for state in states[2:]]
    assert trained(TASKS[kind](), epochs=1, seed=2)[0] != records[:1]


@pytest.mark.parametrize("kind", ["gluon arrays", "torch arrays"])
def test_a_copy_for_another_process_trains_alike_and_has_no_data_of_a_device(kind: str) -> None:
    task = TASKS[kind]()
    size = len(cloudpickle.dumps(task))
    records, _ = trained(task)
    content = cloudpickle.dumps(task)
    assert len(content) < size + INPUTS.nbytes / 2
    assert trained(pickle.loads(content))[0] == records


@each_task
def test_it_learns_and_records_what_it_did(kind: str) -> None:
    task = TASKS[kind]()
    records, _ = trained(task)
    assert task.updates_per_epoch == 10  # nine batches of 16, one of 6
    assert task.batch_size == 16
    assert [record.epoch for record in records] == [1, 2, 3, 4]
    assert records[-1].train_loss < records[0].train_loss
    assert records[-1].train_accuracy > 0.5
    schedule = Cosine(base_lr=0.05, horizon=40)
    assert [(r.lr_begin, r.lr_end) for r in records] == [
        (schedule(10 * epoch + 1), schedule(10 * epoch + 10)) for epoch in range(4)
    ]
    # From update 101 on the average is another thing than the weights.
    assert records[-1].averaged_loss == pytest.approx(records[-1].test_loss, abs=1e-6)


def test_gluon_trains_own_arrays_as_the_loop_trains_its_own() -> None:
    def network() -> Any:
        return mx.gluon.nn.Dense(3)

    schedule = Cosine(base_lr=0.5, horizon=40)
    task = GluonTask(net=network, train_data=DATA, test_data=TEST, batch_size=16)
    data = Data(*(mx.nd.array(array) for array in (*DATA, *TEST)))
    loop = gluon_train(
        network(), data, schedule, optimizer="sgd", optimizer_params={}, batch_size=16, seed=3,
        epochs=3,
    )  # fmt: skip
    for mine, theirs in zip(task.train(schedule, seed=3, epochs=3), loop, strict=True):
        assert bits(mine.state()) == bits(theirs.state())
        assert mine.record.train_loss == theirs.record.train_loss
        assert mine.record.test_accuracy == theirs.record.test_accuracy
        assert mine.record.test_loss == pytest.approx(theirs.record.test_loss, rel=1e-5)


def by_hand(epochs: int, rate: Callable[[int], float]) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights of a softmax regression in NumPy, and their running average."""
    weights = np.zeros((3, 6))
    average, update = weights.copy(), 0
    for epoch in range(1, epochs + 1):
        order = np.random.default_rng((7, epoch)).permutation(len(INPUTS))
        for first in range(0, len(order), 4):
            update += 1
            x, y = (each[order[first : first + 4]] for each in DATA)
            odds = np.exp(x @ weights.T)
            odds /= odds.sum(axis=1, keepdims=True)
            odds[np.arange(len(y)), y] -= 1
            weights = weights - rate(update) * odds.T @ x / len(y)
            if update % 10 == 0:
                average += (weights - average) * min(1.0, 10 / (0.1 * update))
    return weights, average


def test_torch_trains_and_averages_as_one_would_by_hand() -> None:
    def network() -> Any:
        net = nn.Linear(6, 3, bias=False)
        nn.init.zeros_(net.weight)
        return net

    task = TorchTask(net=network, train_data=DATA, test_data=TEST, batch_size=4)
    schedule = Cosine(base_lr=0.5, horizon=6 * task.updates_per_epoch, warmup_steps=20)
    *_, last = task.train(schedule, seed=7, epochs=6)  # 228 updates
    weights, average = by_hand(6, schedule)
    inputs, labels = TEST
    for values, accuracy, loss in (
        (weights, last.record.test_accuracy, last.record.test_loss),
        (average, last.record.averaged_accuracy, last.record.averaged_loss),
    ):
        scores = inputs @ values.T
        odds = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        assert accuracy == pytest.approx((scores.argmax(axis=1) == labels).mean())
        assert loss == pytest.approx(-np.log(odds[np.arange(60), labels]).mean(), rel=1e-4)
    assert last.record.averaged_loss != last.record.test_loss


REGRESSION = INPUTS, INPUTS.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    "task",
    [
        GluonTask(
            net=lambda: mx.gluon.nn.Dense(1), train_data=REGRESSION, test_data=REGRESSION,
            loss=mx.gluon.loss.L2Loss(), batch_size=16,
        ),
        TorchTask(
            net=lambda: nn.Linear(6, 1), train_data=REGRESSION, test_data=REGRESSION,
            loss=nn.MSELoss(), batch_size=16,
        ),
    ],
    ids=["gluon", "torch"],
)  # fmt: skip
def test_a_regression_has_a_loss_and_no_accuracy(task: Task) -> None:
    *_, last = trained(task)[0]
    assert last.test_accuracy is last.train_accuracy is last.averaged_accuracy is None
    assert last.test_loss < 0.5


@pytest.mark.parametrize("kind", ["gluon dataset, Adam", "torch dataset, AdamW"])
def test_a_holdout_is_the_end_of_the_training_set(kind: str) -> None:
    task = TASKS[kind]()
    assert task.mistakes(seed=0, epochs=1, held_out=50) == {}
    assert "objective.holdout_size" in task.mistakes(seed=0, epochs=1, held_out=150)
    held, on_test = task.with_holdout(50), task.with_holdout(50).with_holdout(50, on_test_set=True)
    assert held.updates_per_epoch == on_test.updates_per_epoch == 7
    assert held.identity()["test_examples"] == 50
    assert on_test.identity()["test_examples"] == 60
    (one,), (other,) = trained(held, epochs=1)[0], trained(on_test, epochs=1)[0]
    assert one.train_loss == other.train_loss
    assert one.test_loss != other.test_loss
    assert held.training_identity() != on_test.training_identity() != task.training_identity()
    assert task.with_holdout(0).training_identity() == task.training_identity()


@pytest.mark.parametrize("kind", ["gluon loader, momentum", "torch loader, momentum"])
def test_a_loaders_batches_cannot_be_parted(kind: str) -> None:
    wrong = TASKS[kind]().mistakes(seed=0, epochs=1, held_out=10)
    assert list(wrong) == ["objective.evaluate_on"]


@each_task
def test_states_are_told_apart_by_what_trains_them(kind: str) -> None:
    identity = TASKS[kind]().training_identity()
    assert identity == TASKS[kind]().training_identity()
    others = [TASKS[other]().training_identity() for other in TASKS if other != kind]
    assert identity not in others


def test_weights_that_a_gluon_network_brings_along_are_kept() -> None:
    def network() -> Any:
        net = mx.gluon.nn.HybridSequential()
        net.add(mx.gluon.nn.Dense(3, in_units=6), mx.gluon.nn.Dense(3))
        net[0].initialize(mx.init.Constant(0.25))
        return net

    task = GluonTask(net=network, train_data=DATA, test_data=TEST, batch_size=150)
    [epoch] = task.train(Constant(base_lr=1e-30, horizon=1), seed=0, epochs=1)
    weights = epoch.state().arrays
    assert np.all(weights["weight.0"] == 0.25)
    assert np.unique(weights["weight.2"]).size > 1  # Xavier's


class GluonNet(mx.gluon.nn.Dense):
    """A network that is made by its class."""

    def __init__(self) -> None:
        super().__init__(3)


def test_a_class_makes_a_network() -> None:
    data: dict[str, Any] = {"train_data": DATA, "test_data": TEST, "batch_size": 16}
    of_class = GluonTask(net=GluonNet, **data)
    of_function = GluonTask(net=lambda: GluonNet(), **data)
    assert trained(of_class, 1)[0] == trained(of_function, 1)[0]


class Short:
    """A loader that promises one batch more than it has."""

    def __len__(self) -> int:
        return 3

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        yield from [(torch.from_numpy(INPUTS[:16]), torch.from_numpy(LABELS[:16]))] * 2


def test_a_loader_keeps_its_promise() -> None:
    task = TorchTask(net=torch_network, train_data=Short(), test_data=TEST)
    with pytest.raises(TaskError, match=r"gave 2 in an epoch, not 3"):
        trained(task)
