"""What a schedule is handed to: one file per framework, which is imported only when called.

Each counts from its framework's own first update, where the schedule's is 1:

- MXNet: ``num_update`` of the first is 1. The schedule itself, or :mod:`tuner.adapters.mxnet`.
- PyTorch: ``last_epoch`` of the first is 0. :mod:`tuner.adapters.torch`, and there Lightning and
  Hugging Face's Trainer.
- Optax: ``count`` of the first is 0. :mod:`tuner.adapters.optax`.
- Keras: ``iterations`` of the first is 0. :mod:`tuner.adapters.keras`.

Scripts that nobody changes are driven by ``torch_script`` and ``keras_script`` here, which are
brought in by what is in ``startup``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tuner.adapters.groups import ratios_of_groups, set_rate
from tuner.adapters.mxnet_import import import_mxnet
from tuner.errors import ScheduleError, TaskError
from tuner.schedules import Schedule, Schedules

__all__ = [
    "ScheduleWarning", "import_mxnet", "importing", "ratios_of_groups", "refuse_several",
    "set_rate",
]  # fmt: skip


class ScheduleWarning(UserWarning):
    """A training does not use its schedule as it is laid out. No error, for it may be meant."""


@contextmanager
def importing(framework: str, package: str) -> Iterator[None]:
    """Say what to install if a framework does not import.

    Raises:
        TaskError: If it does not.
    """
    try:
        yield
    except ImportError as error:
        raise TaskError(
            f"{framework} must be importable to hand it a schedule, but: {error}."
            f" Type `pip install {package}`."
        ) from error


def refuse_several(schedule: Schedule, who: str, instead: str) -> None:
    """Make sure that a schedule has a learning rate alone, where nothing else can be driven.

    Args:
        schedule: The schedule.
        who: What drives nothing else.
        instead: What to do.

    Raises:
        ScheduleError: If it has more.
    """
    if isinstance(schedule, Schedules):
        raise ScheduleError(
            f"{who} follows a learning rate alone, but the schedule has"
            f" {' and '.join(schedule.others)} as well. {instead}"
            " `schedule.lr` is the learning rate by itself."
        )
