"""What the callbacks of all frameworks have in common: which number of an evaluation counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuner.errors import TaskError
from tuner.tasks import Trial

# What a framework puts before the name of a metric that was measured on other examples.
_PREFIXES = ("val_", "eval_")


class Evaluations:
    """Reports the evaluations of a training to its trial.

    Args:
        trial: The trial.
        metric: The name under which the training logs what is to be reported. Without one it is
            the study's, of the validation if the training logs it under that name as well.
        made_by: The call that the user wrote, for messages.
    """

    def __init__(self, trial: Trial, metric: str | None, made_by: str) -> None:
        self.trial, self.metric, self._made_by = trial, metric, made_by

    def report(self, logged: Mapping[str, Any]) -> bool:
        """Report an evaluation, once its checkpoint is there.

        Args:
            logged: What was logged, by name.

        Returns:
            Whether the training is to go on.

        Raises:
            TaskError: If the metric is not among it.
        """
        if self.trial.should_stop:  # the framework goes on for a while
            return False
        name = self._name(logged)
        beside = [each for each in ("train_loss", "train_accuracy") if each != name]
        measured = {each: logged[each] for each in beside if each in logged}
        return self.trial.report(logged[name], end=False, **measured)

    def _name(self, logged: Mapping[str, Any]) -> str:
        metric = self.metric or self.trial.metric
        names = [*(prefix + metric for prefix in _PREFIXES), metric] if metric else []
        if self.metric:  # as it was written, above all
            names.sort(key=lambda name: name != metric)
        for name in names:
            if name in logged:
                return name
        wanted = " or ".join(map(repr, names)) or "a metric that is named"
        raise TaskError(
            f"the training must log {wanted}, but logged {', '.join(sorted(logged)) or 'nothing'}."
            f" Name what is to be reported: {self._made_by}(metric=...)."
        )
