"""Means, paired intervals, the tie set and the race, on rows that were computed by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner import Constant
from tuner.definition import fresh_seeds
from tuner.repeats import (
    Candidate,
    Confirmation,
    Difference,
    better_than_winner,
    closest,
    difference,
    spread,
)
from tuner.repeats.confirmation import leader, tie_set
from tuner.repeats.paired import quantile
from tuner.repeats.racing import race


def candidate(
    label: str, values: Sequence[float | None] | Mapping[int, float | None], trial: int | None = 0
) -> Candidate:
    """Return a candidate with values for seeds 1, 2, ...; one schedule for each label."""
    found = values if isinstance(values, Mapping) else dict(enumerate(values, start=1))
    rate = 1 + int.from_bytes(label.encode(), "big")
    return Candidate(label, Constant(base_lr=float(rate), horizon=10), trial, found)


def test_spread() -> None:
    # Deviations -0.02, 0, 0.02: variance 0.0008 / 2.
    found = spread([0.88, 0.90, 0.92])
    assert found is not None
    assert found.n == 3
    assert found.mean == pytest.approx(0.90)
    assert found.sd == pytest.approx(0.02)
    assert found.se == pytest.approx(0.0115470054)
    assert spread([]) is None
    assert spread([0.5]) == (1, 0.5, None, None)


def test_paired_difference() -> None:
    # Differences 0.01, 0.02, 0.03 on seeds 1 to 3: mean 0.02, sd 0.01, se 0.0057735;
    # t(2) = 4.303 makes 0.0248434. Seed 4 is the first one's alone.
    one = candidate("a", [0.91, 0.72, 0.83, 0.10])
    other = candidate("b", [0.90, 0.70, 0.80])
    found = difference(one, other)
    assert found == pytest.approx((3, 0.02, 0.02 - 0.0248434, 0.02 + 0.0248434), abs=1e-7)
    assert difference(one, candidate("c", {9: 0.5})) is None
    assert difference(one, candidate("d", {2: 0.7})) == Difference(
        1, pytest.approx(0.02), -math.inf, math.inf
    )


@pytest.mark.parametrize(
    ("one", "other", "low"),
    [
        ([0.895, 0.905], [0.890, 0.900], -math.inf),  # by chance, in steps of 0.005
        ([0.895, 0.905, 0.9], [0.890, 0.900, 0.895], -math.inf),
        ([0.895, 0.905, 0.9, 0.9], [0.890, 0.900, 0.895, 0.895], 0.005),
        ([0.895, 0.895], [0.890, 0.890], 0.005),  # a training that no seed moves
    ],
)
def test_few_equal_differences_are_no_certainty(
    one: list[float], other: list[float], low: float
) -> None:
    found = difference(candidate("a", one), candidate("b", other))
    assert found is not None
    assert (found.mean, found.low) == pytest.approx((0.005, low), abs=1e-12)


def test_a_failed_training_is_no_value() -> None:
    one, other = candidate("a", [0.9, None, 0.7]), candidate("b", [0.8, 0.1, 0.6])
    found = difference(one, other)
    assert found is not None
    assert (found.n, found.mean) == (2, pytest.approx(0.1))


def test_quantiles_are_those_of_students_t() -> None:
    """P(|T| <= t), by integrating the density, is 0.95 to the digits of the table."""

    def within(t: float, degrees: int, steps: int = 20_000) -> float:
        scale = math.gamma((degrees + 1) / 2) / math.gamma(degrees / 2)
        scale /= math.sqrt(degrees * math.pi)
        width = t / steps
        density = [
            (1 + ((i + 0.5) * width) ** 2 / degrees) ** (-(degrees + 1) / 2) for i in range(steps)
        ]
        return 2 * scale * width * math.fsum(density)

    for degrees in range(1, 31):
        low, high = quantile(degrees) - 0.0006, quantile(degrees) + 0.0006
        assert within(low, degrees) < 0.95 < within(high, degrees), degrees
    assert quantile(31) == quantile(1000) == 1.96


def test_the_leader_has_the_best_mean_of_those_with_the_most_seeds() -> None:
    long, lucky = candidate("a", [0.9, 0.9, 0.9, 0.7]), candidate("b", [0.89, 0.89, 0.89])
    assert leader([lucky, long]) is long
    assert leader([candidate("c", [0.8]), candidate("d", [0.8])]).label == "c"
    assert leader([candidate("a", [None]), candidate("b", [])]) is None


def test_the_tie_set() -> None:
    best = candidate("a", [0.90, 0.80, 0.70])
    # Behind by 0.01, 0.012, 0.011 on every seed, though its mean is well within the spread.
    apart = candidate("b", [0.89, 0.788, 0.689])
    close = candidate("c", [0.91, 0.77, 0.69])
    assert [c.label for c in tie_set([apart, close, best])] == ["a", "c"]
    # Far better on the two seeds it has: not the leader yet, and not out of the race.
    ahead = candidate("d", [0.95, 0.851])
    assert [c.label for c in tie_set([apart, ahead, best])] == ["a", "d"]
    assert tie_set([]) == ()


def test_who_collapsed_from_more_seeds_is_no_tie() -> None:
    # A real race: the multi factor's differences have a mean of 0.34 and an sd of 0.42.
    best = candidate("cosine", [0.902, 0.9099, 0.9064, 0.9054, 0.9047])
    wild = candidate("multi factor", [0.8958, 0.8533, 0.1, 0.865, 0.1])
    found = difference(best, wild)
    assert found is not None
    assert found.low < 0
    assert [c.label for c in tie_set([wild, best])] == ["cosine", "multi factor"]
    told = wild._replace(collapsed=(3, 5))
    assert tie_set([told, best]) == (best,)
    # Both collapsed, or the other one only on a seed that the leader has not had yet.
    both = best._replace(collapsed=(1, 2))
    assert len(tie_set([told, both])) == 2
    later = candidate("later", {1: 0.903, 2: 0.9, 6: 0.1})._replace(collapsed=(6,))
    assert len(tie_set([later, best])) == 2
    losses = candidate("loss", [2.3, 0.30])._replace(collapsed=(1,), minimized=True)
    steady = candidate("steady", [0.31, 0.31])._replace(minimized=True)
    assert tie_set([losses, steady]) == (steady,)


def play(
    accuracies: Mapping[str, Sequence[float | None]], first: int, most: int
) -> tuple[list[Candidate], list[list[tuple[str, int]]]]:
    """Race to the end; return the candidates then, and the rounds."""
    candidates = [candidate(label, []) for label in accuracies]
    rounds = []
    while missing := race(candidates, list(range(1, most + 1)), first):
        rounds.append([(training.candidate.label, training.seed) for training in missing])
        for number, each in enumerate(candidates):
            mine = [training.seed for training in missing if training.candidate is each]
            new = {seed: accuracies[each.label][seed - 1] for seed in mine}
            candidates[number] = each._replace(accuracies={**each.accuracies, **new})
    return candidates, rounds


def test_a_race_gives_seeds_to_the_tied_until_one_is_left() -> None:
    accuracies = {
        "a": [0.90, 0.80, 0.70, 0.75, 0.80],
        "b": [0.80, 0.702, 0.601, 0, 0],  # behind from the start
        "c": [0.89, 0.81, 0.66, 0.70, 0.75],
    }
    candidates, rounds = play(accuracies, first=2, most=4)
    # On two seeds a - b is 0.1 and 0.098; a - c is 0.01 and -0.01.
    assert rounds == [
        [("a", 1), ("b", 1), ("c", 1), ("a", 2), ("b", 2), ("c", 2)],
        [("a", 3), ("c", 3)],
        [("a", 4), ("c", 4)],
    ]
    found = Confirmation(tuple(candidates), ())
    assert found.trained == 10
    assert found.winner is not None
    assert found.winner.label == "a"
    assert [row.candidate.label for row in found.rows] == ["a", "c", "b"]
    assert [row.is_tied for row in found.rows] == [False, True, False]


def test_a_clear_winner_ends_the_race_after_its_first_round() -> None:
    accuracies = {"a": [0.9, 0.81, 0.7], "b": [0.8, 0.7, 0.61]}
    assert len(play({**accuracies}, first=3, most=3)[1]) == 1
    longer = {label: [*values, *[0.0] * 5] for label, values in accuracies.items()}
    assert len(play(longer, first=3, most=8)[1]) == 1


def test_who_comes_later_and_leads_gets_the_seeds_to_win_with() -> None:
    old = candidate("old", [0.90, 0.80, 0.70, 0.75]), candidate("tied", [0.89, 0.81, 0.69, 0.76])
    new = candidate("new", [0.95, 0.851])
    assert race([*old, new], [1, 2, 3, 4], 2) == [(new, 3)]
    new = candidate("new", [0.95, 0.851, 0.75])
    assert race([*old, new], [1, 2, 3, 4], 2) == [(new, 4)]
    for last, winner in ((0.8, "new"), (0.1, "old")):
        new = candidate("new", [0.95, 0.851, 0.75, last])
        found = Confirmation((*old, new), tuple(race([*old, new], [1, 2, 3, 4], 2)))
        assert found.winner is not None
        assert found.winner.label == winner
    # One that is behind is left with the seeds that told it.
    assert race([*old, candidate("behind", [0.5, 0.401])], [1, 2, 3, 4], 2) == []


def test_against_the_best_baseline() -> None:
    found = Confirmation(
        (
            candidate("trial 3", [0.9, 0.8], trial=3),
            candidate("good", [0.85, 0.76], trial=None),
            candidate("bad", [0.1, 0.1], trial=None),
        ),
        (),
    )
    assert found.best_baseline is found.candidates[1]
    against = {row.candidate.label: row.against for row in found.rows}
    assert against["good"] is None
    assert against["trial 3"] == pytest.approx((2, 0.045, 0.045 - 0.063530, 0.045 + 0.063530))


def test_the_best_baseline_is_the_closest_one_however_many_seeds_it_has() -> None:
    first = candidate("trial 3", [0.90, 0.80, 0.70, 0.95], trial=3)
    # Behind by 0.01 on its two hard seeds; by 0.2 on four; and by 0.02 on an easy one.
    few = candidate("few", {2: 0.79, 3: 0.69}, trial=None)
    many = candidate("many", [0.70, 0.60, 0.50, 0.75], trial=None)
    easy = candidate("easy", {4: 0.93}, trial=None)
    assert closest(first, [many, easy, few]) is few
    assert Confirmation((many, easy, few, first), ()).best_baseline is few
    assert closest(first, []) is closest(None, [few]) is None
    assert closest(first, [candidate("other", {9: 0.99})]) is None
    losses = [each._replace(minimized=True) for each in (first, many, few)]
    assert closest(losses[0], losses[1:]) is losses[1]  # of losses, the smaller are better


def test_fresh_seeds_leave_out_the_training_seed() -> None:
    assert fresh_seeds(1, 4, training_seed=0) == [1, 2, 3, 4]
    assert fresh_seeds(1, 4, training_seed=1) == [2, 3, 4, 5]
    assert fresh_seeds(5, 3, training_seed=7) == [5, 6, 8]


table = st.dictionaries(
    st.sampled_from("abcd"),
    st.lists(st.none() | st.floats(0, 1, width=16), min_size=6, max_size=6),
    min_size=1,
)


@given(accuracies=table, first=st.integers(2, 4), more=st.integers(0, 2))
def test_a_race_always_ends_and_is_the_same_after_any_interruption(
    accuracies: dict[str, list[float | None]], first: int, more: int
) -> None:
    seeds = list(range(1, first + more + 1))
    whole, rounds = play(accuracies, first, len(seeds))
    assert all(len(each.accuracies) >= first for each in whole)
    assert len({pair for each in rounds for pair in each}) == sum(map(len, rounds))
    # One training at a time, always the last of those that are missing.
    candidates = [candidate(label, []) for label in accuracies]
    while missing := race(candidates, seeds, first):
        chosen, seed = missing[-1]
        number = candidates.index(chosen)
        done = {**chosen.accuracies, seed: accuracies[chosen.label][seed - 1]}
        candidates[number] = chosen._replace(accuracies=done)
    assert candidates == whole


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=40))
def test_an_interval_is_around_its_mean_and_turns_with_its_sign(
    pairs: list[tuple[float, float]],
) -> None:
    one = candidate("a", [first for first, _ in pairs])
    other = candidate("b", [second for _, second in pairs])
    found, turned = difference(one, other), difference(other, one)
    assert found is not None
    assert turned is not None
    assert found.low <= found.mean <= found.high
    assert (found.low, found.high) == pytest.approx((-turned.high, -turned.low))


def test_a_failed_training_is_no_seed_more() -> None:
    """The mean of what is left of it is of an easier seed."""
    failed, whole = candidate("a", [None, None, 0.95]), candidate("b", [0.9, 0.9, 0.99])
    assert leader([failed, whole]) is whole


def test_what_does_better_than_the_winner_does_so_on_the_seeds_that_both_have() -> None:
    winner = candidate("winner", [0.80, 0.90])._replace(averaged=(0.70, 0.80))
    easy = candidate("of an easy seed", {2: 0.89})._replace(averaged=(0.895,))
    best = candidate("averaged", [0.79, 0.89], None)._replace(averaged=(0.83, 0.93))
    good = candidate("good", [0.78, 0.88])._replace(averaged=(0.82, 0.90))
    dead = candidate("dead", [0.79, 0.1])._replace(averaged=(0.99,), collapsed=(2,))
    everybody = (dead, good, winner, easy, best)
    first, second = better_than_winner(Confirmation(everybody, ()))
    assert (first.candidate, first.is_averaged, first.against.n) == (best, True, 2)
    assert first.against.mean == pytest.approx(0.03)
    assert second.candidate is good
    small = [c._replace(minimized=True) for c in (winner, best)]
    [other] = better_than_winner(Confirmation(tuple(small), ()))
    assert (other.candidate.label, other.against.mean) == ("winner", pytest.approx(-0.09))
    assert better_than_winner(Confirmation(everybody, (), ignores_seeds=True)) == ()
