"""The charts that only a tuner of schedules can draw: the winner's place among all schedules."""

from __future__ import annotations

from collections.abc import Sequence

from tuner.definition import StudySpec
from tuner.repeats import Confirmation
from tuner.report import frontier, robustness
from tuner.report.figures.style import Chart, drawn
from tuner.report.figures.winner import (
    changes_figure,
    frontier_figure,
    map_figure,
    plane_figure,
)
from tuner.report.outlook import PERCENT, Outlook
from tuner.report.plane import plane
from tuner.search import Telling, TrialRow

_EXPECTED = (
    "Nothing was trained for it: the search's own model says it, which knows of a schedule the"
    " learning rate at its end and the sum of all of them."
)


def winner_charts(
    rows: Sequence[TrialRow],
    spec: StudySpec,
    winner: TrialRow | None,
    confirmation: Confirmation | None,
) -> list[Chart]:
    """Return the charts of robustness, of the frontier and of all schedules in a plane.

    Args:
        rows: The trials.
        spec: The study's definition.
        winner: The best trial.
        confirmation: What fresh seeds say.
    """
    telling = Telling(spec.space)
    outlook = Outlook.of(rows, spec, telling)
    return [
        *_robustness(winner, outlook, spec),
        _frontier(rows, spec, winner, confirmation),
        _plane(rows, spec, winner, outlook, telling),
    ]


def _robustness(winner: TrialRow | None, outlook: Outlook | None, spec: StudySpec) -> list[Chart]:
    objective = spec.objective
    found = robustness.robustness(winner, outlook, spec)
    missing = robustness.missing(spec)
    changes = Chart(
        "robustness",
        "What a change to the winner would cost",
        note=f"{_EXPECTED} Bars: {PERCENT} % of single runs. A warmup counts by what it takes from"
        " the sum alone. Crosses: more likely collapses than not.",
        height=130 + 34 * len(found.changes if found else ()),
    )
    around = Chart(
        "map",
        f"Expected {objective.judged_by} around the winner",
        note=f"{_EXPECTED} Ring: the winner. Empty: no such schedule. Crosses: more likely"
        " collapses than not.",
        height=420,
    )
    if found is None:
        return [chart._replace(sentence=missing) for chart in (changes, around)]
    no_end = "It needs a winner of a family with a final LR above 0."
    return [
        changes._replace(
            figure=changes_figure(found, objective), answer=robustness.sentence(found, objective)
        ),
        drawn(around, found.cells, no_end, lambda: map_figure(found, objective)),
    ]


def _frontier(
    rows: Sequence[TrialRow],
    spec: StudySpec,
    winner: TrialRow | None,
    confirmation: Confirmation | None,
) -> Chart:
    objective, unit = spec.objective, spec.unit
    # Fresh seeds are judged on the test set, whatever the search was judged on.
    fresh = confirmation if objective.for_test_set() == objective else None
    number = winner.number if winner else None
    found = frontier.frontier(rows, number, objective, fresh)
    chart = Chart(
        "frontier",
        f"The {objective.judged_by} that is reached after how many {unit.words}",
        note="Every curve is of a schedule that is laid out for the whole training; one that is"
        " laid out for less decays in time and may reach more. Averaged weights count where they"
        " are better. The best of all is the best of many single runs, which flatters it.",
    )
    if found is None:
        return chart._replace(sentence="It needs a winner and a baseline that is complete.")
    return chart._replace(
        figure=frontier_figure(found, spec.epochs, objective, unit),
        answer=frontier.sentence(found, objective, unit),
    )


def _plane(
    rows: Sequence[TrialRow],
    spec: StudySpec,
    winner: TrialRow | None,
    outlook: Outlook | None,
    telling: Telling,
) -> Chart:
    objective = spec.objective
    found = plane(rows, spec, objective, outlook, telling)
    complete = any(place.dot.kind == "complete" for place in found.places)
    chart = Chart(
        "plane",
        "All schedules by what the search tells them apart by",
        note=f"Colour: {objective.judged_by}. Grey and open: pruned. Crosses: collapsed. Lines:"
        f" {objective.judged_by} as the model expects it of a training that survives. An end of 0"
        " lies at the edge.",
        height=520,
    )
    number = winner.number if winner else None
    sentence = "It needs a complete trial, and there is none yet."
    return drawn(
        chart, complete, sentence, lambda: plane_figure(found, number, objective, spec.unit)
    )
