"""The task over a Gluon network of one's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tuner.adapters import import_mxnet
from tuner.errors import TaskError
from tuner.schedules import Schedule
from tuner.tasks.base import Epoch, State
from tuner.tasks.digests import in_words
from tuner.tasks.generators import seed_own
from tuner.tasks.own_network import OwnNetwork

_RATES = ("learning_rate", "lr_scheduler", "begin_num_update")


class GluonTask(OwnNetwork):
    """A Gluon network of one's own, trained by the loop that trains the chapter's LeNet.

    So it has its checkpoints, its averaged weights and its pruning, and everything random follows
    from seed and epoch: MXNet's, NumPy's and Python's generators are seeded anew for each.

    Data are a pair of arrays (inputs, labels), fed from memory; a Gluon dataset of such pairs; or
    a Gluon ``DataLoader``, in whose worker processes nothing may be random.

    Args:
        net: Makes the network, anew for every training. Weights that it brings along are kept.
        train_data: What to train on.
        test_data: What to be judged on.
        loss: A Gluon loss: one number for each example. Softmax cross-entropy by default.
        optimizer: MXNet's name of the optimizer.
        optimizer_params: Its parameters, without a learning rate, which is the schedule's.
        batch_size: Examples in an update; left out if ``train_data`` is a loader.
        initializer: Of the new weights, Xavier by default.
        device: ``"cpu"``, ``"gpu"``, ``"gpu:1"`` or ``"auto"``.
        hybridize: Whether the network can be, into one static graph.

    The accuracy is measured where the network gives a score for each class along its last axis:
    outputs (n, classes), labels (n,). Elsewhere judge by the ``test_loss``.

    Raises:
        TaskError: If the arguments make no task.

    Example:
        >>> import numpy as np
        >>> from tuner import Cosine, import_mxnet
        >>> nn = import_mxnet().gluon.nn
        >>> inputs = np.random.default_rng(0).normal(size=(96, 5)).astype("float32")
        >>> data = inputs, (inputs.sum(axis=1) > 0)
        >>> data = {"train_data": data, "test_data": data}
        >>> task = GluonTask(net=lambda: nn.Dense(2), batch_size=16, **data)
        >>> schedule = Cosine(base_lr=0.5, horizon=2 * task.updates_per_epoch)
        >>> [epoch.record.epoch for epoch in task.train(schedule, seed=0, epochs=2)]
        [1, 2]
    """

    def __init__(
        self,
        *,
        net: Callable[[], Any],
        train_data: Any,
        test_data: Any,
        loss: Any = None,
        optimizer: str = "sgd",
        optimizer_params: Mapping[str, Any] | None = None,
        batch_size: int | None = None,
        initializer: Any = None,
        device: str = "auto",
        hybridize: bool = True,
    ) -> None:
        super().__init__(
            net=net, train_data=train_data, test_data=test_data, batch_size=batch_size
        )
        self.loss, self.initializer = loss, initializer
        self.optimizer, self.optimizer_params = optimizer, dict(optimizer_params or {})
        self.device, self.hybridize = device, hybridize
        for name in _RATES:
            if name in self.optimizer_params:
                raise TaskError(
                    f"`optimizer_params` must have no {name!r}, which is the schedule's, but got"
                    f" {self.optimizer_params}."
                )

    def check(self) -> None:
        """Make sure that MXNet, optimizer and device are there.

        Raises:
            TaskError: If one is not, with what to do about it.
        """
        from tuner.tasks import gluon

        gluon.check_optimizer(self.optimizer, self.optimizer_params)
        gluon.device(self.device)

    def check_driven(self, schedule: Schedule) -> None:
        """Make sure that the optimizer has what a schedule drives beside the learning rate.

        Raises:
            ScheduleError: If it has not.
        """
        from tuner.tasks import gluon

        gluon.check_driven(self.optimizer, self.optimizer_params, schedule)

    def train(
        self, schedule: Schedule, *, seed: int, epochs: int, start: State | None = None
    ) -> Iterator[Epoch]:
        """Train a new network under a schedule; see :func:`tuner.tasks.gluon.train`.

        Args:
            schedule: The learning rate of every update.
            seed: Decides weights, order and every other random number.
            epochs: The last epoch to train.
            start: The state after an epoch of the same training, to go on from.

        Yields:
            Each epoch as it ends.

        Raises:
            TrainingCollapsed: Within the epoch in which the training became hopeless.
        """
        from tuner.tasks import gluon, gluon_data

        on = gluon.device(self.device)
        data = self._once(
            "device", lambda: gluon_data.OwnData(self.train_data, self.test_data, on)
        )
        gluon_data.seed_all(seed, 0)
        seed_own(seed, 0, self.net)
        yield from gluon.train(
            self.net(),
            data,
            schedule,
            optimizer=self.optimizer,
            optimizer_params=self.optimizer_params,
            batch_size=self.batch_size,
            seed=seed,
            epochs=epochs,
            start=start,
            loss=self.loss,
            initializer=self.initializer,
            keep_weights=True,
            hybridize=self.hybridize,
        )

    def identity(self) -> dict[str, Any]:
        """Return sizes and optimizer; what else decides a result is among the study's options."""
        params = {name: _plain(value) for name, value in self.optimizer_params.items()}
        return {**super().identity(), "optimizer": self.optimizer, "optimizer_params": params}

    def versions(self) -> dict[str, str]:
        """Return the versions of MXNet, of NumPy and of the network's code."""
        return {**super().versions(), "mxnet": str(import_mxnet().__version__)}

    def training_identity(self) -> dict[str, Any] | None:
        """Return what decides a training's bits; None if it cannot go on from a state."""
        from tuner.tasks import gluon_state

        if self.optimizer in gluon_state.NOT_RESUMABLE:
            return None
        return super().training_identity()

    def _in_words(self) -> dict[str, Any]:
        from tuner.tasks import gluon

        return {
            "loop": gluon.TRAINING_VERSION,
            "net": repr(self.net()),
            "loss": in_words(self.loss),
            "initializer": self.initializer.dumps() if self.initializer else "",
        }


def _plain(value: Any) -> Any:
    return value if isinstance(value, (bool, int, float, str)) else type(value).__name__
