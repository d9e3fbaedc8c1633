"""A schedule in other hands: each framework's own object, a table, a picture, a program."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from tuner.errors import ScheduleError
from tuner.schedules.picture import svg

if TYPE_CHECKING:
    from tuner.schedules.base import Schedule

# 80 MB of numbers. Whoever trains for longer asks the schedule itself.
LONGEST_TABLE = 10_000_000


class HandedOver:
    """The methods of a schedule that hand it to a framework or write it as text.

    A framework is imported only when its method is called.
    """

    horizon: int
    __call__: Callable[..., Any]

    @property
    def _schedule(self) -> Schedule:
        """The object itself: Schedule alone has these methods, and its module imports this one."""
        return cast("Schedule", self)

    def to_mxnet(self, trainer: Any = None) -> Any:
        """Return MXNet's own scheduler object for this schedule, or have a trainer follow it.

        See :func:`tuner.adapters.mxnet.to_mxnet`. Where MXNet has no such family the schedule
        itself is returned, which a ``gluon.Trainer`` accepts as ``lr_scheduler``.

        Args:
            trainer: A ``gluon.Trainer`` or an optimizer, which gets what :class:`tuner.Schedules`
                have beside the learning rate: :func:`tuner.adapters.mxnet.drive`.

        Raises:
            ScheduleError: If there is no trainer for several quantities, or it has not all.
        """
        from tuner.adapters.mxnet import drive, to_mxnet

        if trainer is not None:
            return drive(trainer, self._schedule)
        self._schedule._leaves()
        return to_mxnet(self._schedule)

    def to_torch(
        self, optimizer: Any, *, last_epoch: int = -1, replaces: Schedule | None = None
    ) -> Any:
        """Return a ``torch.optim.lr_scheduler.LRScheduler`` that gives an optimizer this schedule.

        Call its ``step()`` after every update, not after every epoch. Parameter groups keep their
        ratios: all follow the schedule if all have the same learning rate; otherwise those that
        have the one with which the optimizer was made, or else the largest. See
        :class:`tuner.adapters.torch.ScheduleLR`, and :mod:`tuner.adapters.groups` for the ratios.
        Of :class:`tuner.Schedules` it gives all: :mod:`tuner.adapters.quantities`.

        Args:
            optimizer: A PyTorch optimizer with a learning rate above 0.
            last_epoch: To go on without a saved scheduler: the updates made, less one.
            replaces: The schedule of the training so far, to go on from its saved state.

        Raises:
            ScheduleError: If it is not clear which group follows the schedule, or the optimizer
                has not what it drives.
        """
        from tuner.adapters import importing

        with importing("PyTorch", "torch"):
            from tuner.adapters.torch import ScheduleLR

        return ScheduleLR(optimizer, self._schedule, last_epoch=last_epoch, replaces=replaces)

    def to_optax(self, make: Any = None, *, labels: Any = None, **options: Any) -> Any:
        """Return a function of Optax's count, for ``optax.sgd(learning_rate=...)`` and others.

        See :class:`tuner.adapters.optax.CountedSchedule`.

        Args:
            make: What makes an optimizer, ``optax.sgd``: then that is returned, with all that
                :class:`tuner.Schedules` have, see :func:`tuner.adapters.optax.driven`.
            labels: The group of each parameter, as for ``optax.multi_transform``.
            options: The optimizer's other arguments.

        Raises:
            ScheduleError: If the optimizer has not what the schedule drives.
        """
        from tuner.adapters import importing

        with importing("JAX", "jax"):
            from tuner.adapters.optax import CountedSchedule, driven

        if make is not None:
            return driven(self._schedule, make, labels, options)
        return CountedSchedule(self._schedule)

    def to_keras(self) -> Any:
        """Return a ``keras.optimizers.schedules.LearningRateSchedule`` with this schedule.

        See :class:`tuner.adapters.keras.KerasSchedule`.
        """
        from tuner.adapters import importing

        with importing("Keras with a backend (KERAS_BACKEND=jax, torch or tensorflow)", "keras"):
            from tuner.adapters.keras import KerasSchedule

        return KerasSchedule(self._schedule)

    def plot(self, ax: Any = None, *, updates_per_epoch: int | None = None) -> Any:
        """Draw the learning rates with matplotlib and return the axes.

        See :func:`tuner.adapters.matplotlib.plot`.
        """
        from tuner.adapters.matplotlib import plot

        return plot(self._schedule, ax, updates_per_epoch=updates_per_epoch)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        picture = svg(self._schedule)
        return f"<div><code>{html.escape(repr(self))}</code><br>{picture}</div>"

    def to_csv(self) -> str:
        """Return the learning rate of every update of the horizon as CSV text.

        Of :class:`tuner.Schedules` it has a column for each curve.

        Example:
            >>> from tuner.schedules import Linear
            >>> print(Linear(base_lr=0.5, horizon=2).to_csv())
            update,learning_rate
            1,0.25
            2,0.0
            <BLANKLINE>
        """
        columns = self._columns()
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["update", *columns])
        writer.writerows(zip(range(1, self.horizon + 1), *columns.values(), strict=True))
        return text.getvalue()

    def _columns(self) -> dict[str, list[float]]:
        """Return what a table of it has for each update of the horizon, by its head."""
        return {"learning_rate": self.learning_rates()}

    def to_python(self) -> str:
        """Return a Python module as text whose ``learning_rate(update)`` is this schedule.

        It imports the standard library alone. See :func:`tuner.schedules.source.python_source`.
        """
        from tuner.schedules.source import python_source

        return python_source(self._schedule)

    def learning_rates(self) -> list[float]:
        """Return the learning rates of updates 1 to the horizon; past it the last one holds.

        Raises:
            ScheduleError: If there are too many for a table.

        Example:
            >>> from tuner.schedules import Linear
            >>> Linear(base_lr=0.5, horizon=2).learning_rates()
            [0.25, 0.0]
        """
        if self.horizon > LONGEST_TABLE:
            raise ScheduleError(
                f"`horizon <= {LONGEST_TABLE}` must hold for a table of all learning rates, but"
                f" got (horizon={self.horizon}). Ask the schedule itself: schedule(update)."
            )
        rates: list[float] = self(range(1, self.horizon + 1))
        return rates
