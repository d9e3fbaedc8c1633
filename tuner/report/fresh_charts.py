"""The charts of a confirm: its trainings, how far apart they are seed by seed, their curves."""

from __future__ import annotations

import math

from tuner.definition import Objective, StudySpec
from tuner.repeats import Candidate, Confirmation, differences
from tuner.report.confirmed import Confirmed
from tuner.report.curves import curve_of
from tuner.report.figures.style import Chart, drawn, edge_note, row_height
from tuner.report.figures.together import Apart, Together, apart_figure, together_figure
from tuner.report.figures.trainings import confirmed_figure
from tuner.report.sentences import at_the_start

_MISSING = "It needs trainings on fresh seeds, and there is none: “tuner confirm” makes them."


def fresh_charts(
    confirmed: Confirmed | None, confirmation: Confirmation | None, spec: StudySpec
) -> list[Chart]:
    """Return the charts.

    Args:
        confirmed: The confirm in words.
        confirmation: The same in numbers.
        spec: The definition of its study.
    """
    objective = spec.objective.for_test_set()
    found = [_confirmed(confirmed, objective)]
    if confirmation and confirmation.trained:
        found += [_apart(confirmation, objective), _together(confirmation, objective, spec)]
    return found


def _confirmed(confirmed: Confirmed | None, objective: Objective) -> Chart:
    finalists = [f for f in confirmed.finalists if f.values] if confirmed else []
    survived = any(math.isfinite(value) for f in finalists for value in f.values)
    chart = Chart(
        "confirmed",
        f"{at_the_start(objective.judged_by)} of every training on fresh seeds, and the means",
        note="Rings: one training each. Diamonds: mean ± standard error."
        f" {edge_note(objective.minimized)}",
        height=110 + row_height((f.label for f in finalists), 52) * len(finalists),
    )
    sentence = "It needs a training that did not diverge, and there is none."
    sentence = sentence if finalists else _MISSING
    return drawn(chart, survived, sentence, lambda: confirmed_figure(finalists, objective))


def _apart(confirmation: Confirmation, objective: Objective) -> Chart:
    first, *others = confirmation.rows
    rows = [
        Apart(row.candidate.label, by_seed, row.to_leader)
        for row in others
        if (by_seed := differences(row.candidate.values, first.candidate.values))
        and all(map(math.isfinite, by_seed.values()))
    ]
    chart = Chart(
        "apart",
        f"Seed by seed: how far each is from {first.candidate.label}",
        note="Rings: one seed each. Diamonds: the mean with its 95 % interval, which reaches 0"
        f" where the seeds do not separate the two. {edge_note(objective.minimized)}",
        height=110 + row_height((row.label for row in rows), 34) * len(rows),
    )
    sentence = "It needs another schedule that did not diverge on the same seeds."
    how = (objective.judged_by, objective.minimized)
    return drawn(chart, rows, sentence, lambda: apart_figure(rows, *how))


def _together(confirmation: Confirmation, objective: Objective, spec: StudySpec) -> Chart:
    clock = spec.space.clock

    def one(candidate: Candidate) -> Together:
        size = spec.clock_with(candidate.options).updates_per_epoch
        curve = curve_of(candidate.schedule, size, clock)
        return Together(candidate.label, curve, candidate.curves)

    chart = Chart(
        "together",
        "All schedules on the fresh seeds together",
        note="Thick: the mean over the seeds. Faint: each of them. Press a name to leave it out.",
        height=560,
    )
    every = [one(row.candidate) for row in confirmation.rows]
    how = (clock, objective.judged_by, objective.minimized)
    return drawn(chart, every, _MISSING, lambda: together_figure(every, *how))
