"""How good a PyTorch network is: by the loss of its test data, or as its user judges it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch

from tuner.errors import TaskError
from tuner.tasks.base import DEAD, LARGEST, Evaluation
from tuner.tasks.torch_forward import Evaluate, Forward
from tuner.tasks.yielded import number_of

# What a mapping of `evaluate` may name, with its place in an evaluation.
_NAMES = {"test_accuracy": "accuracy", "test_loss": "loss"}
_HOW = (
    "Return a number, which is the study's metric whatever its name, or a mapping with test_loss,"
    " test_accuracy or both."
)


def judge(
    net: Any, batches: Iterable[Any], forward: Forward, *, may_die: bool = False
) -> Evaluation:
    """Return accuracy and loss of a network on batches of examples, each example counting once.

    Args:
        net: The network, which is left in the mode for training.
        batches: The batches.
        forward: Gives what the network gives for one.
        may_die: Whether it counts as dead if it gives one answer, of (n, classes), to everything.
    """
    net.eval()
    loss, right, examples, labelled = 0.0, 0, 0, 0
    answers = []
    with torch.no_grad():
        for batch in batches:
            given = forward(net, batch)
            loss += float(given.loss) * given.examples
            examples += given.examples
            right, labelled = right + given.right, labelled + given.labelled
            if may_die:
                answers.append(given.outputs.cpu().numpy())
    net.train()
    is_dead = may_die and examples > 1 and np.concatenate(answers).std(0).max() < DEAD
    return Evaluation(right / labelled if labelled else None, loss / examples, bool(is_dead))


def judge_by(evaluate: Evaluate, net: Any, data: Iterable[Any]) -> Evaluation:
    """Return what a function of one's own says of a network.

    Args:
        evaluate: The function, of network and data.
        net: The network, which is left in the mode for training.
        data: The batches, which it may go over more than once.

    Raises:
        TaskError: If the function returns neither a number nor a mapping of known names.
    """
    net.eval()
    with torch.no_grad():
        found = evaluate(net, data)
    net.train()
    if not isinstance(found, Mapping):
        return Evaluation(None, None, is_dead=False, value=_number("", found))
    unknown = [name for name in found if name not in _NAMES]
    if unknown or not found:
        got = f"a mapping with {unknown[0]!r}" if unknown else "an empty mapping"
        raise TaskError(f"`evaluate` must return what a task may measure, but gave {got}. {_HOW}")
    numbers = {_NAMES[name]: _number(f" as {name}", given) for name, given in found.items()}
    return Evaluation(numbers.get("accuracy"), numbers.get("loss"), is_dead=False)


def hopeless(test: Evaluation, epoch: int, *, own: bool) -> str:
    """Return why a training whose network is judged so cannot recover; empty if it may.

    Args:
        test: How the network does.
        epoch: The epoch that ended.
        own: Whether a function of one's own judged. Of a loss here infinity is no reason yet.
    """
    if test.is_dead:
        return f"collapsed in epoch {epoch}: the network gives one answer to everything"
    for number in (test.value, test.accuracy, test.loss) if own else ():
        if number is not None and not abs(number) <= LARGEST:
            return f"diverged in epoch {epoch}: `evaluate` gave {number}"
    return ""


def _number(where: str, given: Any) -> float:
    try:
        if isinstance(given, (str, bytes)):  # of which float() would make numbers
            raise TypeError
        return number_of(given)
    except (TypeError, ValueError):
        got = "None" if given is None else f"a {type(given).__name__}"
        raise TaskError(
            f"`evaluate` must return a number{where}, but gave {got}. {_HOW}"
        ) from None
