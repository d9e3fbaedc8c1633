"""The page of a comparison: one HTML file that asks nothing of a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
import plotly.io
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from tuner.comparison import Comparison
from tuner.report.comparison import compared_lines, comparison_sentence, short
from tuner.report.comparison_figures import schedules_figure, seeds_figure, training_figure
from tuner.report.page import resource, write_html
from tuner.report.provenance import provenance
from tuner.spec import StudySpec

_CONFIG = {"responsive": True, "displaylogo": False, "showSendToCloud": False}


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
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(resource("comparison.html"))
    return template.render(
        name=spec.name,
        metric=metric,
        short=short(metric),
        sentence=comparison_sentence(comparison),
        best=ranked[0].label if ranked else "",
        lines=compared_lines(comparison),
        schedules=_html("schedules", schedules_figure(comparison.schedules, clock), 460),
        seeds=_html("seeds", seeds_figure(comparison), 140 + 30 * len(ranked)) if ranked else "",
        trainings=[
            (each, _html(f"training-{number}", training_figure(each, clock, metric), 420))
            for number, each in enumerate(comparison.schedules)
        ],
        origin=provenance(spec),
        seed=spec.confirm.seed,
        epochs=spec.epochs,
        css=Markup(resource("page.css")),
        plotly_js=Markup(get_plotlyjs()),
    )


def _html(key: str, figure: Any, height: int) -> Markup:
    # Plotly escapes what could end the script element.
    return Markup(
        plotly.io.to_html(
            figure,
            full_html=False,
            include_plotlyjs=False,
            div_id=f"chart-{key}",
            default_height=f"{height}px",
            config=_CONFIG,
        )
    )
