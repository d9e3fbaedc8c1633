"""What makes a schedule better than another: the metric, its direction, on which examples."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

from pydantic import Field, PrivateAttr, ValidationInfo, field_validator, model_validator

from tuner.reading import Section, did_you_mean
from tuner.tasks import LARGEST, EpochRecord, TrainingCollapsed


def merit(value: float, minimized: bool) -> float:
    """Return a number that is the larger the better the value is: the one place that knows.

    Args:
        value: A value of the objective.
        minimized: Whether the smaller one of two is the better one; the study's direction, which
            its Optuna study has.

    Example:
        >>> merit(0.9, minimized=False) > merit(0.8, minimized=False)
        True
        >>> merit(0.9, minimized=True) > merit(0.8, minimized=True)
        False
    """
    return -value if minimized else value


def digits(metric: str, decimals: int = 4) -> str:
    """Return the format that a value of a metric is written in: the one place that knows.

    An accuracy has four decimals. What else is measured may be of any size, and has four digits.

    Args:
        metric: The metric in words.
        decimals: Of an accuracy.

    Example:
        >>> f"{0.87:{digits('test accuracy')}}", f"{3.2641e-06:{digits('test loss')}}"
        ('0.8700', '3.264e-06')
    """
    return f".{decimals}f" if metric.endswith("accuracy") else ".4g"


def finite(value: float | None) -> float | None:
    """Return a number that JSON has; the infinite loss of a training that diverged is none."""
    return value if value is not None and math.isfinite(value) else None


def countable(value: float | None) -> float | None:
    """Return a number that means and spreads can be computed of; one too large is infinite.

    Example:
        >>> countable(0.9), countable(-1e308), countable(None)
        (0.9, -inf, None)
    """
    if value is None or not abs(value) > LARGEST:
        return value
    return math.copysign(math.inf, value)


class _Kind(NamedTuple):
    """A kind of metric, which the last word of its name tells."""

    minimized: bool
    # What is left to improve, as a positive number whose ratios mean something.
    error: Callable[[float], float]
    value: Callable[[float], float]  # that has such an error


# Functions with a name, for samplers and pruners that have them are pickled.
def _left_of_accuracy(accuracy: float) -> float:
    return 1.0 - accuracy


def _left_of_loss(loss: float) -> float:
    return loss


def _left_of_perplexity(perplexity: float) -> float:
    return math.log(max(perplexity, 1.0))


_ACCURACY = _Kind(False, _left_of_accuracy, _left_of_accuracy)
_LOSS = _Kind(True, _left_of_loss, _left_of_loss)
_PERPLEXITY = _Kind(True, _left_of_perplexity, math.exp)
_KINDS: Mapping[str, _Kind] = {
    **dict.fromkeys(("accuracy", "acc"), _ACCURACY),
    **dict.fromkeys(("loss", "error", "nll", "mse", "rmse", "mae"), _LOSS),
    **dict.fromkeys(("perplexity", "ppl"), _PERPLEXITY),
}


def _kind(metric: str) -> _Kind | None:
    """Return the kind of a metric: an ``eval_loss`` is a loss; None if its name does not tell."""
    return _KINDS.get(metric.lower().rpartition("_")[2])


class _Known(NamedTuple):
    """A metric that the records of an epoch have, raw and of the averaged weights."""

    of: Callable[[EpochRecord], float | None]
    of_average: Callable[[EpochRecord], float | None]
    of_collapse: Callable[[TrainingCollapsed], float]


def _perplexity(loss: float | None) -> float | None:
    if loss is None:
        return None
    return math.exp(loss) if loss < 700 else math.inf


METRICS: Mapping[str, _Known] = {
    "test_accuracy": _Known(
        lambda record: record.test_accuracy,
        lambda record: record.averaged_accuracy,
        lambda collapse: collapse.accuracy,
    ),
    "test_loss": _Known(
        lambda record: record.test_loss,
        lambda record: record.averaged_loss,
        lambda collapse: collapse.loss,
    ),
    "test_perplexity": _Known(
        lambda record: _perplexity(record.test_loss),
        lambda record: _perplexity(record.averaged_loss),
        lambda collapse: _perplexity(collapse.loss) or math.inf,
    ),
}


def _telling(metric: str) -> str:
    """Return the metric that was meant, or what a name tells by: a task may report any metric."""
    meant = did_you_mean(metric, METRICS)
    if meant.startswith("known"):
        return f"a name tells by its last word: {', '.join(_KINDS)}"
    return f"of the metrics that have one, {meant}"


class Objective(Section):
    """``[objective]``: what makes a schedule better than another, and on which examples.

    ``metric`` is ``test_accuracy``, ``test_loss``, ``test_perplexity`` (the exponential of the
    loss), or the name of what a task of one's own measures. That needs a ``direction``, unless its
    last word is one of accuracy, acc; loss, error, nll, mse, rmse, mae; perplexity, ppl.

    With ``evaluate_on = "holdout"`` the last ``holdout_size`` examples of the training set are not
    trained on but judge, and the search never looks at the test set.
    """

    metric: str = Field(default="test_accuracy", pattern=r"^[A-Za-z][A-Za-z0-9_]*$")
    """``test_accuracy``, ``test_loss``, ``test_perplexity``, or what your own task yields."""
    direction: Literal["maximize", "minimize"] | None = Field(default=None, validate_default=True)
    """Which values are better; needed for a metric of your own whose name does not tell."""
    evaluate_on: Literal["test", "holdout"] = "test"
    """Which examples judge, the test set or training examples that are held out."""
    holdout_size: int = Field(default=10_000, ge=1)
    """How many training examples are held out, the last ones."""
    # Whatever its metric is called, a function measures it on examples that it alone knows.
    _of_function: bool = PrivateAttr(default=False)

    @model_validator(mode="after")
    def _a_holdout(self) -> Objective:
        if self.evaluate_on == "test" and "holdout_size" in self.model_fields_set:
            raise ValueError(
                "holdout_size goes with evaluate_on = 'holdout', but got evaluate_on = 'test';"
                " write the one or remove the other"
            )
        return self

    @field_validator("direction")
    @classmethod
    def _a_direction(cls, direction: str | None, info: ValidationInfo) -> str | None:
        metric = info.data.get("metric")
        if metric is None:  # which is a mistake of its own
            return direction
        kind = _kind(metric)
        if kind is None and direction is None:
            raise ValueError(
                "must be 'maximize' or 'minimize', for the name of the metric does not tell, but"
                f" is missing for {metric!r}; {_telling(metric)}"
            )
        right = "minimize" if kind and kind.minimized else "maximize"
        if metric in METRICS and direction not in (None, right):
            raise ValueError(f"must be {right!r} for {metric!r}, but got {direction!r}")
        return direction

    @property
    def minimized(self) -> bool:
        """Whether the smaller one of two values is the better one."""
        if self.direction is not None:
            return self.direction == "minimize"
        kind = _kind(self.metric)
        return kind is not None and kind.minimized

    @property
    def error(self) -> Callable[[float], float] | None:
        """What is left to improve of a value, a positive number; None if nobody knows."""
        kind = _kind(self.metric)
        return kind.error if kind and kind.minimized == self.minimized else None

    @property
    def value_of_error(self) -> Callable[[float], float] | None:
        """What has such an error, the other way round; None if nobody knows."""
        kind = _kind(self.metric)
        return kind.value if kind and kind.minimized == self.minimized else None

    @property
    def optuna_direction(self) -> Literal["maximize", "minimize"]:
        """Optuna's word for the direction."""
        return "minimize" if self.minimized else "maximize"

    @property
    def held_out(self) -> int:
        """How many training examples judge instead of the test set; 0 if it does."""
        return self.holdout_size if self.evaluate_on == "holdout" else 0

    @property
    def noun(self) -> str:
        """The metric in words, without the examples, such as ``"accuracy"``."""
        return self.metric.removeprefix("test_").replace("_", " ")

    @property
    def judged_by(self) -> str:
        """The name of what decides, ``"test accuracy"`` or ``"holdout accuracy"``."""
        return f"{self.evaluate_on} {self.noun}" if self.metric in METRICS else self.noun

    @property
    def judged_on(self) -> Literal["test", "holdout"] | None:
        """On which examples is judged; None where only the task knows, which measures its own."""
        return None if self._of_function or self.metric not in METRICS else self.evaluate_on

    @property
    def examples(self) -> str:
        """The same in words; ``""`` where only the task knows."""
        words = {"test": "the test set", "holdout": "held-out training examples", None: ""}
        return words[self.judged_on]

    @property
    def is_accuracy(self) -> bool:
        """Whether it is compared with the accuracy on the training set."""
        return self.noun.endswith("accuracy")

    @property
    def digits(self) -> str:
        """The format of its values."""
        return digits(self.noun)

    def value(self, record: EpochRecord) -> float | None:
        """Return what a training is worth after an epoch; None if the task does not measure it.

        What a task of one's own yields as its only number is the metric, whatever its name.
        """
        if record.value is not None or self.metric not in METRICS:
            return countable(record.value)
        return countable(METRICS[self.metric].of(record))

    def averaged_value(self, record: EpochRecord) -> float | None:
        """Return the same with the averaged weights; None if the task keeps none."""
        if record.value is not None or self.metric not in METRICS:
            return countable(record.averaged_value)
        return countable(METRICS[self.metric].of_average(record))

    def unmeasured(self, record: EpochRecord) -> str:
        """Return what is wrong with a task that gave a record without the metric."""
        found = [name for name, known in METRICS.items() if known.of(record) is not None]
        return (
            f"The task must measure the objective's metric, {self.metric!r}, but gave none after"
            f" an epoch. Name one that it measures in [objective]: {', '.join(found) or 'none'}."
        )

    def collapsed_value(self, collapse: TrainingCollapsed) -> float:
        """Return what a training that collapsed is worth: chance, or the worst if unknown."""
        if self.metric in METRICS:
            return countable(METRICS[self.metric].of_collapse(collapse)) or 0.0
        return math.inf if self.minimized else -math.inf

    def identity(self) -> dict[str, str]:
        """Return as plain data what decides trials; how many are held out is the task's to say."""
        own = {} if self.metric in METRICS else {"direction": self.optuna_direction}
        return {"metric": self.metric, "evaluate_on": self.evaluate_on, **own}

    def for_test_set(self) -> Objective:
        """Return the same objective on the test set."""
        found = Objective(metric=self.metric, direction=self.direction)
        found._of_function = self._of_function
        return found

    def of_function(self) -> Objective:
        """Return the same objective of a function, which measures on examples of its own."""
        found = self.model_copy()
        found._of_function = True
        return found


# What is judged unless a study says otherwise.
ACCURACY = Objective()
