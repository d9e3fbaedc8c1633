"""Whether what a PyTorch training is made of is there: device, precision, network, optimizer."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import torch

from tuner.adapters import ratios_of_groups
from tuner.errors import TaskError, said


def device(name: str) -> torch.device:
    """Return PyTorch's device; ``"auto"`` is a GPU if there is any.

    Raises:
        TaskError: If there is no such device.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:
        reason = (str(error).splitlines() or [""])[0]
        raise TaskError(
            f"device = {name!r} must exist, but PyTorch says: {reason} Write 'auto' or 'cpu'."
        ) from error
    return torch.device(name)


def check_precision(amp: str | None, on: torch.device) -> None:
    """Make sure that a device computes in a precision.

    Raises:
        TaskError: If it does not.
    """
    if amp is None:
        return
    if amp == "float16" and not hasattr(torch.amp, "GradScaler"):
        raise TaskError(
            "amp = 'float16' must have PyTorch 2.3 or later, for its gradient scaler, but got"
            f" {torch.__version__}. Write 'bfloat16'."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # PyTorch would go on in full precision
            torch.autocast(on.type, getattr(torch, amp))
            if amp == "float16":
                torch.amp.GradScaler(on.type)
    except (RuntimeError, Warning) as error:
        raise TaskError(
            f"amp = {amp!r} must be a precision that {str(on)!r} has, but PyTorch says:"
            f" {said(error)}"
        ) from error


def check_network(make: Callable[[], Any], make_optimizer: Callable[[Any], Any]) -> None:
    """Make sure that a network and its optimizer can be made.

    Raises:
        TaskError: If one cannot.
    """
    try:
        net = make()
    except TypeError as error:
        raise TaskError(
            f"`net` must make the network when called without arguments, but: {said(error)}."
            " functools.partial(Net, ...) gives it some."
        ) from error
    if not isinstance(net, torch.nn.Module):
        raise TaskError(f"`net` must make a torch.nn.Module, but made a {type(net).__name__}.")
    try:
        ratios_of_groups(make_optimizer(net))
    except AttributeError as error:
        raise TaskError(
            f"`optimizer` must make an optimizer of what it is given, but: {error}. It is given"
            " the network's parameters, and the network with optimizer_takes='net'."
        ) from error
    except (TypeError, ValueError) as error:
        raise TaskError(
            f"`optimizer` must make an optimizer of the network's parameters, but: {error}"
        ) from error


def groups_in_words(net: Any, optimizer: Any) -> dict[str, Any]:
    """Return which parameters are in which group of an optimizer, if it has several."""
    if len(optimizer.param_groups) == 1:
        return {}
    names = {id(parameter): name for name, parameter in net.named_parameters()}
    groups = [[names.get(id(p), "") for p in g["params"]] for g in optimizer.param_groups]
    return {"groups": groups}
