"""A study as its user holds it: trials, best schedule, and the files made from them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from optuna.study import Study

from tuner.definition import StudySpec
from tuner.errors import StudyError
from tuner.reading import EPOCHS
from tuner.repeats import (
    Candidate,
    Comparison,
    Confirmation,
    find_comparison,
    find_confirm,
    read_comparison,
    read_repeats,
)
from tuner.report import write_comparison, write_report
from tuner.schedules import Schedule, save_schedule, schedule_content, write_text
from tuner.search import Summary, TrialRow, files_folder, ranking, summary, trial_rows
from tuner.storage import storage_of
from tuner.studies.provenance import provenance
from tuner.studies.shown import (
    as_html,
    curve_columns,
    data_frame,
    folded,
    lines,
    trial_columns,
)
from tuner.tasks import said_batch_size

if TYPE_CHECKING:
    from pandas import DataFrame

_FORMS = {".json": "json", ".csv": "csv", ".py": "python"}


class StudyResult:
    """A study in its database: trials, best schedule, files made from it.

    Args:
        study: Optuna's study.
        spec: Its definition.
        ended: How the run that gave this ended: ``"done"``, ``"timeout"``, ``"interrupted"``, or
            ``""`` if the study was only opened.
    """

    def __init__(self, study: Study, spec: StudySpec, ended: str = "") -> None:
        self.study = study
        self.spec = spec
        self.ended = ended

    def __repr__(self) -> str:
        """Return where the study stands, in a few lines."""
        found = lines(self.summary, self.spec, self.ended, self.confirmed)
        return "\n".join(folded(heading, text) for heading, text in found)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return as_html(self.summary, self.spec, self.ended, self.confirmed)

    @property
    def name(self) -> str:
        """The study's name."""
        return self.spec.name

    @property
    def storage(self) -> str:
        """The URL of its database."""
        return self.spec.storage_url

    @property
    def folder(self) -> Path:
        """Where its schedule and report go by default."""
        return files_folder(storage_of(self.study), self.spec)

    @property
    def trials(self) -> list[TrialRow]:
        """All trials, in the order of their numbers."""
        return trial_rows(self.study)

    @property
    def summary(self) -> Summary:
        """Where the study stands; its best trial is :attr:`best`."""
        found = self._summary()
        return found._replace(best=self.best) if found.best_of_search else found

    def _summary(self) -> Summary:
        return summary(self.name, self.trials, self.spec.budget.trials, self.spec.objective)

    @property
    def confirmation(self) -> Confirmation | None:
        """What trainings on fresh seeds say so far; None if no confirm was begun."""
        study = find_confirm(storage_of(self.study), self.name)
        return read_repeats(study, self.spec) if study else None

    @property
    def confirmed(self) -> Confirmation | None:
        """What trainings on fresh seeds say, once there is a winner."""
        found = self.confirmation
        return found if found and found.winner else None

    @property
    def comparison(self) -> Comparison | None:
        """Schedules side by side, as far as they are trained; None if none were compared."""
        study = find_comparison(storage_of(self.study), self.name)
        return read_comparison(study, self.spec) if study else None

    @property
    def best(self) -> TrialRow:
        """The trial of the confirmed winner; without one, the complete trial with the best value.

        Raises:
            StudyError: If no trial is complete.
        """
        return self._best(self.confirmed)

    def _best(self, confirmed: Confirmation | None) -> TrialRow:
        if confirmed and confirmed.winner:
            return self._row_of(confirmed.winner)
        ranked = ranking(self.trials)
        if not ranked:
            lost = self._summary().lost
            raise StudyError(
                f"Study {self.name!r} must have a complete trial, but"
                f" {lost or 'has none yet. Run it on'}."
            )
        return ranked[0]

    @property
    def best_of_search(self) -> TrialRow:
        """The complete trial with the best value, that of one training; :attr:`best` may differ.

        Raises:
            StudyError: If no trial is complete.
        """
        return self._best(None)

    @property
    def best_schedule(self) -> Schedule:
        """The schedule of :attr:`best`."""
        return _schedule_of(self.best)

    @property
    def best_params(self) -> dict[str, Any]:
        """The options of the task that go with it, by name; none if the study samples none."""
        return dict(self.best.options)

    def to_frame(self) -> DataFrame:
        """Return the trials as a table of pandas, a row a trial.

        Durations are as sampled, in updates of the study's batch size; those of a trial with
        another one are in its ``schedule``.

        Raises:
            StudyError: If pandas is not installed.
        """
        return data_frame(trial_columns(self.trials, self.spec.unit))

    def curves(self) -> DataFrame:
        """Return the trainings as a table of pandas, a row for each epoch of each trial.

        Raises:
            StudyError: If pandas is not installed.
        """
        return data_frame(curve_columns(self.trials, self.spec))

    def export(
        self, path: str | Path, *, trial: int | None = None, form: str | None = None
    ) -> Path:
        """Write the best schedule, or a trial's, as a schedule file or in another form.

        Args:
            path: Where to.
            trial: The number of a trial; the best one if None.
            form: ``"json"``, a schedule file; ``"csv"``, a table of updates and learning rates;
                ``"python"``, a module whose ``learning_rate(update)`` needs no package. If None,
                what the path's suffix says, and ``"json"`` if it says nothing.

        Returns:
            The path.

        Raises:
            StudyError: If there is no such trial or form, the path's suffix is another form's, or
                no trial is complete.
            ScheduleFileError: If the file cannot be written.
        """
        form, confirmed = form_of(path, form), self.confirmed
        row = self._best(confirmed) if trial is None else self._row(trial)
        schedule = _schedule_of(row)
        if form != "json":
            write_text(schedule.to_csv() if form == "csv" else schedule.to_python(), path)
            return Path(path)
        save_schedule(schedule, path, **self._origin(row, confirmed))
        return Path(path)

    def _origin(self, row: TrialRow, confirmed: Confirmation | None) -> dict[str, Any]:
        """Return what a schedule file says beside the schedule of a trial."""
        spec = self.spec
        per_epoch = row.updates_per_epoch or spec.task.updates_per_epoch
        return {
            "updates_per_epoch": per_epoch if spec.unit == EPOCHS else None,
            "batch_size": row.batch_size or said_batch_size(spec.task),
            "provenance": provenance(row, spec, confirmed),
        }

    def report(self, path: str | Path) -> Path:
        """Write the report, one HTML file that needs no network.

        Args:
            path: Where to.

        Returns:
            The path.
        """
        return write_report(self.study, self.spec, path, self.confirmation, self._file())

    def _file(self) -> bytes:
        """Return the schedule file of the best trial; nothing if there is none."""
        confirmed = self.confirmed
        if not (confirmed and confirmed.winner) and not ranking(self.trials):
            return b""
        row = self._best(confirmed)
        return schedule_content(_schedule_of(row), **self._origin(row, confirmed))

    def report_comparison(self, path: str | Path) -> Path:
        """Write the page of the comparison, one HTML file that needs no network.

        Args:
            path: Where to.

        Returns:
            The path.

        Raises:
            StudyError: If nothing was compared.
        """
        found = self.comparison
        if found is None:
            raise StudyError(
                f"Study {self.name!r} must have a comparison, but has none. Type `tuner compare`."
            )
        return write_comparison(found, self.spec, path)

    def _row(self, number: int) -> TrialRow:
        rows = {row.number: row for row in self.trials}
        if number not in rows or rows[number].schedule is None:
            last = max(rows, default=-1)
            raise StudyError(
                f"Trial {number} must exist and have a schedule, but study {self.name!r} has"
                f" trials up to {last}. List them with `tuner trials`."
            )
        return rows[number]

    def _row_of(self, candidate: Candidate) -> TrialRow:
        """Return the trial that a candidate's schedule is from."""
        rows = self.trials
        if candidate.trial is not None:
            return rows[candidate.trial]
        return next(row for row in rows if row.baseline == candidate.label)


def form_of(path: str | Path, form: str | None = None) -> str:
    """Return the form that a schedule is written in; see :meth:`StudyResult.export`."""
    if form not in (None, *_FORMS.values()):
        raise StudyError(f"`form` must be 'json', 'csv' or 'python', but got {form!r}.")
    suffix = Path(path).suffix
    meant = _FORMS.get(suffix)
    if suffix and form is None and meant is None:
        raise StudyError(
            f"{path} must end in .json, .csv or .py, which says what is written, but ends in"
            f" {suffix!r}. Name another file, or say the format."
        )
    if form and meant and form != meant:
        raise StudyError(
            f"The suffix of {path} must fit the format, but is that of {meant!r}, and the format"
            f" is {form!r}. Leave the format out, or name another file."
        )
    return form or meant or "json"


def _schedule_of(row: TrialRow) -> Schedule:
    assert row.schedule is not None, "a trial that was trained has a schedule"
    return row.schedule
