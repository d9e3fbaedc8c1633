"""The report's charts: for each a title, and its figure or the sentence why there is none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from optuna.study import Study

from tuner.definition import StudySpec
from tuner.reading import EPOCHS
from tuner.repeats import Confirmation
from tuner.report.answers import Answer, which_base_lr, which_power, which_warmup
from tuner.report.confirmed import Confirmed
from tuner.report.data import ReportData
from tuner.report.families import TRAINED, ended_by_pruning, families
from tuner.report.figures.parameters import parameter_charts
from tuner.report.figures.search import (
    answer_figure,
    best_so_far_figure,
    families_figure,
    pruning_figure,
    timeline_figure,
)
from tuner.report.figures.series import listed, measured, panels
from tuner.report.figures.style import Chart, drawn, edge_note
from tuner.report.figures.trainings import (
    Trained,
    any_of,
    best_figure,
    learning_figure,
    overlay_figure,
)
from tuner.report.fresh_charts import fresh_charts
from tuner.report.progress import best_so_far, timeline
from tuner.report.sentences import at_the_start, averaging_sentence, false_prunes_sentence
from tuner.report.slices import order_of, slices_chart
from tuner.report.winner_charts import winner_charts
from tuner.search import TrialRow, false_prunes

_NO_COMPLETE = "It needs a complete trial, and there is none yet."
_MEANS = "Grey: means of ranges of complete trials. "
_CHOSEN = "Trials differ in more than this: the sampler chose them. "


def charts(
    study: Study,
    spec: StudySpec,
    rows: Sequence[TrialRow],
    data: ReportData,
    confirmed: Confirmed | None,
    confirmation: Confirmation | None = None,
) -> dict[str, Chart]:
    """Return all charts by their keys.

    Args:
        study: A moment of a study, in any state.
        spec: Its definition.
        rows: Its trials.
        data: What the report says of them.
        confirmed: What fresh seeds say, in words.
        confirmation: The same, in numbers.
    """
    objective = spec.objective
    winner = next((row for row in rows if row.number == data.winner), None)
    parameters = parameter_charts(study, objective)
    found = [
        _best(data, spec),
        *fresh_charts(confirmed, confirmation, spec),
        *winner_charts(rows, spec, winner, confirmation),
        _overlay(data, spec),
        _learning(rows, spec, data.winner),
        _best_so_far(study, rows, data, spec),
        _families(rows, data, spec),
        _pruning(rows, spec),
        *_answers(rows, spec, data),
        *parameters,
        slices_chart(rows, spec, data.winner, order_of(parameters)),
        _timeline(study, rows),
    ]
    return {chart.key: chart for chart in found}


def _best(data: ReportData, spec: StudySpec) -> Chart:
    best, objective = data.best, spec.objective
    drawn = panels(measured(best.records, objective)) if best else ("learning rate",)
    chart = Chart(
        "best",
        f"The winner's {listed(drawn)} over its training",
        answer=averaging_sentence(
            data.averaging, data.winner, best.accuracy if best else None, objective
        ),
        note=_no_zero([best.curve.rates] if best else []),
        height=140 + 160 * len(drawn),
    )
    if best is None:
        return chart._replace(sentence=_NO_COMPLETE, answer="")
    return chart._replace(figure=best_figure(best, objective, spec.unit))


def _overlay(data: ReportData, spec: StudySpec) -> Chart:
    note = "Grey: the other complete trials, and fainter the pruned and collapsed ones. "
    chart = Chart(
        "schedules",
        "Learning rates of the best schedules, over those of all others",
        note=note + _no_zero(line.curve.rates for line in data.lines),
        height=560,
    )
    lines = [line for line in data.lines if line.state in TRAINED]
    sentence = "It needs a trial that was trained, and there is none."
    how = (data.winner, spec.objective, spec.unit)
    return drawn(chart, lines, sentence, lambda: overlay_figure(lines, *how))


def _learning(rows: Sequence[TrialRow], spec: StudySpec, winner: int | None) -> Chart:
    objective, unit = spec.objective, spec.unit
    trained = [
        Trained(
            row.family,
            row.state == "complete",
            tuple(map(objective.value, row.records)),
            row.number == winner,
        )
        for row in rows
        if any_of([*map(objective.value, row.records)])
    ]
    chart = Chart(
        "learning",
        f"{at_the_start(objective.judged_by)} of every trial after {unit.each}",
        note="Paler: trials that are not complete. A high learning rate hides progress until it"
        " decays.",
        height=420,
    )
    needed = "trained epoch" if unit == EPOCHS else "report"
    sentence = f"It needs a {needed}, and no trial has one."
    how = (spec.epochs, objective, unit)
    return drawn(chart, trained, sentence, lambda: learning_figure(trained, *how))


def _best_so_far(
    study: Study, rows: Sequence[TrialRow], data: ReportData, spec: StudySpec
) -> Chart:
    objective, unit = spec.objective, spec.unit
    steps = best_so_far(rows, study.get_trials(deepcopy=False))
    trained = f"the {unit.words} that had been trained"
    title = f"The best {objective.judged_by} so far, against {trained}"
    chart = Chart(
        "progress", title, note=f"Points: complete trials. {edge_note(objective.minimized)}"
    )
    how = (data.winner, objective, unit)
    return drawn(chart, steps, _NO_COMPLETE, lambda: best_so_far_figure(steps, *how))


def _families(rows: Sequence[TrialRow], data: ReportData, spec: StudySpec) -> Chart:
    objective = spec.objective
    found = [family for family in families(rows, objective) if family.dots]
    chart = Chart(
        "families",
        f"{at_the_start(objective.judged_by)} by family, a point for every trained trial",
        note="Filled: complete, with their quartiles as a box. Open: pruned, at their last"
        f" {objective.noun}. Crosses: collapsed. {edge_note(objective.minimized)}",
        height=120 + 64 * len(found),
    )
    complete = any(family.of("complete") for family in found)
    how = (data.winner, objective, spec.unit)
    return drawn(chart, complete, _NO_COMPLETE, lambda: families_figure(found, *how))


def _pruning(rows: Sequence[TrialRow], spec: StudySpec) -> Chart:
    ended, prunes = ended_by_pruning(rows), spec.pruner.prunes
    missed = false_prunes_sentence(false_prunes(rows), spec.pruner.control_share)
    chart = Chart(
        "pruning",
        "Where pruning ended trials, by family",
        answer=missed if prunes else "",
        height=320,
    )
    sentence = "Pruning has ended no trial." if prunes else "The study prunes no trial."
    return drawn(chart, ended, sentence, lambda: pruning_figure(ended, spec.epochs, spec.unit))


def is_of_the_chapter(spec: StudySpec) -> bool:
    """Tell whether a study trains what the chapter trains, whose exercises it then answers."""
    return spec.training.name == "lenet_fashion_mnist"


def _answers(rows: Sequence[TrialRow], spec: StudySpec, data: ReportData) -> list[Chart]:
    """Return the charts of the chapter's exercises; elsewhere of what was sampled alone."""
    objective = spec.objective
    asked: list[tuple[str, str, str, Answer, dict[str, Any], str]] = [
        (
            "base-lr", "base_lr",
            "Which base LR is safe, and what a fixed one reaches (exercise 1)",
            which_base_lr(rows, objective), {"title": {"text": "base LR"}, "type": "log"},
            _NO_COMPLETE,
        ),
        (
            "power", "power",
            "How the exponent of a polynomial decay changes what it reaches (exercise 2)",
            which_power(rows, objective), {"title": {"text": "exponent (power of poly)"}},
            "It needs two complete trials of the family poly with different exponents.",
        ),
        (
            "warmup", "warmup_steps", "How long warmup should last (exercise 4)",
            which_warmup(rows, spec.space.clock, objective),
            {"title": {"text": f"warmup ({spec.unit.words})"}},
            "It needs two complete trials with different lengths of warmup.",
        ),
    ]  # fmt: skip
    chapter = is_of_the_chapter(spec)
    note = _CHOSEN + _MEANS + edge_note(objective.minimized)
    return [
        _answer(
            Chart(key, title if chapter else title.partition(" (exercise")[0], note=note),
            answer, missing, data, spec, axis,
        )
        for key, param, title, answer, axis, missing in asked
        if chapter or param in spec.space.params
    ]  # fmt: skip


def _answer(
    chart: Chart,
    answer: Answer,
    missing: str,
    data: ReportData,
    spec: StudySpec,
    axis: dict[str, Any],
) -> Chart:
    xs = {point.x for point in answer.points if point.dot.kind == "complete"}
    if not xs or not answer.sentence:
        return chart._replace(sentence=missing)
    figure = answer_figure(answer, data.winner, spec.objective, axis, spec.unit)
    return chart._replace(figure=figure, answer=answer.sentence)


def _timeline(study: Study, rows: Sequence[TrialRow]) -> Chart:
    bars = timeline(rows, study.get_trials(deepcopy=False))
    workers = len({bar.worker for bar in bars})
    chart = Chart(
        "timeline",
        "Which worker trained which trial, and when",
        note="Pale: trials that are not complete; hatched: collapsed or failed.",
        height=150 + 34 * workers,
    )
    sentence = "No trial has been started yet."
    return drawn(chart, bars, sentence, lambda: timeline_figure(bars))


def _no_zero(curves: Iterable[Sequence[float | None]]) -> str:
    zero = any(rate is None for rates in curves for rate in rates)
    return "A learning rate of 0 has no place on this axis and is left out." if zero else ""
