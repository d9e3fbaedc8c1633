"""Listeners that write a study into a tracker: ``tuner.tune(..., on_event=...)``.

Each trial is a run of the tracker's, with the parameters of its schedule and the sampled options
of its task; each of its epochs has the metric, the learning rate and, where it is known, the
training's loss. A trial that goes on after an interruption goes on in its run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tuner.adapters import importing
from tuner.reading import options_told
from tuner.schedules import Schedules, rule_to_dict, schedule_to_dict
from tuner.search import EpochEnded, Event, Listener, StudyStarted, TrialEnded, TrialStarted


class _Run(NamedTuple):
    """A trial in a tracker: what takes its numbers after an epoch, and what ends it."""

    log: Callable[[dict[str, float], int], object]
    end: Callable[[TrialEnded], object]


class _Tracking:
    """Tells the events of each trial to its run.

    Args:
        begin: Makes the run of a study's trial, or opens the one that is there.
    """

    def __init__(self, begin: Callable[[str, TrialStarted], _Run]) -> None:
        self._begin, self._study = begin, ""
        self._runs: dict[int, _Run] = {}

    def __call__(self, event: Event) -> None:
        if isinstance(event, StudyStarted):
            self._study = event.name
        elif isinstance(event, TrialStarted):
            self._runs[event.number] = self._begin(self._study, event)
        elif isinstance(event, EpochEnded):
            self._runs[event.number].log(_numbers(event), event.record.epoch)
        elif isinstance(event, TrialEnded) and event.number in self._runs:
            self._runs.pop(event.number).end(event)


def tensorboard(folder: str | Path) -> Listener:
    """Return a listener that writes for TensorBoard, a folder ``STUDY/trial-N`` for each trial.

    Args:
        folder: What ``tensorboard --logdir`` is then given.

    Raises:
        TaskError: If PyTorch or TensorBoard is missing.
    """
    with importing("TensorBoard with PyTorch", "torch tensorboard"):
        from torch.utils.tensorboard import SummaryWriter

    def begin(study: str, trial: TrialStarted) -> _Run:
        writer: Any = SummaryWriter(str(Path(folder) / study / f"trial-{trial.number}"))
        writer.add_text("schedule", repr(trial.given))
        if trial.options:
            writer.add_text("options", options_told(trial.options))

        def log(numbers: dict[str, float], epoch: int) -> None:
            for name, number in numbers.items():
                writer.add_scalar(name, number, epoch)
            writer.flush()

        return _Run(log, lambda _: writer.close())

    return _Tracking(begin)


def mlflow(experiment: str | None = None, tracking_uri: str | None = None) -> Listener:
    """Return a listener that writes into MLflow, a run for each trial.

    Args:
        experiment: The experiment's name; by default the study's.
        tracking_uri: Where MLflow is, by default where its own settings say.

    Raises:
        TaskError: If MLflow is missing.
    """
    with importing("MLflow", "mlflow"):
        from mlflow import MlflowClient
    client: Any = MlflowClient(tracking_uri)

    def begin(study: str, trial: TrialStarted) -> _Run:
        name = experiment or study
        found = client.get_experiment_by_name(name)
        place = found.experiment_id if found else client.create_experiment(name)
        tags = {"tuner.study": study, "tuner.trial": str(trial.number)}
        same = " and ".join(f"tags.`{key}` = '{value}'" for key, value in tags.items())
        runs = client.search_runs([place], same)
        if runs:
            client.update_run(runs[0].info.run_id, "RUNNING")
        else:
            runs = [client.create_run(place, tags=tags, run_name=f"{study} trial {trial.number}")]
            for key, value in parameters(trial).items():
                client.log_param(runs[0].info.run_id, key, value)
        run = runs[0].info.run_id

        def log(numbers: dict[str, float], epoch: int) -> None:
            for key, number in numbers.items():
                client.log_metric(run, key, number, step=epoch)

        def end(trial: TrialEnded) -> None:
            client.set_tag(run, "tuner.state", trial.state)
            status = {"failed": "FAILED", "waiting": "KILLED"}.get(trial.state, "FINISHED")
            client.set_terminated(run, status)

        return _Run(log, end)

    return _Tracking(begin)


def wandb(project: str | None = None, **settings: Any) -> Listener:
    """Return a listener that writes into Weights & Biases, a run for each trial.

    Args:
        project: The project's name; by default the study's.
        **settings: What else ``wandb.init`` takes, such as ``mode="offline"``.

    Raises:
        TaskError: If wandb is missing.
    """
    with importing("Weights & Biases", "wandb"):
        import wandb as package

    def begin(study: str, trial: TrialStarted) -> _Run:
        given: Any = {
            "project": project or study, "group": study, "name": f"trial {trial.number}",
            "id": f"{study}-{trial.number}", "resume": "allow", "reinit": "create_new",
            "config": parameters(trial), **settings,
        }  # fmt: skip
        run: Any = package.init(**given)

        def log(numbers: dict[str, float], epoch: int) -> None:
            run.log(numbers, step=epoch)

        def end(trial: TrialEnded) -> None:
            run.summary["state"] = trial.state
            run.finish(exit_code=1 if trial.state == "failed" else 0)

        return _Run(log, end)

    return _Tracking(begin)


def parameters(trial: TrialStarted) -> dict[str, Any]:
    """Return what a trial is: its family and the parameters of it, and the options of its task.

    Those of a momentum, or of another curve beside the learning rate, have its name before them.

    Example:
        >>> from tuner import Constant
        >>> schedule = Constant(base_lr=0.1, horizon=20)
        >>> found = parameters(TrialStarted(0, schedule, None, 0, options={"weight_decay": 0.01}))
        >>> found["family"], found["base_lr"], found["weight_decay"]
        ('constant', 0.1, 0.01)
    """
    if trial.rule is None and isinstance(trial.schedule, Schedules):
        given = schedule_to_dict(trial.schedule)
        found = {**_flat(given.pop("lr")), **_flat(given)}
    else:
        found = _flat(rule_to_dict(trial.rule) if trial.rule else schedule_to_dict(trial.schedule))
    return {**found, **trial.options}


def _flat(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schedule as plain data in one table: ``momentum.high``."""
    found: dict[str, Any] = {}
    for key, value in data.items():
        if key == "params":
            found |= value
        elif key == "inverse_of":  # of the learning rate, which is there
            found["inverse_of"] = value["family"]
        elif isinstance(value, Mapping):
            found |= {f"{key}.{name}": each for name, each in _flat(value).items()}
        else:
            found[key] = value
    return found


def _numbers(event: EpochEnded) -> dict[str, float]:
    """Return what trackers can draw of an epoch."""
    record = event.record
    found = {
        event.judged_by: event.value,
        "learning rate": record.lr_end,
        "train loss": record.train_loss,
    }
    return {name: x for name, x in found.items() if x is not None and math.isfinite(x)}
