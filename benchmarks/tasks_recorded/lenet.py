"""LeNet on Fashion-MNIST as the chapter trains it: plain SGD in MXNet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tasks_recorded.base import COLUMNS, RecordedTask, Row, row
from tuner.schedules import Schedule
from tuner.tasks import LeNetFashionMNIST, gluon, gluon_data
from tuner.tasks.averaging import Average
from tuner.tasks.lenet import faster_forms, lenet

# Windows of averages beside the product's own, as shares of the updates so far, and how many
# schedules have them; the columns of later ones are null.
OTHER_SHARES = (0.04, 0.25)
WITH_OTHERS = 80
EPOCHS = 10


class Averages(Average):
    """The product's average and others beside it, which are judged whenever it is."""

    def __init__(
        self, parameters: list[Any], net: Any, test: tuple[Any, Any], shares: Sequence[float]
    ) -> None:
        super().__init__(parameters)
        self._net, self._test = net, test
        self._others = [Average(parameters, share) for share in shares]
        self.seen: list[list[float]] = []

    def add(self, update: int) -> None:
        """Take the weights after an update into all of them."""
        super().add(update)
        for other in self._others:
            other.add(update)

    @contextmanager
    def applied(self, update: int) -> Iterator[None]:
        """Judge the others, then give the network the product's."""
        now = []
        for other in self._others:
            with other.applied(update):
                found = gluon_data.evaluate(self._net, *self._test)
                now += [found.accuracy, round(found.loss, 5)]
        self.seen.append(now)
        with super().applied(update):
            yield


def train(number: int, schedule: Schedule, seed: int) -> Iterator[Row]:
    """Yield the row of every epoch, with the other averages for the first schedules."""
    task = LeNetFashionMNIST()
    data = task.data()
    net = lenet()
    forms = faster_forms(net)
    made: list[Averages] = []
    shares = OTHER_SHARES if number < WITH_OTHERS else ()
    nothing: Row = [None] * 2 * (len(OTHER_SHARES) - len(shares))

    def make_average(parameters: list[Any]) -> Average:
        test = data.test_inputs, data.test_labels.asnumpy()
        made.append(Averages(parameters, forms[1], test, shares))
        return made[0]

    for epoch in gluon.train(
        net, data, schedule, optimizer=task.optimizer, optimizer_params=task.optimizer_params,
        batch_size=task.batch_size, seed=seed, epochs=EPOCHS, faster=forms,
        make_average=make_average,
    ):  # fmt: skip
        yield [*row(epoch.record), *made[0].seen[-1], *nothing, round(epoch.record.seconds, 2)]


def task() -> RecordedTask:
    """Return the task, whose schedules are all as they were drawn."""
    lenet_task = LeNetFashionMNIST()
    averaged = [
        f"averaged_{share}_{what}" for share in OTHER_SHARES for what in ("accuracy", "loss")
    ]
    return RecordedTask(
        lenet_task.identity(), lenet_task.updates_per_epoch, train, ("mxnet", "numpy", "optuna"),
        columns=(*COLUMNS, *averaged, "seconds"), epochs=EPOCHS, schedules=300, bare_every=None,
    )  # fmt: skip
