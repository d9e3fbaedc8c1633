"""A trial as a callback of Lightning's trainer, whether it is called lightning or by its old name.

::

    trainer = Trainer(..., callbacks=[trial.lightning(metric="val_acc")])
    trainer.fit(model, loader, val_loader, ckpt_path=trial.checkpoint)
"""

from __future__ import annotations

import sys
from typing import Any

from tuner.errors import TaskError
from tuner.integrations.driven import Driven
from tuner.integrations.evaluations import Evaluations
from tuner.tasks import Trial

# Two packages with the same classes, which are not the same to each other's trainer.
if "pytorch_lightning" in sys.modules and "lightning.pytorch" not in sys.modules:
    from pytorch_lightning.callbacks import Checkpoint
else:
    from lightning.pytorch.callbacks import Checkpoint


class LightningCallback(Checkpoint):
    """Trains under a trial's schedule, and reports each validation of a ``Trainer.fit``.

    It stands for the trainer's own ``ModelCheckpoint``: that is what comes last among the
    callbacks, when everything is logged.

    Args:
        trial: The trial.
        metric: The name that is logged, such as ``"val_acc"``; by default the study's.
        optimizer: Which optimizer of several follows the schedule, counted from 0.
    """

    def __init__(self, trial: Trial, metric: str | None = None, optimizer: int | None = None):
        self._trial = trial
        self._evaluations = Evaluations(trial, metric, "trial.lightning")
        self._optimizer = optimizer
        self._updates = 0  # before this process
        self._driven: Driven | None = None
        self._is_due = False
        self.best_model_path = ""  # the last one: where the trainer looks for something to test

    def state_dict(self) -> dict[str, Any]:
        """Return how many updates were made."""
        return {"updates": self._driven.updates if self._driven else self._updates}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Count on from there."""
        self._updates = state_dict["updates"]

    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
        """Put the random generators back: model and trainer were made since."""
        self._trial.restore()

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Take the optimizer over, which has its state."""
        number = self._optimizer
        if number is None and len(trainer.optimizers) > 1:
            raise TaskError(
                "it must be said which optimizer follows the schedule, for the module has"
                f" {len(trainer.optimizers)}. Write trial.lightning(optimizer=0) for the first."
            )
        self._driven = Driven(trainer.optimizers[number or 0], self._trial.schedule, self._updates)

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        """Report a validation within an epoch; one at its end waits for what follows it."""
        self._is_due = not trainer.sanity_checking
        if self._is_due and not trainer.is_last_batch:
            self._report(trainer)

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Report the validation at the end of an epoch, or the epoch where there is none."""
        if self._is_due or not trainer.enable_validation:
            self._report(trainer)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Leave the optimizer alone."""
        if self._driven is not None:
            self._updates = self._driven.updates
            self._driven.release()
            self._driven = None

    def _report(self, trainer: Any) -> None:
        self._is_due = False
        new = str(self._trial.folder / f"checkpoint-{trainer.global_step}.ckpt")
        old, self.best_model_path = self.best_model_path, new
        trainer.save_checkpoint(new)
        if old not in ("", new):
            trainer.strategy.remove_checkpoint(old)
        if not self._evaluations.report(trainer.callback_metrics):
            trainer.should_stop = True
