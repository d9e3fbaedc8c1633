"""A trial in the hands of a trainer that has a loop of its own: callbacks, by framework."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tuner.adapters import importing

if TYPE_CHECKING:
    from tuner.tasks.trial import Trial


class Callbacks:
    """The methods of a trial that give it to a trainer.

    Its callback sets the learning rate of each update, reports each evaluation, has the trainer
    stop when the trial is over, and keeps the trainer's own checkpoints. A framework is imported
    only when its method is called.
    """

    @property
    def _trial(self) -> Trial:
        """The object itself: a trial alone has these methods, and its module imports this one."""
        return cast("Trial", self)

    @property
    def checkpoint(self) -> Path | None:
        """The trainer's own checkpoint to go on from; None at the beginning.

        For ``trainer.fit(..., ckpt_path=trial.checkpoint)`` of Lightning and
        ``trainer.train(resume_from_checkpoint=trial.checkpoint)`` of Hugging Face. Without it a
        training that was interrupted starts over.
        """
        folder = self._trial.folder
        self._trial.restore(checkpoints=folder)
        found = folder.glob("checkpoint-*")
        return max(found, key=lambda path: int(path.stem.rpartition("-")[2]), default=None)

    def lightning(self, metric: str | None = None, *, optimizer: int | None = None) -> Any:
        """Return a callback for Lightning's ``Trainer(callbacks=[...])``.

        See :class:`tuner.integrations.lightning.LightningCallback`.

        Args:
            metric: The name that is logged, such as ``"val_acc"``; by default the study's.
            optimizer: Which optimizer of several follows the schedule, counted from 0.
        """
        with importing("Lightning", "lightning"):
            from tuner.integrations.lightning import LightningCallback

        return LightningCallback(self._trial, metric, optimizer)

    def huggingface(self, metric: str | None = None) -> Any:
        """Return a callback for Hugging Face's ``Trainer(callbacks=[...])``.

        See :class:`tuner.integrations.huggingface.HuggingFaceCallback`.

        Args:
            metric: The name of the metric, such as ``"eval_loss"``; by default the study's.
        """
        with importing("Hugging Face's transformers", "'transformers[torch]'"):
            from tuner.integrations.huggingface import HuggingFaceCallback

        return HuggingFaceCallback(self._trial, metric)

    def keras(self, metric: str | None = None) -> Any:
        """Return a callback for Keras's ``model.fit(callbacks=[...])``.

        See :class:`tuner.integrations.keras.KerasCallback`.

        Args:
            metric: The name that is logged, such as ``"val_accuracy"``; by default the study's.
        """
        with importing("Keras with a backend (KERAS_BACKEND=jax, torch or tensorflow)", "keras"):
            from tuner.integrations.keras import KerasCallback

        return KerasCallback(self._trial, metric)
