"""Trainings that call: what a function may do around its reports, and how it ends."""

from __future__ import annotations

import contextvars
import functools
import logging
import math
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

import tuner
from tuner import Trial
from tuner.errors import TaskError
from tuner.tasks import TrainingCollapsed, TrialTask, Within, end_training, hearing, training

SCHEDULE = tuner.Cosine(base_lr=0.2, final_lr=0.01, horizon=40, warmup_steps=5)


def values_of(
    train: Callable[[Trial], Any], *, until: int = 4, params: dict[str, Any] | None = None
) -> list[float]:
    """Return what a training reports; it is ended after so many of four epochs."""
    task = TrialTask(train, updates_per_epoch=10, params=params or {})
    training = task.train(SCHEDULE, seed=3, epochs=4)
    values = []
    for epoch in training:
        values.append(epoch.record.value)
        if len(values) == until:
            break
    end_training(training)
    return values


class Seen(list[Any]):
    """What a function did, and what it reports."""

    def train(self, trial: Trial) -> None:
        for epoch in trial.epochs():
            self.append(epoch)
            trial.report(epoch / 10)
        self.append("end")


# --- how it ends ---


def test_the_code_after_the_last_report_runs() -> None:
    seen = Seen()
    assert values_of(seen.train) == [0, 0.1, 0.2, 0.3]
    assert seen == [0, 1, 2, 3, "end"]


def test_a_training_that_is_over_ends_in_its_report() -> None:
    seen = Seen()
    assert values_of(seen.train, until=2) == [0, 0.1]
    assert seen == [0, 1]


def test_except_exception_around_a_report_keeps_no_training_alive() -> None:
    seen = []

    def train(trial: Trial) -> None:
        for epoch in trial.epochs():
            try:
                seen.append(epoch)
                trial.report(0.5)
            except Exception:
                seen.append("swallowed")

    values_of(train, until=2)
    assert seen == [0, 1]


def test_a_bare_except_around_a_report_ends_the_loop_of_epochs_or_updates() -> None:
    seen: list[Any] = []

    def of_epochs(trial: Trial) -> None:
        for epoch in trial.epochs():
            try:
                seen.append(epoch)
                trial.report(0.5)
            except:  # noqa: E722 - as users write it
                seen.append(trial.should_stop)
        seen.append("end")

    def of_updates(trial: Trial) -> None:
        for update in trial.updates():
            try:
                if trial.is_due(update):
                    seen.append(update)
                    trial.report(0.5)
            except:  # noqa: E722 - as users write it
                seen.append(trial.should_stop)

    values_of(of_epochs, until=2)
    assert seen == [0, 1, True, "end"]
    seen.clear()
    told: list[Within] = []
    with hearing(told.append), training(3):
        values_of(of_updates, until=2)
    assert seen == [10, 20, True]
    assert told == [Within(3, 0.1)]  # the next one a second later


def test_a_loop_of_ones_own_is_ended_by_its_next_report_though_it_swallows_the_first() -> None:
    seen = []

    def train(trial: Trial) -> None:
        for number in range(4):
            try:
                trial.report(0.5)
            except BaseException:
                seen.append(number)

    values_of(train, until=1)
    assert seen == [0, 1, 2, 3]


def test_a_training_may_end_its_loop_itself() -> None:
    seen: list[Any] = []

    def train(trial: Trial) -> None:
        epoch = 0
        while not trial.should_stop:
            seen.append(trial.report(epoch / 10, end=False))
            epoch += 1
        seen.append("end")

    assert values_of(train, until=2) == [0, 0.1]
    assert seen == [True, False, "end"]
    seen.clear()
    assert len(values_of(train)) == 4
    assert seen == [True, True, True, False, "end"]


def test_reports_after_the_end_end_the_function_and_count_for_nothing() -> None:
    seen = []

    def train(trial: Trial) -> None:
        for number in range(9):
            seen.append(number)
            trial.report(number)

    assert values_of(train) == [0, 1, 2, 3]
    assert seen == [0, 1, 2, 3, 4]


def test_finally_and_with_are_left_when_a_training_is_ended() -> None:
    seen = []

    def train(trial: Trial) -> None:
        try:
            for _ in trial.epochs():
                trial.report(0.5)
        finally:
            seen.append("left")

    values_of(train, until=2)
    assert seen == ["left"]


def test_an_exception_while_a_training_is_ended_is_told_to_whoever_ends_it() -> None:
    def train(trial: Trial) -> None:
        try:
            for _ in trial.epochs():
                trial.report(0.5)
        finally:
            raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        values_of(train, until=2)


# --- what it must do ---


def test_a_function_that_returns_early_is_told_so() -> None:
    def train(trial: Trial) -> None:
        for _ in range(2):
            trial.report(0.5)

    with pytest.raises(TaskError, match=r"train must report after each of 4 .* after 2\. Call"):
        values_of(train)
    with pytest.raises(TaskError, match="ended after 0"):
        values_of(lambda trial: None)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("good", "a number as its value, but got a str"),
        (None, "a number as its value, but got a NoneType"),
        (torch.ones(2), "a number as its value, but got a Tensor"),
        ({"accuracy": 0.5}, "a number as its value, but got a dict"),
    ],
)
def test_a_report_of_no_number_is_told_so(value: Any, words: str) -> None:
    with pytest.raises(TaskError, match=f"trial.report must get {words}"):
        values_of(lambda trial: trial.report(value))


def test_what_is_measured_beside_the_value_has_names_and_numbers() -> None:
    with pytest.raises(TaskError, match=r"takes a value and train_loss, .* but got 'loss'"):
        values_of(lambda trial: trial.report(0.5, loss=1))
    with pytest.raises(TaskError, match="a number as its train_loss, but got a str"):
        values_of(lambda trial: trial.report(0.5, train_loss="x"))


@pytest.mark.parametrize("value", [math.nan, math.inf, 1e101, 10**400])
def test_a_number_that_is_not_finite_or_too_large_ends_the_training(value: float) -> None:
    seen = []

    def train(trial: Trial) -> None:
        try:
            trial.report(0.5)
            trial.report(value)
        finally:
            seen.append(trial.should_stop)

    with pytest.raises(TrainingCollapsed, match="diverged in epoch 2"):
        values_of(train)
    assert seen == [True]


def test_numbers_of_every_framework_are_taken() -> None:
    given = [np.float32(0.5), np.array([0.25]), torch.tensor(0.125, requires_grad=True), True]

    def train(trial: Trial) -> None:
        for value in given:
            trial.report(value)

    assert values_of(train) == [0.5, 0.25, 0.125, 1.0]


def test_a_report_out_of_another_thread_is_told_so_there() -> None:
    seen = []

    def train(trial: Trial) -> None:
        def report() -> None:
            with pytest.raises(TaskError, match="in the thread that the training began in"):
                trial.report(0.5)
            seen.append("told")

        thread = threading.Thread(target=report)
        thread.start()
        thread.join()

    with pytest.raises(TaskError, match="ended after 0"):
        values_of(train)
    assert seen == ["told"]


def yields(trial: Trial) -> Iterator[float]:
    yield 0.5


async def awaits(trial: Trial) -> None:
    trial.report(0.5)


@pytest.mark.parametrize(
    ("train", "words"),
    [
        (yields, "yields must call trial.report.* but yields. Of a generator function, tuner"),
        (awaits, "awaits must be a plain function, but is asynchronous"),
        (lambda: None, "lambda> must take one argument, the trial, but: TypeError: too many"),
        (lambda trial, lr: None, "must take one argument, .* missing a required argument: 'lr'"),
        (0.5, "`train` must be a function of a trial, but got 0.5"),
    ],
)
def test_what_is_no_function_of_a_trial_is_refused_before_it_trains(
    train: Any, words: str
) -> None:
    with pytest.raises(TaskError, match=words):
        TrialTask(train, updates_per_epoch=10)


def test_a_training_has_the_updates_that_it_says() -> None:
    def train(trial: Trial) -> None:
        for _ in trial.epochs():
            for update in range(1, 31):
                trial.schedule(update)
            trial.report(0.5)

    with pytest.raises(TaskError, match="where updates_per_epoch = 10 makes 10 updates"):
        values_of(train)


# --- what is around it ---


def test_objects_that_can_be_called_and_partial_functions_train_as_well() -> None:
    class Training:
        def __call__(self, trial: Trial) -> None:
            for epoch in trial.epochs():
                trial.report(epoch)

    def train(trial: Trial, factor: int) -> None:
        for epoch in trial.epochs():
            trial.report(factor * epoch + trial.params["add"])

    assert values_of(Training()) == [0, 1, 2, 3]
    assert values_of(functools.partial(train, factor=2), params={"add": 1}) == [1, 3, 5, 7]


def test_a_training_within_a_training_leaves_it_as_it_is() -> None:
    def inner(trial: Trial) -> None:
        for epoch in trial.epochs():
            trial.report(epoch)

    def outer(trial: Trial) -> None:
        for _ in trial.epochs():
            trial.report(sum(values_of(inner, until=3)))

    assert values_of(outer) == [3, 3, 3, 3]


def test_two_trainings_take_turns() -> None:
    def train(trial: Trial) -> None:
        for epoch in trial.epochs():
            trial.report(epoch)

    task = TrialTask(train, updates_per_epoch=10)
    one, other = (task.train(SCHEDULE, seed=3, epochs=4) for _ in range(2))
    taken = [next(each).record.value for each in (one, other, other, one, one, other)]
    assert taken == [0, 0, 1, 1, 2, 2]
    end_training(one)
    assert [epoch.record.value for epoch in other] == [3]


def test_a_context_of_the_function_is_its_own() -> None:
    depth = contextvars.ContextVar("depth", default=0)

    def train(trial: Trial) -> None:
        for _ in trial.epochs():
            depth.set(depth.get() + 1)
            trial.report(depth.get())

    assert values_of(train) == [1, 2, 3, 4]
    assert depth.get() == 0


def test_ctrl_c_within_a_training_is_ctrl_c() -> None:
    seen = []

    def train(trial: Trial) -> None:
        try:
            trial.report(0.5)
            signal.raise_signal(signal.SIGINT)
        finally:
            seen.append("left")

    with pytest.raises(KeyboardInterrupt):
        values_of(train)
    assert seen == ["left"]


def test_a_function_without_a_file_is_told_once_that_its_states_are_not_kept(
    caplog: pytest.LogCaptureFixture,
) -> None:
    names: dict[str, Any] = {}
    exec(
        "def train(trial):\n"
        "    weight = trial.restore(weight=1.0)['weight']\n"
        "    for _ in trial.epochs():\n"
        "        trial.save(weight=weight)\n"
        "        trial.report(trial.schedule(10 * trial.done + 10))\n",
        names,
    )
    with caplog.at_level(logging.WARNING, "tuner"):
        values_of(names["train"])
    assert [text for text in caplog.messages if "are not kept" in text] == [
        "train's states are not kept, so a trial that is interrupted starts over: its code must be"
        " in a file, and what it was made with be numbers, texts or arrays. Write it in a module,"
        " not in a notebook or at a prompt."
    ]
