"""A trial in the trainers of Lightning, Hugging Face and Keras, through their callbacks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import torch

import tuner
from tuner.errors import TaskError
from tuner.schedules import Cosine
from tuner.tasks import State, TrialTask

from .trainings import (
    BODY,
    EPOCHS,
    LOGGED,
    RATES,
    TRAININGS,
    UPDATES,
    Module,
    in_lightning,
    optimizer_of,
)

# Lightning itself uses what PyTorch deprecates, and asks for more worker processes.
pytestmark = [
    pytest.mark.usefixtures("trainers"),
    pytest.mark.filterwarnings("ignore:`isinstance.treespec, LeafSpec.` is deprecated"),
    pytest.mark.filterwarnings("ignore:The '.*_dataloader' does not have many workers"),
]
SCHEDULE = Cosine(base_lr=0.05, horizon=EPOCHS * UPDATES, warmup_steps=2, final_lr=0.001)
BEST_ALONE = {"percentile": 0.0, "n_startup_trials": 1}
EXPECTED = [SCHEDULE(update) for update in range(1, SCHEDULE.horizon + 1)]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    RATES.clear()
    LOGGED.clear()


def task_of(name: str, known: str = "", **options: Any) -> TrialTask:
    """A task whose study may be judged by a metric that the trial then knows."""

    def train(trial: tuner.Trial) -> None:
        TRAININGS[name](trial, **options)

    return TrialTask(train, updates_per_epoch=options.pop("updates", UPDATES), metric=known)


def trained(
    task: TrialTask, start: State | None = None, epochs: int = EPOCHS
) -> tuple[list[float | None], list[State | None]]:
    """Return the values of a training, and its states."""
    values, states = [], []
    for epoch in task.train(SCHEDULE, seed=1, epochs=epochs, start=start):
        values.append(epoch.record.value)
        states.append(epoch.state())
    return values, states


@pytest.mark.parametrize("name", TRAININGS)
def test_a_training_goes_on_from_the_trainers_checkpoint_with_the_same_values(name: str) -> None:
    task = task_of(name, "loss")
    values, states = trained(task)
    assert len({*values}) == EPOCHS
    for done in range(1, EPOCHS):
        assert trained(task, states[done - 1])[0] == values[done:]


@pytest.mark.parametrize("name", ["Lightning", "Hugging Face"])
def test_each_update_has_the_schedules_rate_and_groups_their_ratios(name: str) -> None:
    task = task_of(name, "loss")
    _, states = trained(task)
    assert [head for head, _ in RATES] == EXPECTED  # whatever the script's own scheduler says
    assert [body for _, body in RATES] == pytest.approx([BODY * rate for rate in EXPECTED])
    RATES.clear()
    trained(task, states[0])
    assert [head for head, _ in RATES] == EXPECTED[UPDATES:]


@pytest.mark.parametrize("accumulated", [None, 2])
def test_each_update_in_keras_has_the_schedules_rate(accumulated: int | None) -> None:
    def train(trial: tuner.Trial) -> None:
        weight = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")
        model = keras.Sequential([keras.Input((1,)), weight])
        sgd = keras.optimizers.SGD(0.7, gradient_accumulation_steps=accumulated)
        model.compile(sgd, loss=lambda _, given: given)  # whose gradient is 1
        ones = np.ones((UPDATES * (accumulated or 1), 1), "float32")
        model.fit(
            ones, ones, batch_size=1, epochs=EPOCHS, validation_data=(ones, ones), verbose=0,
            callbacks=[trial.keras("loss"), Weights(weight)],
        )  # fmt: skip

    class Weights(keras.callbacks.Callback):
        def __init__(self, layer: keras.layers.Layer) -> None:
            super().__init__()
            self.layer = layer

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            assert self.model is not None  # which brings the layer up to date
            LOGGED.append(-float(self.layer.get_weights()[0][0, 0]))

    task = TrialTask(train, updates_per_epoch=UPDATES)
    _, states = trained(task)
    updates = slice((accumulated or 1) - 1, None, accumulated)
    assert np.diff(LOGGED[updates], prepend=0.0) == pytest.approx(EXPECTED, rel=1e-4)
    LOGGED.clear()
    trained(task, states[1])
    rest = EXPECTED[2 * UPDATES + 1 :]
    assert np.diff(LOGGED[updates]) == pytest.approx(rest, rel=1e-4)


@pytest.mark.parametrize("name", TRAININGS)
def test_a_study_prunes_and_goes_on_where_it_was_stopped(name: str, tmp_path: Path) -> None:
    def study(folder: str, reports: int = 1000) -> tuner.StudyResult:
        heard = 0

        def listen(event: object) -> None:
            nonlocal heard
            heard += "epoch" in str(event)

        return tuner.tune(
            TRAININGS[name],
            epochs=EPOCHS,
            updates_per_epoch=UPDATES,
            metric="loss",
            space={"family": "constant", "base_lr": tuner.Float(1e-5, 1e-4)},  # too low
            baselines={"today": SCHEDULE},
            pruner={"type": "optuna", "name": "PercentilePruner", "options": BEST_ALONE},
            trials=3,
            name="study",
            folder=tmp_path / folder,
            confirm=False,
            on_event=listen,
            stop_requested=lambda: heard >= reports,
        )

    whole = study("whole")
    assert {row.state for row in whole.trials} == {"complete", "pruned"}
    epochs = sum(len(row.records) for row in whole.trials)
    if RATES:  # what was not to go on did not
        assert len(RATES) == epochs * UPDATES
    assert study("stopped", reports=2).ended == "interrupted"
    stopped = study("stopped")
    assert [row.records[-1].value for row in stopped.trials] == [
        row.records[-1].value for row in whole.trials
    ]


def test_validations_within_an_epoch_are_reported_as_they_come() -> None:
    task = task_of("Lightning", "loss", val_check_interval=0.5, updates=UPDATES // 2)
    values, _ = trained(task, epochs=2 * EPOCHS)
    assert len({*values}) == 2 * EPOCHS
    assert [head for head, _ in RATES] == EXPECTED


def test_evaluations_by_steps_are_reported_and_gone_on_from() -> None:
    task = task_of(
        "Hugging Face", "loss", eval_strategy="steps", eval_steps=2, updates=UPDATES // 2
    )
    values, states = trained(task, epochs=2 * EPOCHS)
    assert len({*values}) == 2 * EPOCHS
    assert (
        trained(task, states[2], epochs=2 * EPOCHS)[0] == values[3:]
    )  # in the middle of an epoch


def test_a_first_evaluation_before_any_update_is_no_report() -> None:
    task = task_of("Hugging Face", "loss", eval_on_start=True)
    values, states = trained(task)
    assert len(values) == EPOCHS
    assert trained(task, states[0])[0] == values[1:]  # before the first one of what goes on


def test_hugging_faces_trainer_logs_the_rates_that_it_trains_with_and_has_the_trials_seed() -> (
    None
):
    trained(task_of("Hugging Face", "loss"))
    rates = [entry["learning_rate"] for entry in LOGGED if "learning_rate" in entry]
    assert rates == EXPECTED
    assert LOGGED[-1] == {"seed": 1}


@pytest.mark.parametrize("name", TRAININGS)
def test_nothing_is_left_where_a_training_runs(name: str, tmp_path: Path) -> None:
    trained(task_of(name, "loss"))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("name", TRAININGS)
def test_a_metric_that_is_not_logged_is_told_with_those_that_are(name: str) -> None:
    loss = "eval_loss" if name == "Hugging Face" else "val_loss"
    call = name.lower().replace(" ", "")
    with pytest.raises(
        TaskError, match=rf"must log 'val_f1' or 'eval_f1' or 'f1', .*{loss}"
    ) as of:
        trained(task_of(name, "f1"))
    assert f"trial.{call}(metric=...)" in str(of.value)
    with pytest.raises(TaskError, match=rf"must log a metric that is named, but logged .*{loss}"):
        trained(task_of(name))
    assert len(trained(task_of(name, "f1", metric=loss))[0]) == EPOCHS


def test_a_metric_that_is_named_is_taken_as_it_is_written() -> None:
    named, _ = trained(task_of("Keras", "loss", metric="loss"))  # which is the training's
    assert named != trained(task_of("Keras", "loss"))[0]


def test_a_trainer_that_does_not_evaluate_is_refused() -> None:
    with pytest.raises(TaskError, match=r"the trainer must evaluate, .*Write\W+TrainingArguments"):
        trained(task_of("Hugging Face", "loss", eval_strategy="no"))
    with pytest.raises(TaskError, match=r"model\.fit must evaluate, .* Pass validation_data="):
        trained(task_of("Keras", "loss", validation_data=None))


class Two(Module):
    """With an optimizer for each part, as adversarial networks have."""

    def __init__(self) -> None:
        super().__init__()
        self.automatic_optimization = False

    def training_step(self, batch: list[torch.Tensor], batch_idx: int) -> None:
        for optimizer in self.optimizers():
            optimizer.zero_grad()
        self.manual_backward(self.loss(batch))
        for optimizer in self.optimizers():
            optimizer.step()

    def configure_optimizers(self) -> Any:
        return [torch.optim.SGD(self.body.parameters(), lr=0.001), optimizer_of(self.head)]


def test_one_of_several_optimizers_follows_the_schedule() -> None:
    def train(trial: tuner.Trial) -> None:
        in_lightning(trial, module=Two(), accumulate_grad_batches=1, optimizer=LOGGED[0])

    task = TrialTask(train, updates_per_epoch=2 * UPDATES, metric="loss")
    LOGGED[:] = [None]
    with pytest.raises(TaskError, match=r"has 2. Write trial.lightning\(optimizer=0\)"):
        trained(task)
    for number, rates in ((0, [0.05] * 8), (1, EXPECTED[:8])):
        LOGGED[:], RATES[:] = [number], []
        trained(task)
        assert [rate for (rate,) in RATES[:8]] == rates
