"""The page of a comparison: one HTML file that asks nothing of a network."""

from __future__ import annotations

import math
from pathlib import Path

import jinja2
import plotly.graph_objects as go
from markupsafe import Markup

from tuner.definition import StudySpec
from tuner.repeats import Comparison, differences
from tuner.report.comparison import (
    compared_lines,
    comparison_sentence,
    measures_training,
    short,
)
from tuner.report.figures.comparison import compared_curve, seeds_figure, training_figure
from tuner.report.figures.panels import is_logarithmic
from tuner.report.figures.style import edge_note, row_height
from tuner.report.figures.together import Apart, Together, apart_figure, together_figure
from tuner.report.figures.words import described
from tuner.report.page import figures_json, plotly_gzip, resource, write_html
from tuner.report.provenance import provenance


def write_comparison_page(comparison: Comparison, spec: StudySpec, path: str | Path) -> Path:
    """Write the page; see :func:`tuner.report.write_comparison`."""
    return write_html(render_comparison(comparison, spec), path)


def render_comparison(comparison: Comparison, spec: StudySpec) -> str:
    """Return the page of a comparison as HTML.

    Args:
        comparison: What was compared.
        spec: The definition of its study.
    """
    clock, ranked, metric = spec.space.clock, comparison.ranked, comparison.judged_by
    together = [
        Together(each.label, compared_curve(each, clock), each.curves)
        for each in comparison.schedules
    ]
    figures = {"schedules": together_figure(together, clock, metric, comparison.minimized)}
    seeds_height = 0
    if _has_value(comparison):
        seeds_height = 140 + row_height((each.label for each in ranked), 30) * len(ranked)
        figures["seeds"] = seeds_figure(comparison, spec.unit)
    apart = _apart(comparison)
    if apart:
        figures["apart"] = apart_figure(apart, metric, comparison.minimized)
    for number, each in enumerate(comparison.schedules, start=1):
        figures[f"training-{number}"] = training_figure(each, clock, metric)
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(resource("comparison.html"))
    return template.render(
        name=spec.name,
        metric=metric,
        short=short(metric),
        edge_note=edge_note(comparison.minimized),
        sentence=comparison_sentence(comparison),
        best=_best(comparison),
        lines=compared_lines(comparison),
        training=measures_training(comparison),
        published=any(each.published for each in comparison.schedules),
        trainings=comparison.schedules,
        seeds_height=seeds_height,
        apart_height=110 + row_height((each.label for each in apart), 34) * len(apart),
        figures_json=figures_json(figures, go.Figure()),
        logarithmic=" ".join(key for key, figure in figures.items() if is_logarithmic(figure)),
        words={key: described(figure) for key, figure in figures.items()},
        origin=provenance(spec),
        seed=spec.confirm.seed,
        length=spec.unit.told(spec.epochs),
        css=Markup(resource("page.css")),
        js=Markup(resource("page.js")),
        plotly_gzip=plotly_gzip(),
    )


def _apart(comparison: Comparison) -> list[Apart]:
    """Return how far all others are from the best one, on the seeds that both have."""
    best = _best(comparison)
    others = comparison.ranked[1:] if best else []
    return [
        Apart(each.label, apart, comparison.behind(each))
        for each in others
        if (apart := differences(each.values, comparison.ranked[0].values))
        and all(map(math.isfinite, apart.values()))
    ]


def _has_value(comparison: Comparison) -> bool:
    """Return whether any training is over and did not diverge."""
    values = (repeat.value for each in comparison.schedules for repeat in each.repeats)
    return any(value is not None and math.isfinite(value) for value in values)


def _best(comparison: Comparison) -> str:
    """Return the label of the schedule that did best, if any survived."""
    first = next(iter(comparison.ranked), None)
    return first.label if first and first.value and math.isfinite(first.value.mean) else ""
