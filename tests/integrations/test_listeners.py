"""What a study tells to trackers, read back with their own programs."""

from __future__ import annotations

from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import tuner
from tuner.integrations.listeners import parameters
from tuner.search import TrialStarted


def train(trial: tuner.Trial) -> None:
    loss = trial.restore(loss=1.0)["loss"]
    for epoch in trial.epochs():
        loss -= sum(map(trial.schedule, trial.updates_of(epoch)))
        trial.save(loss=loss)
        trial.report(loss, train_loss=loss / 2)


def study(folder: Path, stop_after: int = 100) -> tuner.StudyResult:
    heard = []
    listen = tuner.listeners.tensorboard(folder / "tracked")
    return tuner.tune(
        train,
        epochs=3,
        updates_per_epoch=4,
        metric="val_loss",
        base_lr=0.001,
        trials=3,
        params={"width": tuner.Choice([4, 8])},
        folder=folder,
        confirm=False,
        on_event=lambda event: (listen(event), heard.append(event)),
        stop_requested=lambda: sum("epoch" in str(event) for event in heard) > stop_after,
    )


def test_tensorboard_shows_each_epoch_of_each_trial(tmp_path: Path) -> None:
    assert study(tmp_path, stop_after=1).ended == "interrupted"
    result = study(tmp_path)
    assert len(result.trials) == 3
    for row in result.trials:
        run = EventAccumulator(
            str(tmp_path / "tracked" / "train" / f"trial-{row.number}")
        ).Reload()
        assert sorted(run.Tags()["scalars"]) == ["learning rate", "train loss", "val loss"]
        for name, expected in {
            "val loss": [record.value for record in row.records],
            "train loss": [record.train_loss for record in row.records],
            "learning rate": [record.lr_end for record in row.records],
        }.items():
            found = {scalar.step: scalar.value for scalar in run.Scalars(name)}
            assert found == pytest.approx(dict(enumerate(expected, start=1)))
        [said] = {text.tensor_proto.string_val[0] for text in run.Tensors("schedule/text_summary")}
        assert said.decode() == repr(row.schedule)
        [said] = {text.tensor_proto.string_val[0] for text in run.Tensors("options/text_summary")}
        assert said.decode() == f"width {row.options['width']}"


def test_trackers_are_told_options_and_the_momentum_as_parameters() -> None:
    lr = tuner.Linear(base_lr=0.1, horizon=20)
    momentum = tuner.Inverse(of=lr, low=0.8, high=0.9)
    schedules = tuner.Schedules(lr=lr, momentum=momentum, groups={"head": 0.5})
    options = {"weight_decay": 0.01, "batch_size": 64}
    found = parameters(TrialStarted(0, schedules, None, 0, options=options))
    assert {"family": "linear", "base_lr": 0.1, "horizon": 20, **options}.items() <= found.items()
    own = {name: value for name, value in found.items() if "." in name}
    assert own == {
        "momentum.inverse_of": "linear", "momentum.low": 0.8, "momentum.high": 0.9,
        "groups.head": 0.5,
    }  # fmt: skip
