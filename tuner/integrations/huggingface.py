"""A trial as a callback of Hugging Face's ``Trainer``.

::

    trainer = Trainer(..., callbacks=[trial.huggingface(metric="eval_loss")])
    trainer.train(resume_from_checkpoint=trial.checkpoint)
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from transformers import PreTrainedModel, TrainerCallback, set_seed
from transformers.trainer_callback import ExportableState

from tuner.errors import TaskError
from tuner.integrations.driven import Driven
from tuner.integrations.evaluations import Evaluations
from tuner.tasks import Trial


class HuggingFaceCallback(TrainerCallback, ExportableState):
    """Trains under a trial's schedule, and reports each evaluation of a ``Trainer.train``.

    The trainer writes into the trial's folder, a checkpoint after each evaluation, of which the
    last one stays and the best one where it is to be loaded at the end.

    Args:
        trial: The trial.
        metric: The name of the metric, such as ``"eval_loss"``; by default the study's.
    """

    def __init__(self, trial: Trial, metric: str | None = None) -> None:
        self._trial = trial
        self._evaluations = Evaluations(trial, metric, "trial.huggingface")
        self._driven: Driven | None = None
        self._reported_at = 0  # updates that the last report was made after
        self._found: dict[str, Any] = {}

    def state(self) -> dict[str, Any]:
        """Return how many updates were made, for the trainer's checkpoint."""
        updates = self._driven.updates if self._driven else 0
        return {"args": {}, "attributes": {"updates": updates}}

    def on_init_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Have the trial's seed, and checkpoints in its folder, no more than are needed.

        Raises:
            TaskError: If the trainer does not evaluate.
        """
        if args.eval_strategy == "no":
            raise TaskError(
                "the trainer must evaluate, for that is what is reported. Write"
                ' TrainingArguments(eval_strategy="epoch"), or "steps" with eval_steps=.'
            )
        args.output_dir = str(self._trial.folder)
        args.save_total_limit, args.save_only_model = 1, False
        args.seed = self._trial.seed  # of the order of the examples
        set_seed(args.seed)  # the trainer, made with another one, has done it as well

    def on_train_begin(
        self,
        args: Any,
        state: Any,
        control: Any,
        model: Any = None,
        optimizer: Any = None,
        **_: Any,
    ) -> None:
        """Take the optimizer over, which has its state, and see that the model has its own."""
        if state.global_step and isinstance(model, PreTrainedModel):
            # The trainer passes over weights that are saved under other names than the model's,
            # as those of ViT, and goes on without them.
            kept = Path(args.output_dir) / f"checkpoint-{state.global_step}"
            model.load_state_dict(type(model).from_pretrained(kept).state_dict())
        counted = state.stateful_callbacks[type(self).__name__]["attributes"]
        updates = self._reported_at = counted["updates"]
        self._driven = Driven(optimizer, self._trial.schedule, updates)

    def on_evaluate(
        self, args: Any, state: Any, control: Any, metrics: Any = None, **_: Any
    ) -> None:
        """Have a checkpoint written, unless this is before the first update or after the last."""
        if self._driven is not None and self._driven.updates > self._reported_at:
            self._found |= metrics
            control.should_save = True

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Report what was evaluated: its checkpoint is there."""
        if self._driven is None or not self._found:
            return
        found, self._found = self._found, {}
        self._reported_at = self._driven.updates
        if not self._evaluations.report(found):
            control.should_training_stop = True

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        """Say the learning rate that the update had: the trainer says its own scheduler's."""
        if self._driven is not None and "learning_rate" in logs:
            logs["learning_rate"] = state.log_history[-1]["learning_rate"] = self._driven.rate

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Leave the optimizer alone."""
        if self._driven is not None:
            self._driven.release()
            self._driven = None
