"""How a PyTorch training makes its updates, and which arguments make none."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from tuner.errors import TaskError

PRECISIONS = ("bfloat16", "float16")


class UpdateOptions(NamedTuple):
    """What makes an update of the gradients of batches.

    ``accumulate`` is how many batches make one, the last ones of an epoch fewer if there are no
    more; their gradients are averaged. ``clip_norm`` bounds the norm of all gradients together,
    None if nothing does. ``amp`` is the precision that PyTorch computes in where that is safe,
    None for that of the weights.
    """

    accumulate: int = 1
    clip_norm: float | None = None
    amp: str | None = None

    def check(self) -> None:
        """Make sure that each can be.

        Raises:
            TaskError: If one cannot.
        """
        if type(self.accumulate) is not int or self.accumulate < 1:
            raise TaskError(
                "`accumulate` must be how many batches make an update, a whole number of 1 or"
                f" more, but got {self.accumulate!r}."
            )
        norm = self.clip_norm
        if norm is not None and not _is_above_0(norm):
            raise TaskError(
                "`clip_norm` must be a number above 0, the largest norm of the gradients, but got"
                f" {norm!r}. Leave it out to clip nothing."
            )
        if self.amp is not None and self.amp not in PRECISIONS:
            raise TaskError(
                f"`amp` must be 'bfloat16' or 'float16', but got {self.amp!r}. Leave it out to"
                " compute in the precision of the weights."
            )

    def identity(self) -> dict[str, Any]:
        """Return as plain data those that are not as they are by themselves."""
        usual = UpdateOptions()
        return {
            name: value for name, value in self._asdict().items() if value != getattr(usual, name)
        }


def check_functions(
    loss: Callable[[Any, Any], Any] | None,
    step: Callable[[Any, Any], Any] | None,
    evaluate: Callable[[Any, Any], Any] | None,
    optimizer_takes: str,
) -> None:
    """Make sure that a task's functions go together.

    Raises:
        TaskError: If they do not.
    """
    if loss is not None and step is not None:
        raise TaskError(
            "Either `loss` or `step` must be left out, for `step` computes the loss of a batch"
            " itself, but got both."
        )
    for name, given in (("step", step), ("evaluate", evaluate)):
        if given is not None and not callable(given):
            what = "batch" if name == "step" else "data"
            raise TaskError(
                f"`{name}` must be a function of network and {what}, but got {given!r}."
            )
    if optimizer_takes not in ("parameters", "net"):
        raise TaskError(
            f"`optimizer_takes` must be 'parameters' or 'net', but got {optimizer_takes!r}."
        )


def _is_above_0(number: Any) -> bool:
    is_number = isinstance(number, (int, float)) and not isinstance(number, bool)
    return is_number and 0 < number < math.inf
