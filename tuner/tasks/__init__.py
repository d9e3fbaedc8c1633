"""What is trained. Tasks are named in study files; MXNet is imported when one trains."""

from __future__ import annotations

from tuner.tasks.base import Epoch, EpochRecord, State, Task, TrainingCollapsed
from tuner.tasks.lenet import LeNetFashionMNIST

TASKS: dict[str, type[LeNetFashionMNIST]] = {"lenet_fashion_mnist": LeNetFashionMNIST}

__all__ = [
    "TASKS",
    "Epoch",
    "EpochRecord",
    "LeNetFashionMNIST",
    "State",
    "Task",
    "TrainingCollapsed",
]
