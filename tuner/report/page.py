"""The report as one HTML file: figures and tables in a page that asks nothing of a network."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
import plotly.io
from markupsafe import Markup
from optuna.study import Study
from plotly.offline import get_plotlyjs

from tuner.confirmation import Confirmation
from tuner.errors import ReportError
from tuner.report.confirmed import confirmed_data
from tuner.report.data import TOP, ReportData, plain, report_data
from tuner.report.figures import Chart, best_figure, overlay_figure
from tuner.report.optuna_figures import optuna_charts
from tuner.report.provenance import provenance
from tuner.report.snapshot import snapshot
from tuner.report.words import count, states, verdict_sentence
from tuner.results import trial_rows
from tuner.schedules.writing import write_whole
from tuner.spec import StudySpec

_CONFIG = {"responsive": True, "displaylogo": False, "showSendToCloud": False}


def write_page(
    study: Study, spec: StudySpec, path: str | Path, confirmation: Confirmation | None = None
) -> Path:
    """Write the report of a study; see :func:`tuner.report.write_report`."""
    return write_html(render(study, spec, confirmation), path)


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


def render(study: Study, spec: StudySpec, confirmation: Confirmation | None = None) -> str:
    """Return the report of a study as HTML."""
    frozen = snapshot(study)
    data = report_data(trial_rows(frozen), spec.space.clock, spec.objective)
    metric = spec.objective.judged_by
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(plain=plain, number=_number)
    environment.globals.update(count=count, states=states, figure_html=_figure_html)
    template = environment.from_string(resource("page.html"))
    return template.render(
        name=spec.name,
        notes=spec.study_data.get("notes", ""),
        metric=metric,
        top=TOP,
        verdict=verdict_sentence(data.verdict, spec.objective),
        data=data,
        confirmed=confirmed_data(confirmation) if confirmation else None,
        best=_best_chart(data, metric),
        overlay=_overlay_chart(data),
        optuna=_grouped(optuna_charts(frozen, metric)),
        origin=provenance(spec),
        css=Markup(resource("page.css")),
        plotly_js=Markup(get_plotlyjs()),
    )


def _best_chart(data: ReportData, metric: str) -> Chart:
    title = f"Its learning rate, loss and {metric}, epoch by epoch"
    chart = Chart("best", title, height=640, note=_no_zero([data.best] if data.best else []))
    if data.best is None:
        return chart._replace(sentence="It needs a complete trial, and there is none yet.")
    return chart._replace(figure=best_figure(data.best, metric))


def _overlay_chart(data: ReportData) -> Chart:
    title = "Learning rates of all complete and pruned trials, the best highlighted"
    note = "Grey: the other complete trials, and fainter the pruned ones. " + _no_zero(data.lines)
    chart = Chart("schedules", title, height=520, note=note)
    if not data.lines:
        return chart._replace(sentence="It needs a complete or pruned trial, and there is none.")
    return chart._replace(figure=overlay_figure(data.lines))


def _no_zero(lines: Sequence[Any]) -> str:
    zero = any(rate is None for line in lines for rate in line.curve.rates)
    return "A learning rate of 0 has no place on this axis and is left out." if zero else ""


def _grouped(charts: Sequence[Chart]) -> list[tuple[str, list[Chart]]]:
    """Return the charts with their groups' titles; one without a group is a group of its own."""
    groups: list[tuple[str, list[Chart]]] = []
    for chart in charts:
        if chart.group and groups and groups[-1][0] == chart.group:
            groups[-1][1].append(chart)
        else:
            groups.append((chart.group, [chart]))
    return groups


def _figure_html(chart: Chart) -> Markup:
    # Plotly escapes what could end the script element.
    return Markup(
        plotly.io.to_html(
            chart.figure,
            full_html=False,
            include_plotlyjs=False,
            div_id=f"chart-{chart.key}",
            default_height=f"{chart.height}px",
            config=_CONFIG,
        )
    )


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def resource(name: str) -> str:
    """Return the text of a file of this package."""
    return (resources.files("tuner.report") / name).read_text(encoding="utf-8")
