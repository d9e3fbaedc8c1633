"""What a study tells to trackers, read back with their own programs."""

from __future__ import annotations

from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import tuner


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
