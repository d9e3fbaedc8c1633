"""The ``[task]`` table of a study: what every task has, and the options of the one it names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tuner.definition.asked import NOTHING, Asked
from tuner.definition.objective import Objective
from tuner.definition.sections import Training
from tuner.errors import StudyError
from tuner.reading import MISSING, Mistakes, did_you_mean
from tuner.tasks import PASSED, REPORT_EVERY, TASKS, NamedTask, Task, judged_by, make_task

# What the table has where the task is passed from Python.
_BESIDE_PASSED = Training.model_fields.keys() - {"name"}
_NO_NAME = (
    f"{MISSING}: only the file of a study whose task is passed from Python has none, and that is"
    " trained by tuner.run_study(study, task=...)"
)


def refuse_no_task(task: object) -> None:
    """Make sure that what is passed from Python is a task.

    Raises:
        StudyError: If it is none.
    """
    members = [name for name in vars(Task) if not name.startswith("_")]
    missing = [name for name in members if not hasattr(task, name)]
    if isinstance(task, type):
        got = f"the class {task.__name__}"
    elif missing:
        got = f"a {type(task).__name__} without {missing[0]}"
    else:
        return
    raise StudyError(
        "`task` must be a task, such as a tuner.tasks.GluonTask, TorchTask or FunctionTask, but"
        f" got {got}. Of a function, FunctionTask(function, updates_per_epoch=...) makes one."
    )


def path_option(name: object) -> str:
    """Return the option of a task that is a path; ``""`` if it has none."""
    built_in = TASKS.get(str(name))
    return built_in.path_option if built_in else ""


def with_whole_path(study_data: Mapping[str, Any], folder: Path) -> Mapping[str, Any]:
    """Return the content of a study file with its task's file or folder named from the root.

    For the database keeps it, and whoever continues the study may do it from anywhere.
    """
    study_data = _with_command(study_data)
    task = study_data.get("task")
    if not isinstance(task, Mapping):
        return study_data
    key = path_option(task.get("name"))
    if not isinstance(task.get(key), str):
        return study_data
    whole = str((folder / Path(task[key]).expanduser()).absolute())
    return {**study_data, "task": {**task, key: whole}}


def with_passed(study_data: Mapping[str, Any], mistakes: Mistakes) -> Mapping[str, Any]:
    """Return the content of a study file whose task is passed from Python, with that as its name.

    It must name none, and have no options for one.
    """
    table = study_data.get("task")
    if not isinstance(table, Mapping):
        return study_data
    for key in table.keys() - _BESIDE_PASSED:
        text = "must be left out where the task is passed from Python, but got"
        mistakes.add(f"task.{key}", f"{text} {table[key]!r}")
    return {**study_data, "task": {**table, "name": PASSED}}


def _with_command(study_data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the content of a study file with what a command's ``[task]`` leaves out.

    Its name follows from the command; without epochs, ``report_every`` is the updates between two
    reports; and it runs beside the study file.
    """
    table = study_data.get("task")
    if not isinstance(table, Mapping) or "command" not in table:
        return study_data
    found = {"name": "command", "folder": ".", **table}
    if "report_every" in found:
        found.setdefault("updates_per_epoch", found["report_every"])
    return {**study_data, "task": found}


def is_for_passed(study_data: Mapping[str, Any]) -> bool:
    """Tell whether a study file is one whose task is passed from Python."""
    table = study_data.get("task")
    return isinstance(table, Mapping) and table.keys() <= _BESIDE_PASSED


def read_task(
    data: object,
    objective: Objective | None,
    folder: Path,
    mistakes: Mistakes,
    *,
    passed: Task | None = None,
    facts: Mapping[str, Any] | None = None,
    asked: Asked = NOTHING,
) -> tuple[Training | None, Task | None]:
    """Read the table, and return the task with the holdout that the objective wants.

    Args:
        data: The table.
        objective: What judges; None if it has mistakes.
        folder: The study's folder.
        mistakes: Takes what is wrong.
        passed: A task from Python, which the table does not name then.
        facts: What a database knows of a task of one's own, which is then not imported.
        asked: What the search space has of the task's options.
    """
    if not isinstance(data, Mapping):
        if data is not None:  # which was noted as missing
            mistakes.table(data, "task")
        return None, None
    own = {key: value for key, value in data.items() if key in Training.model_fields}
    if "epochs" in own and REPORT_EVERY not in own:
        own.pop("updates", None)  # which is an option of the task, if of anything
    if "name" not in own:
        mistakes.add("task.name", _NO_NAME)
        return mistakes.read(Training, {**own, "name": PASSED}, "task"), None
    training = mistakes.read(Training, own, "task")
    name = own.get("name")
    if not isinstance(name, str):
        return training, None
    options = {key: value for key, value in data.items() if key not in own}
    if ":" in name and REPORT_EVERY in own:  # which a function of a trial has to know
        options[REPORT_EVERY] = own[REPORT_EVERY]
    if facts is not None and ":" in name:
        options |= facts.get("options", {}).get("values", {})
    elif facts is None and passed is None:
        options = asked.added(name, options, str(folder.absolute()))
    task = _task(name, options, folder, mistakes, passed, facts)
    if task is not None:
        task = asked.taken(task, mistakes)
    if training is None or task is None:
        return training, task
    held_out = objective.held_out if objective else 0
    metric = (objective or Objective()).metric
    task = judged_by(task, metric)
    wrong = task.mistakes(
        seed=training.seed, epochs=training.epochs, held_out=held_out, metric=metric
    )
    for place, text in wrong.items():
        mistakes.add(place, text)
    size, every = task.updates_per_epoch, training.report_every
    if every is not None and every != size:
        text = f"must be {size}, the task's updates between two reports, but got {every}"
        mistakes.add("task.report_every", text)
    return training, task if wrong else task.with_holdout(held_out)


def judging(objective: Objective, task: Task) -> Objective:
    """Return the objective as it judges a task: of a function nobody knows on which examples.

    Args:
        objective: What judges.
        task: What is judged. A ``FunctionTask`` or ``TrialTask`` is known by its identity, so that
            it is also known to a database: it alone has to be told how many updates an epoch has.
    """
    is_function = isinstance(task, NamedTask) and "updates_per_epoch" in task.facts["identity"]
    return objective.of_function() if is_function else objective


def _task(
    name: str,
    options: dict[str, Any],
    folder: Path,
    mistakes: Mistakes,
    passed: Task | None,
    facts: Mapping[str, Any] | None,
) -> Task | None:
    if passed is not None or facts is not None:
        known = dict(facts) if facts is not None else None
        where = known.pop("folder") if known is not None else ""
        return NamedTask(name, options, where, known, passed)
    if ":" in name:
        where = str(folder.absolute())
        task = make_task(name, options, where, mistakes)
        return None if task is None else NamedTask(name, options, where, None, task)
    if name not in TASKS:
        hint = did_you_mean(name, TASKS)
        mistakes.add("task.name", f"no task {name!r}; {hint}, or your own 'module:function'")
        return None
    return mistakes.read(TASKS[name], options, "task", also_known=Training.model_fields)
