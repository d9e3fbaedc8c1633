"""The task over a PyTorch network of one's own."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from importlib import metadata
from typing import Any

from tuner.adapters import ratios_of_groups
from tuner.errors import TaskError
from tuner.schedules import Schedule
from tuner.tasks.base import Epoch, State
from tuner.tasks.digests import in_words
from tuner.tasks.generators import seed_own
from tuner.tasks.own_network import OwnNetwork


class TorchTask(OwnNetwork):
    """A PyTorch network of one's own, with checkpoints, averaged weights and pruning.

    Everything random follows from seed and epoch: PyTorch's, NumPy's and Python's generators are
    seeded anew for each, and so are those that loaders, samplers, datasets, loss and network hold
    of their own. So a training in pieces gives the bits of one in one go, on the same
    machine, where PyTorch itself does: on a processor, and on a GPU if its deterministic
    algorithms are switched on. What changes in training must be in the network's or the
    optimizer's ``state_dict``.

    Data are a pair of arrays or tensors (inputs, labels), fed from memory; a dataset of such pairs
    with a length; or a ``DataLoader``.

    Args:
        net: Makes the network, anew for every training.
        train_data: What to train on.
        test_data: What to be judged on.
        loss: Gives the mean loss of a batch from outputs and labels. Cross-entropy by default.
        optimizer: Makes an optimizer of the parameters. ``torch.optim.SGD`` by default;
            ``functools.partial`` sets its other options. Parameter groups keep their ratios to the
            schedule, as they do in ``schedule.to_torch``: see :mod:`tuner.adapters.groups`.
        batch_size: Examples in an update; left out if ``train_data`` is a loader.
        device: PyTorch's name of a device, or ``"auto"``, a GPU if there is any.
        threads: Of the processor, for each worker.

    The accuracy is measured where the network gives a score for each class along its second axis,
    (n, classes), and the labels are whole numbers (n,). Elsewhere judge by the ``test_loss``.

    Raises:
        TaskError: If the arguments make no task.
    """

    def __init__(
        self,
        *,
        net: Callable[[], Any],
        train_data: Any,
        test_data: Any,
        loss: Callable[[Any, Any], Any] | None = None,
        optimizer: Callable[[Any], Any] | None = None,
        batch_size: int | None = None,
        device: str = "auto",
        threads: int = 1,
    ) -> None:
        super().__init__(
            net=net, train_data=train_data, test_data=test_data, batch_size=batch_size
        )
        if threads < 1:
            raise TaskError(f"`threads` must be 1 or more, but got {threads}.")
        self.loss, self.optimizer = loss, optimizer
        self.device, self.threads = device, threads

    def check(self) -> None:
        """Make sure that PyTorch, optimizer and device are there.

        Raises:
            TaskError: If one is not, with what to do about it.
        """
        require_torch("A TorchTask")
        from tuner.tasks import torch_loop

        torch_loop.device(self.device)
        try:
            ratios_of_groups(self._make_optimizer(self.net().parameters()))
        except (TypeError, ValueError) as error:
            raise TaskError(
                f"`optimizer` must make an optimizer of the network's parameters, but: {error}"
            ) from error

    def train(
        self, schedule: Schedule, *, seed: int, epochs: int, start: State | None = None
    ) -> Iterator[Epoch]:
        """Train a new network under a schedule; see :func:`tuner.tasks.torch_loop.train`.

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
        from torch.nn.functional import cross_entropy

        from tuner.tasks import torch_data, torch_loop

        on = torch_loop.device(self.device)
        train_data, test_data = self._once(
            "device",
            lambda: [torch_data.Batches(each, on) for each in (self.train_data, self.test_data)],
        )
        torch_data.seed_all(seed, 0)
        seed_own(seed, 0, self.net)
        yield from torch_loop.train(
            self.net().to(on),
            train_data,
            test_data,
            schedule,
            loss_of=self.loss or cross_entropy,
            make_optimizer=self._make_optimizer,
            batch_size=self.batch_size,
            updates_per_epoch=self.updates_per_epoch,
            seed=seed,
            epochs=epochs,
            start=start,
            threads=self.threads,
        )

    def versions(self) -> dict[str, str]:
        """Return the versions of PyTorch, of NumPy and of the network's code."""
        return {**super().versions(), "torch": metadata.version("torch")}

    def _make_optimizer(self, parameters: Any) -> Any:
        from torch.optim import SGD

        return (self.optimizer or SGD)(parameters)

    def _in_words(self) -> dict[str, Any]:
        from tuner.tasks import torch_loop

        net = self.net()
        return {
            "loop": torch_loop.TRAINING_VERSION,
            "threads": self.threads,
            "net": repr(net),
            "loss": in_words(self.loss),
            "optimizer": repr(self._make_optimizer(net.parameters())),
        }


def require_torch(who: str) -> None:
    """Make sure that PyTorch is installed, without importing it.

    Args:
        who: What needs it.

    Raises:
        TaskError: If it is not, with what to type.
    """
    if importlib.util.find_spec("torch") is None:
        raise TaskError(
            f"{who} must have PyTorch, which is not installed. Type"
            " `pip install 'schedule-tuner[torch]'`, or in a clone `pip install '.[torch]'`."
        )
