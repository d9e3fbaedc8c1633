"""How the winner gets into a training of one's own: a few lines for the framework of the study."""

from __future__ import annotations

from collections.abc import Container

FILE = "best.json"

_LOAD = f'import tuner\n\nschedule = tuner.load_schedule("{FILE}")\n'
_LINES = {
    "mxnet": 'options = {"lr_scheduler": schedule, "learning_rate": schedule.base_lr}\n'
    'trainer = mx.gluon.Trainer(net.collect_params(), "sgd", options)  # or your optimizer',
    "torch": "scheduler = schedule.to_torch(optimizer)\n"
    "scheduler.step()  # after every update, not after every epoch",
}
_SEVERAL = "schedule.to_mxnet(trainer)  # all that it drives, not the learning rate alone"
_ANY = "lr = schedule(update)  # the first update of a training is 1"


def loading_lines(trained_with: Container[str], *, several: bool = False) -> str:
    """Return the lines that load the winner and hand it over.

    Args:
        trained_with: The packages that the study was trained with.
        several: Whether the schedule has more than a learning rate.

    Example:
        >>> print(loading_lines({"torch": "2.13.0"}))
        import tuner
        <BLANKLINE>
        schedule = tuner.load_schedule("best.json")
        scheduler = schedule.to_torch(optimizer)
        scheduler.step()  # after every update, not after every epoch
    """
    framework = next((name for name in _LINES if name in trained_with), "")
    lines = _LINES.get(framework, _ANY)
    return _LOAD + (_SEVERAL if several and framework == "mxnet" else lines)
