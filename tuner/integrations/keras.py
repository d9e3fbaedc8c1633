"""A trial as a callback of Keras's ``Model.fit``, on any backend.

::

    model.fit(..., validation_data=..., callbacks=[trial.keras(metric="val_accuracy")])
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy

from tuner.errors import TaskError
from tuner.integrations.evaluations import Evaluations
from tuner.tasks import Trial

_RANDOM = "random.npz"


class KerasCallback(keras.callbacks.BackupAndRestore):
    """Trains under a trial's schedule, and reports each validation of a ``Model.fit``.

    The model's own optimizer gets the schedule, so that it asks for the learning rate of each
    update itself, in compiled steps too. Weights and optimizer are kept and put back as Keras's
    ``BackupAndRestore`` does it, and with them the random generators of layers.

    Args:
        trial: The trial.
        metric: The name that is logged, such as ``"val_accuracy"``; by default the study's.
    """

    def __init__(self, trial: Trial, metric: str | None = None) -> None:
        super().__init__(str(trial.folder / "keras"), delete_checkpoint=False)
        self._trial, self._folder = trial, trial.folder / "keras"
        self._evaluations = Evaluations(trial, metric, "trial.keras")
        self._was_evaluated = self._has_reported = False

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Give the schedule to the optimizer, and go on from what was kept."""
        self._trial.restore(keras=self._folder)
        self.model.optimizer.learning_rate = self._trial.schedule.to_keras()
        super().on_train_begin(logs)
        if (self._folder / _RANDOM).exists():
            with numpy.load(self._folder / _RANDOM) as kept:
                for variable, number in zip(self._generators(), kept.values(), strict=True):
                    variable.assign(number)

    def on_test_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Take the epoch as one that is judged."""
        self._was_evaluated = True

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Keep the model, and report the epoch if it is one that is judged."""
        super().on_epoch_end(epoch, logs)
        numbers = map(keras.ops.convert_to_numpy, self._generators())
        numpy.savez(self._folder / _RANDOM, *numbers)
        logs = dict(logs or {})
        if not (self._was_evaluated or self._evaluations.metric in logs):
            return
        self._was_evaluated, self._has_reported = False, True
        train = {f"train_{name}": logs[name] for name in ("loss", "accuracy") if name in logs}
        if not self._evaluations.report({**logs, **train}):
            self.model.stop_training = True

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Make sure that something was reported.

        Raises:
            TaskError: If the training has no validation.
        """
        super().on_train_end(logs)
        if not (self._has_reported or self._trial.done):
            raise TaskError(
                "model.fit must evaluate, for that is what is reported. Pass validation_data= or"
                " validation_split=."
            )

    def _generators(self) -> list[Any]:
        """Return the states of the random generators of layers, which Keras's file leaves out."""
        weights = {id(weight) for weight in self.model.weights}
        return [variable for variable in self.model.variables if id(variable) not in weights]
