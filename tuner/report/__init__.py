"""The report: rows of a study -> plain data -> figures -> one HTML file.

``data``, ``families``, ``progress``, ``answers``, ``confirmed`` and ``curves`` know nothing of
pictures; the package ``figures`` nothing of HTML; ``charts`` says which there are, ``sentences``
the words; ``page`` puts them together, and ``page.js`` draws them.
"""

from __future__ import annotations

from pathlib import Path

import optuna

from tuner.definition import StudySpec
from tuner.repeats import Comparison, Confirmation
from tuner.report.comparison import (
    compared_lines,
    comparison_sentence,
    measures_training,
    short,
)
from tuner.report.confirmed import (
    apart_sentence,
    beside_sentences,
    better_sentence,
    confirmed_data,
    confirmed_sentence,
    search_sentence,
)


def write_report(
    study: optuna.Study,
    spec: StudySpec,
    path: str | Path,
    confirmation: Confirmation | None = None,
    schedule_file: bytes = b"",
) -> Path:
    """Write the report of a study as one HTML file that needs no network.

    Args:
        study: The study, in any state. It is read once, so that a running study gives a
            consistent report.
        spec: Its definition.
        path: Where to. An existing file is replaced, whole or not at all.
        confirmation: What fresh seeds say of its best schedules, if they were asked.
        schedule_file: The content of the winner's schedule file, which the page then offers.

    Returns:
        The path.

    Raises:
        ReportError: If the file cannot be written; what was there before is still there.
    """
    # Plotly and Jinja take a while to import, and every command imports this package.
    from tuner.report.page import write_page

    return write_page(study, spec, path, confirmation, schedule_file)


def write_comparison(comparison: Comparison, spec: StudySpec, path: str | Path) -> Path:
    """Write the page of a comparison as one HTML file that needs no network.

    Args:
        comparison: What was compared.
        spec: The definition of its study.
        path: Where to. An existing file is replaced, whole or not at all.

    Returns:
        The path.

    Raises:
        ReportError: If the file cannot be written; what was there before is still there.
    """
    from tuner.report.comparison_page import write_comparison_page

    return write_comparison_page(comparison, spec, path)


__all__ = [
    "apart_sentence",
    "beside_sentences",
    "better_sentence",
    "compared_lines",
    "comparison_sentence",
    "confirmed_data",
    "confirmed_sentence",
    "measures_training",
    "search_sentence",
    "short",
    "write_comparison",
    "write_report",
]
