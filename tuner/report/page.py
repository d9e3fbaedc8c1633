"""The report as one HTML file: figures and tables in a page that asks nothing of a network."""

from __future__ import annotations

import base64
import functools
import gzip
import json
import os
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
import plotly.io
from markupsafe import Markup
from optuna.study import Study
from plotly.offline import get_plotlyjs

from tuner.definition import StudySpec
from tuner.errors import ReportError
from tuner.reading import told
from tuner.repeats import Confirmation
from tuner.report.charts import charts, is_of_the_chapter
from tuner.report.confirmed import confirmed_data, search_sentence
from tuner.report.data import TOP, ReportData, plain, report_data
from tuner.report.families import families
from tuner.report.figures.panels import is_logarithmic
from tuner.report.figures.series import listed, measured, panels
from tuner.report.figures.style import edge_note, family_colour
from tuner.report.figures.trainings import training_figure
from tuner.report.progress import cost
from tuner.report.provenance import provenance
from tuner.report.sentences import confirmed_verdict, count, mean_sd, states, verdict_sentence
from tuner.report.snapshot import snapshot
from tuner.report.traces import trial_traces
from tuner.report.usage import FILE, loading_lines
from tuner.schedules import Schedules, write_whole
from tuner.search import TrialRow, ranking, summary, trial_rows
from tuner.tasks import BATCH_SIZE

_SCRIPTS = ("params.js", "pair.js", "parallel.js", "page.js")
_SECTIONS = (
    ("winner", "Winner"),
    ("baselines", "Baselines"),
    ("schedules", "Schedules"),
    ("search", "Search"),
    ("exercises", "Sensitivity"),
    ("trials", "Trials"),
    ("provenance", "Provenance"),
)


# They are the chapter's exercises; who trains something else need not know of it.
_EXERCISES = "The chapter's exercises, answered by this study"
_SENSITIVITY = "Sensitivity: what the sampled parameters change"


class Fact(NamedTuple):
    """A number under the verdict."""

    name: str
    value: str
    more: str


def write_page(
    study: Study,
    spec: StudySpec,
    path: str | Path,
    confirmation: Confirmation | None = None,
    schedule_file: bytes = b"",
) -> Path:
    """Write the report of a study; see :func:`tuner.report.write_report`."""
    return write_html(render(study, spec, confirmation, schedule_file), path)


def write_html(page: str, path: str | Path) -> Path:
    """Write a page whole or not at all.

    Raises:
        ReportError: If it cannot be written.
    """
    where = os.fsdecode(path)
    try:
        write_whole(page.encode("utf-8"), where)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ReportError(
            f"The report {where} cannot be written: {reason}. Name another file with -o."
        ) from error
    return Path(path)


def render(
    study: Study,
    spec: StudySpec,
    confirmation: Confirmation | None = None,
    schedule_file: bytes = b"",
) -> str:
    """Return the report of a study as HTML."""
    objective, fresh = spec.objective, spec.objective.for_test_set()
    frozen = snapshot(study)
    rows = trial_rows(frozen)
    winner = _winner(rows, confirmation)
    data = report_data(rows, spec.space.clock, objective, winner)
    confirmed = confirmed_data(confirmation, fresh.judged_by) if confirmation else None
    series = measured([record for row in rows for record in row.records], objective)
    traces = trial_traces(rows, data.lines, series, spec.unit)
    drawn = charts(frozen, spec, rows, data, confirmed, confirmation)
    trial = training_figure(spec.epochs, series, objective, spec.unit)
    return _template().render(
        name=spec.name,
        notes=spec.study_data.get("notes", ""),
        metric=objective.judged_by,
        minimized=objective.minimized,
        digits=objective.digits,
        confirm_metric=fresh.judged_by,
        top=TOP,
        unit=spec.unit,
        sampled_size=spec.space.clock.batch_size if BATCH_SIZE in spec.space.options else 0,
        exercises=_EXERCISES if is_of_the_chapter(spec) else _SENSITIVITY,
        sections=_SECTIONS,
        verdict=_verdict(data, spec, confirmation, rows),
        facts=_facts(rows, data, spec),
        data=data,
        curves=listed(panels(series)),
        confirmed=confirmed,
        of_search=search_sentence(winner, next(iter(ranking(rows)), None), objective.judged_by),
        families=families(rows, objective),
        charts=drawn,
        traces=traces,
        figures_json=figures_json(
            {key: chart.figure for key, chart in drawn.items() if chart.figure is not None}, trial
        ),
        traces_json=_json(traces),
        file_json=_json(schedule_file.decode()) if schedule_file else "",
        usage=_usage(rows, data, spec),
        origin=provenance(spec),
        file=FILE,
        css=Markup(resource("page.css")),
        js=Markup("".join(map(resource, _SCRIPTS))),
        edge_note=edge_note(objective.minimized),
        plotly_gzip=plotly_gzip(),
    )


@functools.cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(
        plain=plain, number=_number, mean_sd=mean_sd, told=told, words=_words
    )
    environment.globals.update(count=count, states=states, dot=_dot, is_logarithmic=is_logarithmic)
    return environment.from_string(resource("page.html"))


def _usage(rows: Sequence[TrialRow], data: ReportData, spec: StudySpec) -> str:
    """Return the lines that load the winner in the framework that it was trained with."""
    row = next((row for row in rows if row.number == data.winner), None)
    # Recorded trainings were trained elsewhere, with what need not be here.
    versions = row.versions if row and spec.training.name != "table" else ()
    return loading_lines(versions, several=row is not None and isinstance(row.schedule, Schedules))


def _winner(rows: Sequence[TrialRow], confirmation: Confirmation | None) -> TrialRow | None:
    """Return the trial of a confirm's winner."""
    winner = confirmation.winner if confirmation else None
    if winner is None:
        return None
    own = [row for row in rows if winner.trial in (None, row.number)]
    return next((row for row in own if row.is_of(winner.key)), None)


def _verdict(
    data: ReportData,
    spec: StudySpec,
    confirmation: Confirmation | None,
    rows: Sequence[TrialRow],
) -> str:
    if confirmation and confirmation.winner:
        return confirmed_verdict(confirmation, spec.objective.for_test_set())
    if lost := summary(spec.name, rows, spec.budget.trials, spec.objective).lost:
        return f"There is no best schedule: {lost}."
    return verdict_sentence(data.verdict, spec.objective)


def _facts(rows: Sequence[TrialRow], data: ReportData, spec: StudySpec) -> list[Fact]:
    spent = cost(rows, spec.epochs, spec.unit)
    hours = sum(row.seconds * row.epochs_trained / row.epochs for row in rows if row.epochs) / 3600
    time = f"{hours:.1f} h" if hours >= 1 else f"{60 * hours:.0f} min"
    return [
        Fact("trials", str(data.verdict.trials), states(data.verdict.states) or "none yet"),
        Fact(f"{spec.unit.words} trained", str(spent.trained), spent.words),
        Fact("training time", time, "of one worker, all trials together"),
    ]


def figures_json(figures: dict[str, Any], trial: Any) -> Markup:
    """Return the figures of charts, and the one of a trial's curves, for the page's script."""
    written = {key: plotly.io.to_json(figure) for key, figure in figures.items()}
    inner = ",".join(f"{json.dumps(key)}:{text}" for key, text in written.items())
    return _inert(f'{{"charts":{{{inner}}},"trial":{plotly.io.to_json(trial)}}}')


def _json(value: Any) -> Markup:
    return _inert(json.dumps(value, separators=(",", ":")))


def _inert(text: str) -> Markup:
    """Return JSON that cannot end the element it is in."""
    return Markup(text.replace("<", "\\u003c"))


def _dot(family: str) -> Markup:
    """Return a mark in the colour that a family has in the charts."""
    colour = family_colour(family)
    return Markup('<span class="dot" style="background:{}"></span>').format(colour)


@functools.cache
def plotly_gzip() -> str:
    """Return Plotly's JavaScript compressed, which is a third of its size."""
    # Without a time, so that the same study gives the same file. Level 9 takes twice as long,
    # and gives one per cent less.
    return base64.b64encode(gzip.compress(get_plotlyjs().encode(), 5, mtime=0)).decode()


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else f"{value:{form}}"


def _words(name: str) -> str:
    return name.replace("_", " ")


def resource(name: str) -> str:
    """Return the text of a file of this package."""
    return (resources.files("tuner.report") / name).read_text(encoding="utf-8")
