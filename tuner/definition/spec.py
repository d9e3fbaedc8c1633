"""A study definition: TOML -> :class:`StudySpec`, and what may not change while it runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler

from tuner.definition.asked import Asked
from tuner.definition.checks import check_confirm, check_task
from tuner.definition.measured import with_length
from tuner.definition.measured_rates import NOTHING, Found, with_rates
from tuner.definition.objective import Objective
from tuner.definition.plain import flattened, without_dots
from tuner.definition.pruning import read_pruner
from tuner.definition.search import PRUNERS, SAMPLERS, Pruner, Sampler, Search, made
from tuner.definition.sections import (
    REPEATS,
    Budget,
    Confirm,
    StudyFile,
    Training,
    Workers,
    name_of_study,
    size_in_bytes,
)
from tuner.definition.space import clock_of, read_space
from tuner.definition.storage import read_storage
from tuner.definition.task import judging, read_task, refuse_no_task, with_passed, with_whole_path
from tuner.errors import DefinitionError
from tuner.reading import Clock, Mistakes, Unit, read_kind
from tuner.space import SearchSpace, with_schedule_files
from tuner.storage import output_folder
from tuner.tasks import LIMIT_BYTES, Task, sizes_with, with_options


class StudySpec(NamedTuple):
    """Everything that a study is defined by, checked.

    ``study_data`` and ``space_data`` are the two files as read, which the study's database keeps;
    of ``[storage]`` the size of the states alone: the rest may hold a password and may change.
    ``time`` is how long a training is to take if its length is still to be measured; ``ranges``
    says whether the bounds of ``base_lr`` are. ``found`` is what was.
    """

    name: str
    training: Training
    task: Task
    objective: Objective
    budget: Budget
    sampler: Sampler
    pruner: Pruner
    storage_url: str
    workers: Workers
    space: SearchSpace
    study_data: dict[str, Any]
    space_data: dict[str, Any]
    confirm: Confirm
    states_bytes: int = LIMIT_BYTES
    time: str = ""
    ranges: bool = False
    found: Found = NOTHING

    @property
    def is_open(self) -> bool:
        """Whether something is still to be measured before the first trial."""
        return bool(self.time) or self.ranges

    @property
    def epochs(self) -> int:
        """Epochs of a full training."""
        return self.training.epochs

    @property
    def unit(self) -> Unit:
        """What the length of a training is told in."""
        return self.training.unit

    @property
    def repeats(self) -> bool:
        """Whether this is the definition of another study's confirm or comparison."""
        return self.name.endswith(REPEATS)

    @property
    def folder(self) -> Path:
        """Where the study's files go by default, and its repeats'."""
        return output_folder(self.storage_url, name_of_study(self.name))

    @property
    def search(self) -> Search:
        """What the sampler and the pruner are made for."""
        return Search(self.space, self.objective)

    def optuna_sampler(self) -> BaseSampler:
        """Return Optuna's sampler of the study.

        Raises:
            StudyError: If it cannot be made, as without a package that it needs.
        """
        found: BaseSampler = made(self.sampler, self.search, BaseSampler)
        return found

    def optuna_pruner(self) -> BasePruner:
        """Return Optuna's pruner of the study.

        Raises:
            StudyError: If it cannot be made, as without a package that it needs.
        """
        found: BasePruner = made(self.pruner, self.search, BasePruner)
        return found

    def clock_with(self, options: Mapping[str, Any]) -> Clock:
        """Return how long an epoch and a training of the task with options are."""
        return clock_of(self.training, *sizes_with(self.task, options))

    def with_options(self, options: Mapping[str, Any]) -> StudySpec:
        """Return the definition as a trial has it whose task has these options.

        Raises:
            TaskError: If the task cannot be made with them.
        """
        if not options:
            return self
        task, training = with_options(self.task, options), self.training
        size = task.updates_per_epoch
        if training.report_every not in (None, size):
            lengths = {"report_every": size, "updates": size * training.epochs}
            training = training.model_copy(update=lengths)
        return self._replace(task=task, training=training)

    def check(self) -> None:
        """Make sure that task, sampler and pruner can run here.

        Raises:
            TaskError: If the task cannot; ScheduleError if its optimizer cannot.
            StudyError: If the sampler or the pruner cannot.
        """
        check_task(self.task, self.space)
        self.optuna_sampler()
        self.optuna_pruner()

    def for_repeats(self, ending: str) -> StudySpec:
        """Return the definition of the study's repeats: same training, no sampling or pruning.

        If the search was judged on a holdout, this is where the test set is first looked at.

        Args:
            ending: What the name of the study of the repeats ends in.
        """
        return self._replace(
            name=self.name + ending,
            task=self.task.with_holdout(self.objective.held_out, on_test_set=True),
            objective=self.objective.for_test_set(),
            sampler=SAMPLERS["random"](type="random"),
            pruner=PRUNERS["none"](type="none"),
            space=self.space._replace(params={}),
        )

    def decisive(self) -> dict[str, Any]:
        """Return, flat and as plain data, what decides the trials of the study.

        Budget, confirm, storage, states, workers, notes, device and data folder are not: they may
        change.
        How many examples are held out is the task's to say.
        """
        parts = {
            "task": self.training.plain() | self.task.identity(),
            "objective": self.objective.identity(),
            "sampler": self.sampler.model_dump(mode="json"),
            "pruner": self.pruner.model_dump(mode="json"),
            "fixed": self.space.fixed,
            "params": {name: param._asdict() for name, param in self.space.params.items()},
            "baseline": {
                b.label: {"values": b.values, "schedule": repr(b.given)}
                | ({"options": dict(b.options)} if b.options else {})
                for b in self.space.baselines
            },
        }
        plain: dict[str, Any] = json.loads(json.dumps(parts))
        return dict(flattened(plain))

    def fingerprint(self) -> str:
        """Return a digest of :meth:`decisive`: equal for definitions with comparable trials."""
        text = json.dumps(self.decisive(), sort_keys=True)
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def load_spec(path: str | Path, task: Task | None = None, found: Found = NOTHING) -> StudySpec:
    """Read a study file and the search space that it names.

    Args:
        path: The study file.
        task: What is trained, if it is passed from Python; the file then names none.
        found: What stands for that which is to be measured.

    Raises:
        DefinitionError: With every mistake of both files.
    """
    study_data, path = read_kind(path, "study"), Path(path)
    if not path.suffix:  # its output folder, of the same name without it, would be the file
        name = f"must have a name in .toml, but has none: name it {path.name}.toml"
        raise DefinitionError(str(path), [("file", name)])
    space_name = study_data.get("search_space")
    space: Mapping[str, Any] | str = ""
    space_path = path.parent
    if isinstance(space_name, str) and space_name:
        space_path = without_dots(path.parent / space_name)
        try:
            space = with_schedule_files(read_kind(space_path, "search_space"), space_path.parent)
        except DefinitionError as error:
            space = f"{space_path} {error.mistakes[0][1]}"
    return make_spec(
        study_data, space, where=str(path), space_where=str(space_path), folder=path.parent,
        stem=path.stem, task=task, found=found,
    )  # fmt: skip


def make_spec(
    study_data: Mapping[str, Any],
    space_data: Mapping[str, Any] | str,
    *,
    where: str,
    space_where: str,
    folder: Path,
    stem: str,
    task: Task | None = None,
    facts: Mapping[str, Any] | None = None,
    found: Found = NOTHING,
) -> StudySpec:
    """Check the contents of a study file and its search space.

    Args:
        study_data: The study file's content.
        space_data: The search space's content, or why it could not be read.
        where: What to call the study file in messages.
        space_where: What to call the search space in messages.
        folder: What a path in the study file is relative to.
        stem: The study file's name, which its outputs are named after.
        task: A task that was passed from Python, if so.
        facts: What a database knows of a task of one's own; it is then not imported.
        found: What stands, or stood, for that which is to be measured.

    Raises:
        DefinitionError: With every mistake of both.
        StudyError: If what was passed is no task.
    """
    mistakes, time = Mistakes(where), ""
    if isinstance(study_data.get("task"), Mapping):
        table, time = with_length(study_data["task"], found.length, mistakes, "task.")
        study_data = {**study_data, "task": table}
    if task is not None:
        refuse_no_task(task)
        study_data = with_passed(study_data, mistakes)
    file = mistakes.read(StudyFile, study_data, "")
    study_data = with_whole_path(study_data, folder)
    objective = mistakes.read(Objective, study_data.get("objective", {}), "objective")
    asked = Asked.of(space_data)
    training, task = read_task(
        study_data.get("task"), objective, folder, mistakes, passed=task, facts=facts, asked=asked
    )
    budget = (
        mistakes.read(Budget, study_data["budget"], "budget") if "budget" in study_data else None
    )
    sampler = study_data.get("sampler", {"type": "screening"})
    sampler = mistakes.read_tagged(SAMPLERS, sampler, "sampler")
    pruner = read_pruner(study_data, training, mistakes)
    url = read_storage(study_data.get("storage", {}), folder, stem, mistakes)
    confirm = mistakes.read(Confirm, study_data.get("confirm", {}), "confirm")
    if confirm is not None and training is not None and task is not None:
        check_confirm(confirm, training, task, mistakes)
    workers = mistakes.read(Workers, study_data.get("workers", {}), "workers")
    space_data, ranges = with_rates(space_data, found.rates, space_where, mistakes)
    space = read_space(space_data, space_where, training, task, mistakes, asked)
    mistakes.raise_if_any()
    # Whatever could not be read was a mistake, so nothing is missing here.
    assert file is not None
    assert training is not None
    assert task is not None
    assert objective is not None
    assert budget is not None
    assert sampler is not None
    assert pruner is not None
    assert space is not None
    assert workers is not None
    assert confirm is not None
    assert not isinstance(space_data, str)
    kept = {key: value for key, value in study_data.items() if key != "storage"}
    states = study_data.get("storage", {}).get("states")
    if states is not None:
        kept["storage"] = {"states": states}
    return StudySpec(
        file.name, training, task, judging(objective, task), budget, sampler, pruner, url,
        workers, space, kept, dict(space_data),
        confirm, LIMIT_BYTES if states is None else size_in_bytes(states), time, ranges, found,
    )  # fmt: skip
