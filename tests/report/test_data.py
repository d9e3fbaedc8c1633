from __future__ import annotations

from typing import Any

import pytest

from tuner.definition import StudySpec
from tuner.reading import Clock
from tuner.report.data import TOP, parameters, report_data, varying
from tuner.report.sentences import verdict_sentence
from tuner.report.verdict import Contender, Verdict
from tuner.schedules import Cosine, Inverse, Linear, MultiFactor, Piecewise, Schedules
from tuner.search import TrialRow, ranking, trial_rows
from tuner.tasks import EpochRecord

from .rows import ACCURACY, record
from .studies import HOSTILE, STATES, study_in

CLOCK = Clock(updates_per_epoch=10, horizon=40)


def row(number: int, value: float | None, **more: Any) -> TrialRow:
    base_lr = 0.01 * (number + 1)
    start: dict[str, Any] = {
        "number": number, "state": "complete", "value": value, "baseline": None,
        "params": {"family": "cosine", "base_lr": base_lr},
        "schedule": Cosine(base_lr=base_lr, final_lr=0.001, horizon=40),
        "records": (EpochRecord(1, 2.0, 0.3, 0.4, 0.1, 0.1, 1.5),), "reason": "",
    }  # fmt: skip
    return TrialRow(**{**start, **more})


def test_the_best_trial_is_the_first_of_the_ranking(spec: StudySpec) -> None:
    rows = trial_rows(study_in("mixed", spec))
    data = report_data(rows, spec.space.clock, spec.objective)
    first = ranking(rows)[0]
    assert data.best is not None
    assert data.best.number == first.number
    assert data.best.accuracy == first.value
    assert data.best.text == repr(first.schedule)
    assert data.best.records == first.records
    assert data.best.curve.epochs[-1] == spec.epochs


def test_no_trial_that_is_not_complete_is_best_whatever_its_value() -> None:
    data = report_data([row(0, 0.99, state="pruned"), row(1, 0.5)], CLOCK, ACCURACY)
    assert data.best is not None
    assert data.best.number == 1
    assert [line.rank for line in data.lines] == [None, 1]


@pytest.mark.parametrize("state", ["waiting", "pruned"])
def test_a_confirmed_baseline_that_is_not_complete_has_no_value(state: str) -> None:
    confirmed = row(1, None if state == "waiting" else 0.3, state=state, baseline="by hand")
    data = report_data([row(0, 0.5), confirmed], CLOCK, ACCURACY, confirmed)
    assert data.best is not None
    assert (data.winner, data.best.accuracy, data.averaging) == (1, None, None)


def test_the_leaders_are_the_top_and_all_baselines() -> None:
    rows = [row(n, 0.5 + 0.01 * n) for n in range(TOP + 4)]
    rows[0] = rows[0]._replace(baseline="poor one")
    rows.append(row(TOP + 4, 0.1, baseline="pruned one", state="pruned"))
    rows.append(row(TOP + 5, None, baseline="no run yet", state="waiting", records=()))
    leaders = report_data(rows, CLOCK, ACCURACY).leaders
    assert [entry.rank for entry in leaders] == [*range(1, TOP + 1), TOP + 4, None, None]
    assert [entry.baseline for entry in leaders[-3:]] == ["poor one", "pruned one", "no run yet"]


def test_every_trial_is_an_entry(spec: StudySpec) -> None:
    rows = trial_rows(study_in("mixed", spec))
    entries = report_data(rows, spec.space.clock, spec.objective).entries
    assert [entry.number for entry in entries] == [row.number for row in rows]
    failed = next(entry for entry in entries if entry.state == "failed")
    assert (failed.accuracy, failed.epochs, failed.seconds) == (None, 0, 0)
    assert failed.reason == f"{HOSTILE} of trial {failed.number}"
    pruned = next(entry for entry in entries if entry.state == "pruned")
    assert (pruned.rank, pruned.epochs, pruned.seconds) == (None, 1, 1.25)


@pytest.mark.parametrize("state", STATES)
def test_every_trial_with_a_schedule_is_a_line(state: str, spec: StudySpec) -> None:
    data = report_data(trial_rows(study_in(state, spec)), spec.space.clock, spec.objective)
    assert [line.state for line in data.lines] == STATES[state]


def test_durations_are_in_updates_and_in_epochs() -> None:
    drops = MultiFactor(base_lr=0.5, horizon=40, decay_factor=0.5, milestones=(15, 30))
    words = dict(parameters(drops, updates_per_epoch=10))
    assert words["horizon"] == "40 updates (4 epochs)"
    assert words["milestones"] == "15 updates (1.5 epochs); 30 updates (3 epochs)"
    assert words["decay_factor"] == "0.5"
    knots = Piecewise(base_lr=0.5, horizon=40, knots=((0, 1.0), (20, 0.5)))
    assert dict(parameters(knots, 10))["knots"] == (
        "0 updates (0 epochs): 1; 20 updates (2 epochs): 0.5"
    )


def test_parameters_of_several_quantities_have_their_names() -> None:
    lr = Linear(base_lr=0.5, horizon=40)
    momentum = Inverse(of=lr, low=0.85, high=0.95)
    words = dict(parameters(Schedules(lr=lr, momentum=momentum), updates_per_epoch=10))
    assert words["horizon"] == "40 updates (4 epochs)"
    own = {name: value for name, value in words.items() if "." in name}
    assert own == {"momentum.of": "the linear", "momentum.low": "0.85", "momentum.high": "0.95"}
    assert "groups" not in words  # of which there are none
    with_groups = Schedules(lr=lr, groups={"head": 0.1})
    assert dict(parameters(with_groups, 10))["groups.head.lr"] == "0.1"


def test_sampled_options_are_columns(spec: StudySpec) -> None:
    rows = trial_rows(study_in("mixed", spec))
    rows[1] = rows[1]._replace(options={"weight_decay": 0.02, "batch_size": 64})
    data = report_data(rows, spec.space.clock, spec.objective)
    assert data.options == ["weight_decay", "batch_size"]
    assert data.entries[1].options == rows[1].options
    assert not data.entries[0].options


def test_parameters_that_vary() -> None:
    assert varying([{"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 1}]) == ["b"]
    assert varying([]) == []


BEST = Contender(number=7, family="cosine", base_lr=0.27, accuracy=0.9057, baseline=None)
BASELINE = Contender(number=1, family="poly", base_lr=0.3, accuracy=0.9037, baseline="by hand")
STATE_COUNTS = (("complete", 2), ("pruned", 3))


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [
        (Verdict(None, None, ()), "The study has no trials yet, so there is no best schedule."),
        (
            Verdict(None, None, (("pruned", 3),)),
            "No trial is complete yet (3 pruned), so there is no best schedule.",
        ),
        (
            Verdict(BEST, None, (("complete", 1),)),
            "The best schedule of 1 trial (1 complete) is cosine with base LR 0.27, with a test"
            " accuracy of 0.9057 in trial 7 – one run, chosen by its accuracy on the test set –"
            " and no baseline is complete to hold against it.",
        ),
        (
            Verdict(BEST, BASELINE, STATE_COUNTS),
            "The best schedule of 5 trials (2 complete, 3 pruned) is cosine with base LR 0.27,"
            " with a test accuracy of 0.9057 in trial 7 – one run, chosen by its accuracy on the"
            " test set – 0.0020 above the best baseline, “by hand”, poly with base LR 0.3"
            " (0.9037, trial 1, one run too).",
        ),
        (
            Verdict(BASELINE, BEST._replace(accuracy=0.8), STATE_COUNTS),
            "The best schedule of 5 trials (2 complete, 3 pruned) is “by hand”, poly with base LR"
            " 0.3, with a test accuracy of 0.9037 in trial 1 – one run, chosen by its accuracy on"
            " the test set – and a baseline itself, 0.1037 above the best sampled schedule,"
            " cosine with base LR 0.27 (0.8000, trial 7, one run too).",
        ),
        (
            Verdict(
                BEST, BASELINE, (("complete", 4),), BASELINE._replace(accuracy=0.9101),
                (BEST._replace(number=8), BASELINE),
            ),
            "The best schedule of 4 trials (4 complete) is cosine with base LR 0.27, with a test"
            " accuracy of 0.9057 in trial 7 – one run, chosen by its accuracy on the test set –"
            " 0.0020 above the best baseline, “by hand”, poly with base LR 0.3 (0.9037, trial 1,"
            " one run too); averaged weights do better: 0.9101 at the end of trial 1, “by hand”,"
            " poly with base LR 0.3; as good: trial 8.",
        ),
    ],
)  # fmt: skip
def test_the_verdict_in_words(verdict: Verdict, sentence: str) -> None:
    assert verdict_sentence(verdict, ACCURACY) == sentence


def test_a_draw_with_the_baseline_is_no_win() -> None:
    drawn = verdict_sentence(
        Verdict(BEST, BASELINE._replace(accuracy=0.9057), STATE_COUNTS), ACCURACY
    )
    assert "no better than the best baseline" in drawn
    first = verdict_sentence(
        Verdict(BASELINE, BEST._replace(accuracy=0.9037), STATE_COUNTS), ACCURACY
    )
    assert "as good as the best sampled schedule" in first


def test_averaged_weights_and_ties_are_beside_the_best() -> None:
    averaged = [row(n, 0.8, records=(record(4, 0.8, mean),)) for n, mean in enumerate((0.9, 0.7))]
    verdict = report_data([*averaged, row(2, 0.5)], CLOCK, ACCURACY).verdict
    assert verdict.averaged is not None
    assert (verdict.averaged.number, verdict.averaged.accuracy) == (0, 0.9)
    assert [each.number for each in verdict.ties] == [1]
    worse = row(0, 0.8, records=(record(4, 0.8, 0.79),))
    assert report_data([worse], CLOCK, ACCURACY).verdict.averaged is None


def test_the_rival_of_a_sampled_schedule_is_a_baseline_and_the_other_way_round() -> None:
    rows = [row(0, 0.7, baseline="a"), row(1, 0.9), row(2, 0.8), row(3, 0.6, baseline="b")]
    verdict = report_data(rows, CLOCK, ACCURACY).verdict
    assert verdict.best is not None
    assert verdict.rival is not None
    assert (verdict.best.number, verdict.rival.number) == (1, 0)
    rows[0] = rows[0]._replace(value=0.95)
    verdict = report_data(rows, CLOCK, ACCURACY).verdict
    assert verdict.best is not None
    assert verdict.rival is not None
    assert (verdict.best.number, verdict.rival.number) == (0, 1)
