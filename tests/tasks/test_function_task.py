"""Tasks that are functions: what they yield, and how often they are asked."""

from __future__ import annotations

import copy
import functools
import math
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ml_dtypes  # which JAX needs
import numpy as np
import pytest
import torch

import tuner
from tuner.errors import TaskError
from tuner.tasks import FunctionTask, TrainingCollapsed
from tuner.tasks.digests import in_words

from .summed import SUMMED

mx = tuner.import_mxnet()


def trained(train: Callable[..., Any], epochs: int = 2) -> list[float]:
    schedule = tuner.Constant(base_lr=0.1, horizon=20)
    task = FunctionTask(train, updates_per_epoch=10)
    return [e.record.value for e in task.train(schedule, seed=0, epochs=epochs)]


def test_a_function_that_ends_early_or_is_no_generator_is_told_so() -> None:
    with pytest.raises(TaskError, match="must yield after each of 3 epochs, but ended after 2"):
        trained(lambda *_: iter([1.0, 2.0]), epochs=3)
    with pytest.raises(TaskError, match="must be a generator function"):
        trained(lambda *_: 5.0)


def test_a_function_is_not_asked_for_more_epochs_than_needed() -> None:
    asked = []

    def train(*_: Any) -> Iterator[float]:
        for epoch in range(9):
            asked.append(epoch)
            yield epoch

    assert trained(train) == [0, 1]
    assert asked == [0, 1]


def test_a_function_goes_on_from_the_state_that_it_yielded() -> None:
    schedule = tuner.Linear(base_lr=1.0, final_lr=0.0, horizon=40)
    whole = [*SUMMED.train(schedule, seed=0, epochs=4)]
    total = sum(schedule(range(1, 41)))
    assert whole[-1].record.value == pytest.approx(abs(total - 3))
    rest = [*SUMMED.train(schedule, seed=0, epochs=4, start=whole[1].state())]
    assert [e.record.value for e in rest] == [e.record.value for e in whole[2:]]


def test_a_function_that_yields_no_number_is_told_so() -> None:
    with pytest.raises(TaskError, match="must yield a number after an epoch, but gave str"):
        trained(lambda *_: iter(["good"]))


def test_a_number_that_is_not_finite_ends_a_function() -> None:
    with pytest.raises(TrainingCollapsed, match="diverged in epoch 2: it gave nan"):
        trained(lambda *_: iter([0.5, math.nan]))


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"net": {"w": torch.ones(2)}}, r"its 'net' is of type dict \(TypeError.* type object"),
        ({"fn": print}, "its 'fn' is of type builtin_function_or_method"),
        ({"best": None}, "its 'best' is of type NoneType"),
        ({"w": torch.ones(2, requires_grad=True)}, "its 'w' is of type Tensor .*requires grad"),
        ({"w": torch.ones(2, dtype=torch.bfloat16)}, "'w' is of type Tensor .*BFloat16"),
        ({"w": np.ones(2, ml_dtypes.bfloat16)}, "'w' is of type ndarray .* type bfloat16 of it"),
        ({"w": np.ones(2, [("a", "i4")])}, "'w' is of type ndarray"),
        ({"b": b"rng\0"}, r"'b' is of type bytes \(TypeError: NumPy makes b'rng' of it"),
        ({"t": ["a", "b\0"]}, r"'t' is of type list .*makes \['a', 'b'\] of it"),
        ({"t": [1, "a"]}, r"'t' is of type list .*makes \['1', 'a'\] of it"),
        ({"l": [[1], [1, 2]]}, "'l' is of type list .*inhomogeneous"),
        ({"n": 1, ("net", 0): np.ones(2)}, r"its \('net', 0\) .* whole number, but is a tuple"),
    ],
)
def test_a_state_that_cannot_be_kept_is_an_error_at_once(state: Any, words: str) -> None:
    with pytest.raises(TaskError, match=rf"lambda> must yield .*{words}.*\. Give arrays"):
        trained(lambda *_: iter([(0.5, state)]), epochs=1)


def test_a_state_holds_all_that_numpy_has_a_type_for() -> None:
    given = {
        "tensor": torch.ones(2), "mx": mx.nd.ones((60, 60)), "list": [1, 2], "text": "abc",
        "bytes": b"a\0b",
        "number": 3, "flag": True, "when": np.array(["2024-01-01"], "M8[D]"),
        "big": np.ones(2, ">f4"), 7: np.zeros(0),
    }  # fmt: skip
    task = FunctionTask(lambda *_: iter([(0.5, given)]), updates_per_epoch=10)
    (epoch,) = task.train(tuner.Constant(base_lr=0.1, horizon=10), seed=0, epochs=1)
    state = epoch.state()
    assert state is not None
    assert state.arrays.pop("mx").tolist() == [[1.0] * 60] * 60
    assert {name: array.tolist() for name, array in state.arrays.items()} == {
        name: np.array(value).tolist() for name, value in given.items() if name != "mx"
    }


def test_a_state_is_the_copy_of_when_it_was_asked_for() -> None:
    def train(*_: Any) -> Iterator[Any]:
        weights = np.zeros(1)
        while True:
            weights += 1
            yield 0.5, {"weights": weights}

    task = FunctionTask(train, updates_per_epoch=10)
    epochs = task.train(tuner.Constant(base_lr=0.1, horizon=20), seed=0, epochs=2)
    states = [epoch.state() for epoch in epochs]
    assert [state.arrays["weights"].item() for state in states if state] == [1, 2]


def stepping(factor: Any) -> Callable[..., Any]:
    def train(schedule: Any, seed: int, start: Any) -> Iterator[Any]:
        total, epoch = (start.arrays["total"].item(), start.epoch) if start else (0.0, 0)
        while True:
            total += factor * schedule(10 * epoch + 1)
            epoch += 1
            yield total, {"total": np.array(total)}

    return train


def test_states_are_those_of_a_function_with_all_that_it_was_made_with() -> None:
    def identity(train: Callable[..., Any]) -> Any:
        return FunctionTask(train, updates_per_epoch=10).training_identity()

    assert identity(stepping(1.0)) == identity(stepping(1.0)) != identity(stepping(5.0))
    partial = functools.partial(stepping(1.0), seed=3)
    assert identity(partial) == identity(functools.partial(stepping(1.0), seed=3))
    assert identity(partial) != identity(functools.partial(stepping(1.0), seed=4))
    arrays = [stepping(np.array(values)) for values in ([1.0, 2.0], [1.0, 2.0], [1.0, 3.0])]
    assert identity(arrays[0]) == identity(arrays[1]) != identity(arrays[2])
    assert identity(stepping(threading.Lock())) is None


def test_another_function_trains_anew_though_it_is_of_the_same_file(write_study: Callable) -> None:
    study: Path = write_study(
        trials=5, more='[objective]\nmetric = "total"\ndirection = "maximize"'
    )
    text = study.read_text()
    start, end = text.index('name = "lenet'), text.index("[budget]")
    study.write_text(text[:start] + "epochs = 2\n" + text[end:])
    first = tuner.run_study(study, task=FunctionTask(stepping(1.0), updates_per_epoch=10))
    study.write_text(study.read_text().replace('name = "small"', 'name = "other"'))
    begun = first.trials
    (first.folder / "study.db").unlink()
    other = tuner.run_study(study, task=FunctionTask(stepping(5.0), updates_per_epoch=10))
    assert {row.epochs_given for row in other.trials} == {0}
    values = [(one.value, five.value) for one, five in zip(begun, other.trials, strict=True)]
    assert all(five == pytest.approx(5 * one) for one, five in values[:5])


@pytest.mark.parametrize(
    "losses",
    [
        [torch.nn.CrossEntropyLoss(label_smoothing=each) for each in (0.0, 0.3)],
        [torch.nn.CrossEntropyLoss(weight=torch.tensor([1.0, each])) for each in (0.0, 0.3)],
        [mx.gluon.loss.HuberLoss(rho=each) for each in (1, 9)],
        [functools.partial(torch.nn.functional.cross_entropy, label_smoothing=x) for x in (0, 1)],
    ],
)
def test_losses_are_told_apart_by_their_arguments(losses: list[Any]) -> None:
    assert in_words(losses[0]) == in_words(copy.deepcopy(losses[0])) != in_words(losses[1])
    assert "0x" not in in_words(losses[0])
