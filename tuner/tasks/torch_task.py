"""The task over a PyTorch network of one's own."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import metadata
from typing import Any, Literal

from tuner.errors import TaskError
from tuner.schedules import Schedule
from tuner.tasks.base import Epoch, State, unmeasured
from tuner.tasks.digests import code_version, in_words
from tuner.tasks.examples import count
from tuner.tasks.generators import seed_own
from tuner.tasks.options import BATCH_SIZE
from tuner.tasks.own_network import OwnNetwork
from tuner.tasks.torch_options import UpdateOptions, check_functions

# What is measured of a network whose labels nobody knows.
_OF_STEP = ("test_loss", "test_perplexity")


class TorchTask(OwnNetwork):
    """A PyTorch network of one's own, with checkpoints, averaged weights and pruning.

    Everything random follows from seed and epoch: PyTorch's, NumPy's and Python's generators are
    seeded anew for each, and so are those that loaders, samplers, datasets, functions, network and
    optimizer hold of their own. So a training in pieces gives the bits of one in one go, on the
    same machine, where PyTorch itself does: on a processor, and on a GPU if its deterministic
    algorithms are switched on. What changes in training must be in the network's or the
    optimizer's ``state_dict``.

    Data are a pair of arrays or tensors (inputs, labels), fed from memory; a dataset with a
    length; or a ``DataLoader`` with one. On a dataset, a network is judged in batches of 250.

    Args:
        net: Makes the network, anew for every training: a class or a function.
        train_data: What to train on.
        test_data: What to be judged on.
        loss: Gives the mean loss of a batch from outputs and labels, where a batch is a pair of
            inputs and labels. Cross-entropy by default.
        step: Gives the mean loss of any batch, ``step(net, batch)``, in place of ``loss``. What is
            in the batch is on the device: tensors, in mappings, lists and tuples too, and what has
            a method ``to``. No accuracy is measured, for nobody knows the labels.
        evaluate: Says how good the network is, ``evaluate(net, data)``, where ``data`` are the
            batches of ``test_data``: a number, which is the study's metric whatever its name; or a
            mapping with ``test_loss``, ``test_accuracy`` or both. It is called without gradients,
            twice an epoch: for the weights and for their average. Without it, the mean of ``loss``
            or ``step`` is the ``test_loss``.
        optimizer: Makes an optimizer of the parameters. ``torch.optim.SGD`` by default;
            ``functools.partial`` sets its other options. Parameter groups keep their ratios to the
            schedule, as they do in ``schedule.to_torch``: see :mod:`tuner.adapters.groups`.
        optimizer_takes: ``"net"`` if ``optimizer`` is to be given the network itself, to make
            groups of it, or to take its ``named_parameters()``.
        batch_size: Examples in a batch; left out if ``train_data`` is a loader.
        accumulate: Batches in an update, which has the mean of their gradients. The last ones of
            an epoch make an update even if they are fewer, as in Hugging Face's Trainer.
        clip_norm: The largest norm of an update's gradients, all of the optimizer's together;
            larger ones are scaled down.
        amp: ``"bfloat16"`` or ``"float16"``, the precision of ``torch.autocast`` around ``loss``,
            ``step`` and ``evaluate``. With float16 there is a ``GradScaler``, which is in the
            training's states. An update that it leaves out counts, and the schedule goes on.
        device: PyTorch's name of a device, or ``"auto"``, a GPU if there is any.
        threads: Of the processor, for each worker.

    The accuracy is measured where the network gives a score for each class along its second axis,
    (n, classes), and the labels are whole numbers (n,). Elsewhere judge by the ``test_loss``. In
    means each example counts once; the first tensor of a batch tells ``step`` how many it has.

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
        step: Callable[[Any, Any], Any] | None = None,
        evaluate: Callable[[Any, Any], Any] | None = None,
        optimizer: Callable[[Any], Any] | None = None,
        optimizer_takes: Literal["parameters", "net"] = "parameters",
        batch_size: int | None = None,
        accumulate: int = 1,
        clip_norm: float | None = None,
        amp: Literal["bfloat16", "float16"] | None = None,
        device: str = "auto",
        threads: int = 1,
    ) -> None:
        check_functions(loss, step, evaluate, optimizer_takes)
        if threads < 1:
            raise TaskError(f"`threads` must be 1 or more, but got {threads}.")
        self.options = UpdateOptions(accumulate, clip_norm, amp)
        self.options.check()
        self.loss, self.step, self.evaluate = loss, step, evaluate
        self.optimizer, self.optimizer_takes = optimizer, optimizer_takes
        self.device, self.threads = device, threads
        super().__init__(
            net=net, train_data=train_data, test_data=test_data, batch_size=batch_size
        )
        self._in_batch, self.batch_size = self.batch_size, self.batch_size * accumulate
        # Of the code that is running, so before a file is edited.
        own = {"step": step, "evaluate": evaluate}
        self._functions = {name: in_words(function) for name, function in own.items() if function}
        if self._functions:
            self._code = code_version((net, step, evaluate))

    def with_options(self, values: Mapping[str, Any]) -> TorchTask:
        """Return the same task with another ``batch_size``, of which as many make an update."""
        other = super().with_options(values)
        other._in_batch = other.batch_size
        other.batch_size *= self.options.accumulate
        return other

    def own_options(self, names: Iterable[str]) -> dict[str, Any]:
        """Return the batch size, if it is asked for."""
        return {name: self._in_batch for name in names if name == BATCH_SIZE}

    @property
    def updates_per_epoch(self) -> int:
        """Updates in one pass over the training set; the last one may be of fewer examples."""
        return math.ceil(self.train_data.updates(self._in_batch) / self.options.accumulate)

    def check(self) -> None:
        """Make sure that PyTorch, device, precision, network and optimizer are there.

        Raises:
            TaskError: If one is not, with what to do about it.
        """
        require_torch("A TorchTask")
        from tuner.tasks import torch_making

        torch_making.check_precision(self.options.amp, torch_making.device(self.device))
        torch_making.check_network(self.net, self._make_optimizer)

    def check_driven(self, schedule: Schedule) -> None:
        """Make sure that the optimizer has what a schedule drives beside the learning rate.

        Raises:
            ScheduleError: If it has not.
        """
        from tuner.adapters.quantities import claim_groups

        claim_groups(self._make_optimizer(self.net()), schedule)

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
        from tuner.tasks import torch_data, torch_forward, torch_loop, torch_making

        on = torch_making.device(self.device)
        train_data, test_data = self._once(
            "device",
            lambda: [torch_data.Batches(each, on) for each in (self.train_data, self.test_data)],
        )
        forward, evaluate = torch_forward.computed(
            self.loss, self.step, self.evaluate, amp=self.options.amp, on=on.type
        )
        torch_data.seed_all(seed, 0)
        seed_own(seed, 0, self.net)
        yield from torch_loop.train(
            self.net().to(on),
            train_data,
            test_data,
            schedule,
            forward=forward,
            make_optimizer=self._make_optimizer,
            batch_size=self._in_batch,
            updates_per_epoch=self.updates_per_epoch,
            seed=seed,
            epochs=epochs,
            start=start,
            options=self.options,
            evaluate=evaluate,
            threads=self.threads,
        )

    def identity(self) -> dict[str, Any]:
        """Return the sizes and what makes an update; what else is among the study's options."""
        return {**super().identity(), **self.options.identity()}

    def versions(self) -> dict[str, str]:
        """Return the versions of PyTorch, of NumPy and of the code of network and functions."""
        return {**super().versions(), "torch": metadata.version("torch")}

    def _make_optimizer(self, net: Any) -> Any:
        from torch.optim import SGD

        return (self.optimizer or SGD)(net if self.optimizer_takes == "net" else net.parameters())

    def _unmeasured(self, metric: str) -> dict[str, str]:
        if self.evaluate is not None:  # it alone knows
            return {}
        return super()._unmeasured(metric) if self.step is None else unmeasured(metric, _OF_STEP)

    def _examples_in(self, batch: Any) -> int:
        return super()._examples_in(batch) if self.step is None else count(batch) or 1

    def _in_words(self) -> dict[str, Any]:
        from tuner.tasks import torch_loop, torch_making

        net = self.net()
        optimizer = self._make_optimizer(net)
        return {
            "loop": torch_loop.TRAINING_VERSION,
            "threads": self.threads,
            "net": repr(net),
            "loss": in_words(self.loss),
            "optimizer": repr(optimizer),
            **torch_making.groups_in_words(net, optimizer),
            **self._functions,
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
