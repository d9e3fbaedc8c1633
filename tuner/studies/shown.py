"""A study's result as text, as HTML in a notebook, and as tables."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tuner.definition import StudySpec
from tuner.errors import StudyError
from tuner.reading import Unit, options_told
from tuner.repeats import Confirmation, spread
from tuner.report import apart_sentence, beside_sentences, better_sentence
from tuner.schedules import svg
from tuner.search import Summary, TrialRow
from tuner.space import as_params
from tuner.storage import hide_password
from tuner.tasks import EpochRecord, said_batch_size

if TYPE_CHECKING:
    from pandas import DataFrame


def trial_columns(rows: Sequence[TrialRow], unit: Unit) -> dict[str, list[Any]]:
    """Return trials by column: number, state, value, family, every parameter, how it went.

    Their length is told in a unit.
    """
    params = [{**row.params, **as_params(row.options)} for row in rows]
    own = [row.params for row in rows]  # whose order is that of the search space
    names = dict.fromkeys(name for each in [*own, *params] for name in each if name != "family")
    return {
        "number": [row.number for row in rows],
        "state": [row.state for row in rows],
        "value": [row.value for row in rows],
        "family": [row.family for row in rows],
        **{name: [each.get(name) for each in params] for name in names},
        "baseline": [row.baseline for row in rows],
        unit.words: [unit.count(row.epochs) for row in rows],
        "reason": [row.reason for row in rows],
        "seconds": [row.seconds for row in rows],
    }


def curve_columns(rows: Sequence[TrialRow], spec: StudySpec) -> dict[str, list[Any]]:
    """Return the epochs of trials by column: its value, and what else was recorded."""
    pairs = [(row, record) for row in rows for record in row.records]
    size = spec.task.updates_per_epoch
    own = ("epoch", "value", "averaged_value")
    fields = [name for name in EpochRecord._fields if name not in own]
    return {
        "number": [row.number for row, _ in pairs],
        "family": [row.family for row, _ in pairs],
        "epoch": [record.epoch for _, record in pairs],
        "updates": [(row.updates_per_epoch or size) * record.epoch for row, record in pairs],
        "value": [spec.objective.value(record) for _, record in pairs],
        "averaged_value": [spec.objective.averaged_value(record) for _, record in pairs],
        **{name: [getattr(record, name) for _, record in pairs] for name in fields},
    }


def data_frame(columns: Mapping[str, Sequence[Any]]) -> DataFrame:
    """Return columns as a table of pandas.

    Raises:
        StudyError: If pandas is not installed.
    """
    try:
        import pandas
    except ImportError as error:
        raise StudyError(
            f"pandas must be importable to make a table of a study, but: {error}. Type"
            " `pip install pandas`."
        ) from error
    return pandas.DataFrame(columns)


def plain_task(spec: StudySpec) -> dict[str, Any]:
    """Return what is trained as plain data, without a batch size that nobody said."""
    found = spec.training.plain() | spec.task.identity()
    if said_batch_size(spec.task) is not None:
        return found
    options = {"options": _without_size(found["options"])} if "options" in found else {}
    return {**_without_size(found), **options}


def _without_size(table: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in table.items() if key != "batch_size"}


def lines(
    summary: Summary, spec: StudySpec, ended: str, confirmed: Confirmation | None
) -> list[tuple[str, str]]:
    """Return in words, each under its heading, where a study stands.

    Args:
        summary: Where it stands.
        spec: Its definition.
        confirmed: What trainings on fresh seeds say of its best; None if there are none.
        ended: How the run that it is from ended; ``""`` if it was only opened.
    """
    states = ", ".join(f"{count} {state}" for state, count in sorted(summary.states.items()))
    count = f"{summary.finished}/{summary.budget} trials"
    found = [("study", f"{summary.name}: {', '.join(filter(None, [ended, count]))}")]
    found.append(("trials", states or "none yet"))
    best, objective = summary.best, spec.objective
    if best is None:
        found.append(("best", summary.lost or "no trial is complete yet"))
    else:
        value, form = best.title, objective.digits
        winner = confirmed.winner if confirmed else None
        found_again = spread([*winner.values.values()]) if winner else None
        if found_again and found_again.se is not None:
            value += f", {objective.judged_by} {found_again.mean:{form}} ± {found_again.se:{form}}"
            value += f" on {found_again.n} fresh seeds"
        elif best.state == "complete":
            value += f", {objective.judged_by} {best.value:{form}}, one run"
        found += [("best", value), ("", best.schedule_text)]
        found += [("", f"with {options_told(best.options)}")] if best.options else []
        apart = apart_sentence(confirmed) if confirmed else ""
        tie = "tie" if apart.startswith("not") else ""
        found += [(tie, f"{apart} by the fresh seeds")] if apart else []
        better = better_sentence(confirmed, objective.judged_by) if confirmed else ""
        beside = [better, *beside_sentences(summary, confirmed, objective.judged_by)]
        found += [("", sentence) for sentence in filter(None, beside)]
    for heading, name in (("schedule", "best.json"), ("report", "report.html")):
        if (spec.folder / name).exists():
            found.append((heading, str(spec.folder / name)))
    found.append(("storage", hide_password(spec.storage_url)))
    return found


def folded(heading: str, text: str, width: int = 80) -> str:
    """Return a text behind its heading, in lines that fit a page; a word is never broken.

    Example:
        >>> print(folded("best", "trial 7, loss 0.91", 20))
        best     trial 7,
                 loss 0.91
    """
    start = f"{heading:<9}"
    indent = " " * len(start)
    lines_of = textwrap.TextWrapper(
        width, initial_indent=start, subsequent_indent=indent,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
    return "\n".join(lines_of.wrap(text))


def as_html(summary: Summary, spec: StudySpec, ended: str, confirmed: Confirmation | None) -> str:
    """Return the same as HTML, with a picture of the best schedule."""
    rows = "".join(
        f"<tr><th style='text-align: left'>{html.escape(heading)}</th>"
        f"<td style='text-align: left'>{html.escape(text)}</td></tr>"
        for heading, text in lines(summary, spec, ended, confirmed)
    )
    schedule = summary.best.schedule if summary.best else None
    return f"<div><table>{rows}</table>{svg(schedule) if schedule else ''}</div>"
