"""Any pruner of Optuna's, by its name, whose steps are epochs."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from tuner.errors import StudyError
from tuner.search.by_name import PRUNERS
from tuner.search.pruners import Median, OptunaPruner

from ..searches import search
from .curves import BAD, GOOD, epochs_trained

CURVES = [GOOD, GOOD, GOOD, BAD]
# After how many epochs each of the curves ends.
PRUNED: list[tuple[str, dict[str, Any], list[int]]] = [
    ("MedianPruner", {"n_startup_trials": 3}, [9, 9, 9, 1]),
    ("MedianPruner", {"n_startup_trials": 3, "n_warmup_steps": 4}, [9, 9, 9, 4]),
    ("MedianPruner", {"n_startup_trials": 9}, [9, 9, 9, 9]),
    ("PercentilePruner", {"percentile": 50.0, "n_startup_trials": 2}, [9, 9, 9, 1]),
    ("SuccessiveHalvingPruner", {"min_resource": 2, "reduction_factor": 3}, [9, 9, 9, 2]),
    ("HyperbandPruner", {"min_resource": 3, "max_resource": 3}, [9, 9, 9, 3]),
    ("ThresholdPruner", {"lower": 0.125}, [9, 9, 9, 1]),
    ("ThresholdPruner", {"upper": 0.905, "n_warmup_steps": 8}, [8, 8, 8, 9]),
    ("PatientPruner", {"patience": 1}, [9, 9, 9, 9]),
    ("PatientPruner", {"patience": 0, "wrapped_pruner": {"name": "NopPruner"}}, [9, 9, 9, 9]),
    ("NopPruner", {}, [9, 9, 9, 9]),
]


def pruner(name: str, options: dict[str, Any]) -> OptunaPruner:
    found = OptunaPruner(type="optuna", name=name, options=options)
    assert found.wrong() == {}
    return found


@pytest.mark.parametrize(("name", "options", "ends"), PRUNED, ids=str)
def test_where_trials_end(name: str, options: dict[str, Any], ends: list[int]) -> None:
    assert epochs_trained(pruner(name, options), CURVES) == ends


def test_they_are_what_the_tables_of_their_own_are() -> None:
    ours = Median(type="median", n_startup_trials=3, warmup="2ep")
    theirs = pruner("MedianPruner", {"n_startup_trials": 3, "n_warmup_steps": 3})
    assert epochs_trained(ours, CURVES) == epochs_trained(theirs, CURVES)


@pytest.mark.usefixtures("seconds")
def test_wilcoxon_compares_epochs_in_pairs() -> None:
    pytest.importorskip("scipy")
    assert epochs_trained(pruner("WilcoxonPruner", {}), CURVES)[-1] < 9


def test_whether_anything_is_pruned() -> None:
    assert pruner("MedianPruner", {}).prunes
    assert not pruner("NopPruner", {}).prunes


def test_every_pruner_that_is_offered_is_tried_here() -> None:
    assert {name for name, _, _ in PRUNED} | {"WilcoxonPruner"} == {*PRUNERS.names}


@pytest.mark.parametrize(
    ("name", "options", "place", "text"),
    [
        ("Median", {}, "name", "must be a class of optuna.pruners, but got 'Median'; did you me"),
        ("BasePruner", {}, "name", "must be a class of optuna.pruners"),
        ("PercentilePruner", {}, "options.percentile", "is required, but missing"),
        ("PercentilePruner", {"percentile": 250.0}, "options", "it says: Percentile must be"),
        ("MedianPruner", {"warmup": 3}, "options.warmup", "unknown key; did you mean 'n_warmup_s"),
        ("MedianPruner", {"n_warmup_steps": "3ep"}, "options.n_warmup_steps",
         "must be a whole number, but got '3ep'"),
        ("ThresholdPruner", {}, "options", "it says: Either lower or upper must be specified"),
        ("PatientPruner", {"patience": 1, "wrapped_pruner": {"options": {}}},
         "options.wrapped_pruner", "must be a table with `name` and `options`, but got"),
        ("HyperbandPruner", {"max_resource": "all"}, "options", "should be integer or 'auto'"),
    ],
    ids=str,
)  # fmt: skip
def test_mistakes(name: str, options: dict[str, Any], place: str, text: str) -> None:
    found = OptunaPruner(type="optuna", name=name, options=options).wrong()
    assert [*found] == [place]
    assert text in found[place]


def test_a_package_that_is_missing_is_named_with_the_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(StudyError, match=r"WilcoxonPruner needs scipy, .* `pip install scipy`"):
        pruner("WilcoxonPruner", {}).make(search(9, 10))
