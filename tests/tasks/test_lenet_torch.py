"""The chapter's LeNet in PyTorch: the network, data and rules of the one in MXNet."""

from __future__ import annotations

import inspect
import io
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tuner import Constant, Linear, import_mxnet
from tuner.errors import TaskError
from tuner.schedules import Schedule
from tuner.tasks import (
    EpochRecord,
    LeNetFashionMNIST,
    LeNetFashionMNISTTorch,
    State,
    TrainingCollapsed,
)
from tuner.tasks.lenet import lenet as mxnet_lenet
from tuner.tasks.lenet_torch import OPTIMIZERS, lenet

mx = import_mxnet()
CHANCE = np.random.default_rng(0)
# Half of the pixels are black, as in the data set, where pooling sees equal numbers.
IMAGES = (CHANCE.random((37, 1, 28, 28)) * (CHANCE.random((37, 1, 28, 28)) > 0.5)).astype("f4")
LABELS = CHANCE.integers(0, 10, 37)
SIZES = {"train_size": 768, "test_size": 300, "batch_size": 64}
SMALL = LeNetFashionMNISTTorch(**SIZES, device="cpu")
FALLING = Linear(base_lr=0.05, final_lr=0.001, horizon=36)


def trained(
    task: LeNetFashionMNISTTorch = SMALL,
    schedule: Schedule = FALLING,
    *,
    seed: int = 0,
    epochs: int = 3,
    start: State | None = None,
) -> tuple[list[EpochRecord], list[State]]:
    records, states = [], []
    for epoch in task.train(schedule, seed=seed, epochs=epochs, start=start):
        records.append(epoch.record._replace(seconds=0.0))
        states.append(epoch.state())
    return records, states


def parts(state: State) -> dict[str, Any]:
    """What a state holds, numbers of tensors as bytes."""

    def plain(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return value.shape, value.numpy().tobytes()
        return (
            {key: plain(each) for key, each in value.items()} if hasattr(value, "keys") else value
        )

    [array] = state.arrays.values()
    return plain(torch.load(io.BytesIO(array.tobytes()), weights_only=True))


# --- the network ---


def test_equal_weights_give_the_outputs_and_gradients_of_mxnets_network() -> None:
    torch.manual_seed(1)
    net, other = lenet(), mxnet_lenet()
    other.initialize()
    other(mx.nd.array(IMAGES[:1]))
    theirs = list(other.collect_params().values())
    ours = list(net.parameters())
    assert [tuple(p.shape) for p in ours] == [p.shape for p in theirs]
    for own, its in zip(ours, theirs, strict=True):
        if own.ndim == 1:
            torch.nn.init.normal_(own, std=0.1)
        its.set_data(mx.nd.array(own.detach().numpy()))
    with mx.autograd.record():
        expected = other(mx.nd.array(IMAGES))
        loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()(expected, mx.nd.array(LABELS)).mean()
    loss.backward()
    outputs = net(torch.from_numpy(IMAGES))
    torch.nn.functional.cross_entropy(outputs, torch.from_numpy(LABELS)).backward()
    np.testing.assert_allclose(outputs.detach().numpy(), expected.asnumpy(), 1e-5, 1e-5)
    for own, its in zip(ours, theirs, strict=True):
        gradient = its.grad().asnumpy()
        assert abs(own.grad.numpy() - gradient).max() <= 1e-4 * abs(gradient).max()


def test_weights_begin_within_mxnets_bounds_and_fill_them() -> None:
    torch.manual_seed(0)
    other = mxnet_lenet()
    other.initialize(mx.init.Xavier())
    other(mx.nd.array(IMAGES[:1]))
    for own, its in zip(lenet().parameters(), other.collect_params().values(), strict=True):
        if own.ndim == 1:
            assert not own.any()
            assert not its.data().asnumpy().any()
            continue
        field = math.prod(own.shape[2:])
        bound = math.sqrt(6 / (field * (own.shape[0] + own.shape[1])))
        for weights in (own.detach().numpy(), its.data().asnumpy()):
            assert 0.9 * bound < abs(weights).max() <= bound
            assert weights.std() == pytest.approx(bound / math.sqrt(3), rel=0.15)


# --- the data ---


@pytest.mark.usefixtures("training")
@pytest.mark.parametrize("holdout", [0, 200])
def test_batches_and_judging_examples_are_those_of_the_task_in_mxnet(holdout: int) -> None:
    train, test = SMALL.with_holdout(holdout).data()
    other = LeNetFashionMNIST(**SIZES, device="cpu").with_holdout(holdout).data()
    for epoch in (1, 2):
        ours = list(train.of_epoch(3, epoch, 64))
        theirs = list(other.batches(3, epoch, 64))
        assert len(ours) == len(theirs) == SMALL.with_holdout(holdout).updates_per_epoch
        for (inputs, labels), (its_inputs, its_labels) in zip(ours, theirs, strict=True):
            assert np.array_equal(inputs.numpy(), its_inputs.asnumpy())
            assert np.array_equal(labels.numpy(), its_labels.asnumpy())
    judged = [torch.cat(each).numpy() for each in zip(*test, strict=True)]
    assert np.array_equal(judged[0], other.test_inputs.asnumpy())
    assert np.array_equal(judged[1], other.test_labels.asnumpy())


# --- the training ---


@pytest.mark.usefixtures("training")
def test_a_training_follows_from_its_seed() -> None:
    first, again, other = trained(epochs=1), trained(epochs=1), trained(epochs=1, seed=1)
    assert first[0] == again[0] != other[0]
    assert parts(first[1][0]) == parts(again[1][0])


VARIANTS = [
    *((name, {}) for name in OPTIMIZERS),
    ("sgd", {"momentum": 0.9, "weight_decay": 0.01, "nesterov": True}),
    ("adam", {"beta1": 0.8, "amsgrad": True}),
    ("rmsprop", {"centered": True, "momentum": 0.9}),
]


@pytest.mark.usefixtures("training")
@pytest.mark.parametrize(("optimizer", "params"), VARIANTS)
def test_resumed_is_uninterrupted_to_the_last_bit(optimizer: str, params: dict[str, Any]) -> None:
    task = LeNetFashionMNISTTorch(
        **SIZES | {"train_size": 192}, optimizer=optimizer, optimizer_params=params, device="cpu"
    )
    schedule = Linear(base_lr=0.001, final_lr=0.0001, horizon=9)
    records, states = trained(task, schedule)
    for stop in (1, 2):
        rest, ended = trained(task, schedule, start=states[stop - 1])
        assert rest == records[stop:]
        assert parts(ended[-1]) == parts(states[-1])


@pytest.mark.usefixtures("training")
def test_it_learns_and_the_averaged_weights_are_judged_too() -> None:
    task = LeNetFashionMNISTTorch(train_size=20_000, batch_size=64, device="cpu")
    [record], _ = trained(task, Constant(base_lr=0.1, horizon=313), epochs=1)
    assert record.test_accuracy > 0.7  # chance is 0.1
    assert record.averaged_accuracy > 0.7
    assert record.averaged_accuracy != record.test_accuracy
    assert record.train_loss < 1.3  # chance is ln 10 = 2.3


@pytest.mark.usefixtures("training")
def test_hopeless_trainings_end_in_their_epoch() -> None:
    with pytest.raises(TrainingCollapsed, match="diverged in epoch 1: the loss is"):
        trained(schedule=Constant(base_lr=1e12, horizon=36))
    with pytest.raises(TrainingCollapsed, match="collapsed in epoch 1: the network gives one"):
        trained(schedule=Constant(base_lr=5.0, horizon=36))
    assert len(trained(schedule=Constant(base_lr=1e-6, horizon=36))[0]) == 3  # slow, not dead


# --- its options ---


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_number_that_pytorchs_optimizer_takes_is_taken(optimizer: str) -> None:
    [cls] = [
        c
        for name, c in vars(torch.optim).items()
        if name.lower() == optimizer and inspect.isclass(c)
    ]
    known = set(inspect.signature(cls).parameters) - {"params", "lr", "betas"}
    known -= {"foreach", "maximize", "capturable", "differentiable", "fused"}  # not of the method
    betas = {"beta1", "beta2"} if "betas" in inspect.signature(cls).parameters else set()
    assert set(OPTIMIZERS[optimizer]) == known | betas


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"optimizer": "nag"},
            "no PyTorch optimizer 'nag' that follows a schedule; known: adagrad, adam",
        ),
        ({"optimizer_params": {"wd": 0.1}}, "no parameter 'wd' of sgd"),
        ({"optimizer_params": {"lr": 0.1}}, "`lr` is the schedule's; remove it"),
    ],
)
def test_wrong_options(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        LeNetFashionMNISTTorch(**options)


def test_values_that_pytorch_refuses_and_a_missing_gpu_show_in_the_check() -> None:
    task = LeNetFashionMNISTTorch(optimizer_params={"nesterov": True})
    with pytest.raises(TaskError, match=r"'sgd' must take optimizer_params = \{'nesterov': True"):
        task.check()
    with pytest.raises(TaskError, match="device = 'cuda:63' must exist, but PyTorch says"):
        LeNetFashionMNISTTorch(device="gpu:63").check()


# --- without PyTorch ---

STUDY = """
format = "tuner.study/1"
name = "small"
search_space = "space.toml"
[task]
name = "lenet_fashion_mnist_torch"
epochs = 1
[budget]
trials = 1
"""
SPACE = """
format = "tuner.search_space/1"
name = "small"
[fixed]
family = "cosine"
[params.base_lr]
type = "float"
low = 0.1
high = 0.9
"""


def command(folder: Path, verb: str, before: str = "", after: str = "") -> tuple[int, str, str]:
    """Run the command in a process, with lines of a program before and after."""
    (folder / "study.toml").write_text(STUDY)
    (folder / "space.toml").write_text(SPACE)
    program = (
        f"import sys\nfrom tuner.cli.main import main\n{before}\n"
        f"sys.argv = ['tuner', {verb!r}, 'study.toml']\n"
        f"try:\n    main()\nfinally:\n    {after or 'pass'}\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


@pytest.mark.usefixtures("processes")
def test_a_check_prints_the_plan_and_imports_no_framework(tmp_path: Path) -> None:
    after = "print(sorted({'torch', 'mxnet'} & set(sys.modules)))"
    code, out, err = command(tmp_path, "check", after=after)
    assert code == 0, err
    assert "task      lenet_fashion_mnist_torch: batch_size = 256, optimizer = sgd" in out
    assert out.endswith("[]\n")


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize("verb", ["check", "run"])
def test_without_pytorch_it_says_what_to_type(tmp_path: Path, verb: str) -> None:
    code, out, err = command(tmp_path, verb, before="sys.modules['torch'] = None")
    assert (code, out) == (2, "")
    assert err == (
        "error: The task lenet_fashion_mnist_torch must have PyTorch, which is not installed. Type"
        " `pip install 'schedule-tuner[torch]'`, or in a clone `pip install '.[torch]'`.\n"
    )
    assert not (tmp_path / "small").exists()
    assert not (tmp_path / "study").exists()
