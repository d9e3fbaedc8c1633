"""What a network gives for one batch: by a loss of outputs and labels, or as its user computes it.

Both give a :class:`Given`, and the loop knows no other difference.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch

from tuner.errors import TaskError
from tuner.tasks.examples import count, pair


class Given(NamedTuple):
    """What a network gives for a batch.

    ``loss`` is the mean, a tensor of one number. Of ``labelled`` labels, ``right`` have the
    largest score; both are 0 if there are no scores of classes. ``outputs`` is None where they are
    not known.
    """

    loss: Any
    examples: int
    right: int = 0
    labelled: int = 0
    outputs: Any = None


Forward = Callable[[Any, Any], Given]
Evaluate = Callable[[Any, Any], Any]


def by_loss(loss_of: Callable[[Any, Any], Any]) -> Forward:
    """Return what takes batches that are pairs, and a loss of outputs and labels."""

    def forward(net: Any, batch: Any) -> Given:
        inputs, labels = pair(batch, " Of another batch `step` computes the loss.")
        outputs = net(inputs)
        loss = _one_number(loss_of(outputs, labels), "loss")
        right = hits(outputs, labels)
        if right is None:
            return Given(loss, len(inputs), outputs=outputs)
        return Given(loss, len(inputs), right, labels.numel(), outputs)

    return forward


def by_step(step: Callable[[Any, Any], Any]) -> Forward:
    """Return what takes any batch, and the function that computes its loss."""

    def forward(net: Any, batch: Any) -> Given:
        return Given(_one_number(step(net, batch), "step"), count(batch) or 1)

    return forward


def computed(
    loss: Callable[[Any, Any], Any] | None,
    step: Callable[[Any, Any], Any] | None,
    evaluate: Evaluate | None,
    *,
    amp: str | None,
    on: str,
) -> tuple[Forward, Evaluate | None]:
    """Return what computes the loss of a batch, and what judges, both in one precision.

    Args:
        loss: The loss of outputs and labels; cross-entropy by default.
        step: The loss of a batch, in place of it.
        evaluate: What judges, if anything does beside the loss.
        amp: Where PyTorch holds it to be safe, the precision, such as ``"bfloat16"``.
        on: PyTorch's type of the device.
    """
    forward = by_step(step) if step else by_loss(loss or torch.nn.functional.cross_entropy)
    if amp is None:
        return forward, evaluate

    def forward_in_precision(net: Any, batch: Any) -> Given:
        with torch.autocast(on, getattr(torch, amp)):
            given = forward(net, batch)
        return given._replace(loss=given.loss.float())

    def evaluate_in_precision(net: Any, data: Any) -> Any:
        with torch.autocast(on, getattr(torch, amp)):
            return evaluate and evaluate(net, data)

    return forward_in_precision, evaluate_in_precision if evaluate else None


def mean_loss(given: Sequence[Given]) -> float:
    """Return the mean loss of what was given for batches, each example counting once."""
    losses = torch.stack([each.loss * each.examples for each in given])
    return float(losses.double().sum()) / sum(each.examples for each in given)


def share_right(given: Sequence[Given]) -> float | None:
    """Return how many of the labels had the largest score; None if there are no such labels."""
    labelled = sum(each.labelled for each in given)
    return sum(each.right for each in given) / labelled if labelled else None


def hits(outputs: Any, labels: Any) -> int | None:
    """Return how many labels have the largest score; None if the outputs are no such scores.

    The scores of classes are along the second axis, as PyTorch's own cross-entropy has them.
    """
    if outputs.ndim != labels.ndim + 1 or outputs.shape[1] < 2 or labels.is_floating_point():
        return None
    return int((outputs.argmax(dim=1) == labels).sum())


def _one_number(loss: Any, name: str) -> Any:
    """Return a loss as a tensor without axes.

    Raises:
        TaskError: If it is no tensor of one number, or nothing in training follows from it.
    """
    what = "outputs and labels" if name == "loss" else "network and batch"
    if not isinstance(loss, torch.Tensor):
        got = type(loss).__name__ if loss is not None else "None"
    elif loss.numel() != 1 or not loss.is_floating_point():
        got = f"a tensor of {loss.dtype} and of shape {tuple(loss.shape)}"
    elif torch.is_grad_enabled() and not loss.requires_grad:
        got = "a tensor that no gradient follows from, as after .detach() or .item()"
    else:
        return loss.reshape(()) if loss.ndim else loss
    raise TaskError(
        f"`{name}` must return the mean loss of {what}, a tensor of one number, but gave {got}."
    )
