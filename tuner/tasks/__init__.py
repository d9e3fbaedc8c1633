"""What is trained. Tasks are named in study files; a framework is imported when one trains."""

from __future__ import annotations

from tuner.tasks.base import (
    LARGEST,
    Epoch,
    EpochRecord,
    State,
    Task,
    TrainingCollapsed,
    end_training,
)
from tuner.tasks.checkpoints import (
    LIMIT_BYTES,
    Checkpoint,
    CheckpointStore,
    checkpoint_keys,
    each_checkpoint_key,
)
from tuner.tasks.command_line import filled, gives_schedule, words_of, wrong_placeholders
from tuner.tasks.command_process import find_program
from tuner.tasks.command_task import CommandTask, environment
from tuner.tasks.fashion_mnist import load_fashion_mnist
from tuner.tasks.function_task import FunctionTask
from tuner.tasks.gluon_task import GluonTask
from tuner.tasks.lenet import LeNetFashionMNIST
from tuner.tasks.lenet_torch import LeNetFashionMNISTTorch
from tuner.tasks.making import (
    REPORT_EVERY,
    make_task,
    note_no_data,
    options_without_values,
)
from tuner.tasks.named_task import PASSED, NamedTask, judged_by, said_batch_size, with_output
from tuner.tasks.options import (
    BATCH_SIZE,
    own_options,
    sizes_with,
    with_options,
    without_values,
    wrong_options,
)
from tuner.tasks.script_files import ScriptFiles
from tuner.tasks.script_trial import trial
from tuner.tasks.table import Table
from tuner.tasks.torch_task import TorchTask
from tuner.tasks.trial import Trial
from tuner.tasks.trial_task import TrialTask
from tuner.tasks.within import Within, hearing, pass_on, training

# By the names that study files give them.
TASKS: dict[str, type[LeNetFashionMNIST | LeNetFashionMNISTTorch | Table | CommandTask]] = {
    "command": CommandTask,
    "lenet_fashion_mnist": LeNetFashionMNIST,
    "lenet_fashion_mnist_torch": LeNetFashionMNISTTorch,
    "table": Table,
}

__all__ = [
    "BATCH_SIZE",
    "LARGEST",
    "LIMIT_BYTES",
    "PASSED",
    "REPORT_EVERY",
    "TASKS",
    "Checkpoint",
    "CheckpointStore",
    "CommandTask",
    "Epoch",
    "EpochRecord",
    "FunctionTask",
    "GluonTask",
    "LeNetFashionMNIST",
    "LeNetFashionMNISTTorch",
    "NamedTask",
    "ScriptFiles",
    "State",
    "Table",
    "Task",
    "TorchTask",
    "TrainingCollapsed",
    "Trial",
    "TrialTask",
    "Within",
    "checkpoint_keys",
    "each_checkpoint_key",
    "end_training",
    "environment",
    "filled",
    "find_program",
    "gives_schedule",
    "hearing",
    "judged_by",
    "load_fashion_mnist",
    "make_task",
    "note_no_data",
    "options_without_values",
    "own_options",
    "pass_on",
    "said_batch_size",
    "sizes_with",
    "training",
    "trial",
    "with_options",
    "with_output",
    "without_values",
    "words_of",
    "wrong_options",
    "wrong_placeholders",
]
