"""A training that goes on from a state gives the same bits as one that never stopped."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tuner import import_mxnet
from tuner.errors import TaskError
from tuner.schedules import Constant, Cosine, Linear, Schedule
from tuner.tasks import Checkpoint, CheckpointStore, EpochRecord, LeNetFashionMNIST, State
from tuner.tasks.gluon import train
from tuner.tasks.gluon_data import Data
from tuner.tasks.gluon_state import NOT_RESUMABLE
from tuner.tasks.lenet import OPTIMIZERS

TINY = LeNetFashionMNIST(train_size=192, test_size=200, batch_size=64)
FALLING = Linear(base_lr=0.001, final_lr=0.0001, horizon=9)  # sgld needs more than 0
Bits = tuple[EpochRecord, dict[str, tuple[str, tuple[int, ...], bytes]]]


def bits(record: EpochRecord, state: State) -> Bits:
    """Return everything about an epoch but its time, comparable to the last bit."""
    assert state.epoch == record.epoch
    arrays = {
        name: (array.dtype.str, array.shape, array.tobytes())
        for name, array in state.arrays.items()
    }
    return record._replace(seconds=0.0), arrays


def trained(
    task: LeNetFashionMNIST,
    schedule: Schedule = FALLING,
    start: State | None = None,
    epochs: int = 3,
) -> tuple[list[State], list[Bits]]:
    states, seen = [], []
    for epoch in task.train(schedule, seed=1, epochs=epochs, start=start):
        states.append(epoch.state())
        seen.append(bits(epoch.record, states[-1]))
    return states, seen


# lbsgd too: with its defaults, what it lacks is a name for its state.
VARIANTS = [
    *((name, {}) for name in OPTIMIZERS),
    ("sgd", {"momentum": 0.9, "wd": 0.01}),
    ("nag", {"momentum": 0.9}),
    ("lars", {"momentum": 0.9}),
    ("rmsprop", {"centered": True}),
    ("signum", {"momentum": 0.0}),
]


@pytest.mark.usefixtures("seconds")
@pytest.mark.parametrize(("optimizer", "params"), VARIANTS)
def test_every_optimizer_goes_on_as_if_it_had_not_stopped(
    optimizer: str, params: dict[str, float]
) -> None:
    task = TINY.model_copy(update={"optimizer": optimizer, "optimizer_params": params})
    states, whole = trained(task)
    for start in states[:2]:
        _, rest = trained(task, start=start)
        assert rest == whole[start.epoch :]
    assert trained(task, start=states[2]) == ([], [])


def test_the_optimizers_that_cannot_say_so() -> None:
    cannot = {
        name
        for name in OPTIMIZERS
        if TINY.model_copy(update={"optimizer": name}).training_identity() is None
    }
    assert cannot == set(NOT_RESUMABLE) == {"lbsgd"}


@pytest.mark.usefixtures("training")
def test_lbsgd_depends_on_more_than_the_rates_of_the_updates() -> None:
    """The reason why it cannot: the two differ at update 0 alone."""
    begins = [
        Constant(base_lr=0.01, horizon=9, warmup_steps=1, warmup_begin_lr=lr) for lr in (0, 0.01)
    ]
    assert begins[0](range(1, 10)) == begins[1](range(1, 10))
    results = {}
    for optimizer in ("sgd", "lbsgd"):
        task = TINY.model_copy(update={"optimizer": optimizer})
        one, other = (trained(task, schedule, epochs=1)[1] for schedule in begins)
        results[optimizer] = one == other
    assert results == {"sgd": True, "lbsgd": False}


@pytest.mark.usefixtures("seconds")
@pytest.mark.parametrize("optimizer", ["nadam", "sgld", "lars"])
def test_bits_do_not_depend_on_what_the_process_made_before(optimizer: str) -> None:
    """MXNet numbers the layers of a process, and sorted by name dense10 comes before dense9."""
    task = TINY.model_copy(update={"optimizer": optimizer})
    with import_mxnet().name.NameManager():  # numbers from 0; LeNet has three dense layers
        seen = [trained(task, epochs=1)[1] for _ in range(4)]
    assert seen[1:] == seen[:3]


@pytest.mark.usefixtures("training")
def test_a_state_is_kept_when_the_training_goes_on() -> None:
    training = TINY.train(FALLING, seed=1, epochs=2)
    state = next(training).state()
    before = {name: array.copy() for name, array in state.arrays.items()}
    next(training)
    for name, array in state.arrays.items():
        np.testing.assert_array_equal(array, before[name])


@pytest.mark.usefixtures("training")
def test_a_state_goes_on_under_another_schedule() -> None:
    """Which is what two schedules that begin alike come down to."""
    long, short = (Constant(base_lr=0.1, horizon=n) for n in (9, 3))
    cosine = Cosine(base_lr=0.1, horizon=9)
    states, _ = trained(TINY, long)
    _, after_cosine = trained(TINY, cosine, start=states[0])
    assert after_cosine[0][0].lr_begin == cosine(4)
    assert after_cosine != trained(TINY, cosine)[1][1:]
    assert trained(TINY, short, start=states[0])[1] == trained(TINY, long)[1][1:]


@pytest.mark.usefixtures("training")
def test_a_state_of_another_network_or_optimizer_is_refused() -> None:
    states, _ = trained(TINY.model_copy(update={"optimizer": "adam"}), epochs=1)
    with pytest.raises(TaskError, match=r"must hold arrays of the shapes .* but has"):
        trained(TINY, start=states[0])
    smaller = State(1, {**states[0].arrays, "weight.0": np.zeros((6, 1, 3, 3), np.float32)})
    with pytest.raises(TaskError, match=r"\(6, 1, 5, 5\).*\(6, 1, 3, 3\)"):
        trained(TINY.model_copy(update={"optimizer": "adam"}), start=smaller)


def test_a_network_with_batch_normalisation_goes_on() -> None:
    """Its running means are no parameters of the optimizer, but part of the state."""
    mx = import_mxnet()
    random = np.random.default_rng(0)
    inputs = random.normal(size=(40, 5)).astype(np.float32)
    labels = (inputs.sum(axis=1) > 0).astype(np.float32)
    data = Data(*(mx.nd.array(array) for array in (inputs, labels, inputs, labels)))

    def run(start: State | None) -> tuple[list[State], list[Bits]]:
        net = mx.gluon.nn.HybridSequential()
        net.add(
            mx.gluon.nn.Dense(8), mx.gluon.nn.BatchNorm(), mx.gluon.nn.Dropout(0.5),
            mx.gluon.nn.Dense(2),
        )  # fmt: skip
        training = train(
            net, data, Constant(base_lr=0.1, horizon=30), optimizer="sgd",
            optimizer_params={"momentum": 0.9}, batch_size=8, seed=3, epochs=3, start=start,
        )  # fmt: skip
        states, seen = [], []
        for epoch in training:
            states.append(epoch.state())
            seen.append(bits(epoch.record, states[-1]))
        return states, seen

    states, whole = run(None)
    assert run(states[0])[1] == whole[1:]


def test_begin_num_update_is_refused() -> None:
    """It would train under other rates than those that a state is found by."""
    with pytest.raises(ValueError, match="`begin_num_update` is the schedule's; remove it"):
        LeNetFashionMNIST(optimizer_params={"begin_num_update": 5})


CONTINUE = """
import sys
from tuner.tasks.checkpoints import Checkpoint, CheckpointStore
from tuner.schedules import Linear
from tuner.tasks import LeNetFashionMNIST
store = CheckpointStore(sys.argv[1])
before = store.deepest(["one"])
task = LeNetFashionMNIST(train_size=192, test_size=200, batch_size=64, optimizer="nadam")
schedule = Linear(base_lr=0.001, final_lr=0.0001, horizon=9)
for epoch in task.train(schedule, seed=1, epochs=3, start=before.state):
    pass
store.save("all", Checkpoint((*before.records, *[epoch.record] * 2), epoch.state()))
"""


@pytest.mark.usefixtures("processes")
def test_another_process_goes_on_from_the_file(tmp_path: Path) -> None:
    task = TINY.model_copy(update={"optimizer": "nadam"})
    states, whole = trained(task)
    store = CheckpointStore(tmp_path)
    store.save("one", Checkpoint((whole[0][0],), states[0]))
    subprocess.run([sys.executable, "-c", CONTINUE, str(tmp_path)], check=True)
    after = store.deepest(["all"])
    assert after is not None
    assert bits(after.records[-1], after.state) == whole[2]
