"""What does better than the winner of a confirm: averaged weights, mostly.

The winner is the schedule whose own weights are best at the end. A task that keeps averaged
weights measures them in the same trainings, so they may turn out to be better still.
"""

from __future__ import annotations

from typing import NamedTuple

from tuner.definition import merit
from tuner.repeats.confirmation import Candidate, Confirmation, difference
from tuner.repeats.paired import Difference, Spread, spread


class Better(NamedTuple):
    """A candidate whose weights, averaged or its own, do better than the winner's own.

    ``against`` is the difference to those, seed by seed.
    """

    candidate: Candidate
    is_averaged: bool
    spread: Spread
    against: Difference


def better_than_winner(confirmation: Confirmation) -> tuple[Better, ...]:
    """Return what has a better mean than the winner, also on the seeds that both have.

    Args:
        confirmation: A confirm; one without a winner gives nothing.

    Returns:
        The best mean first.
    """
    winner = confirmation.winner
    if winner is None:
        return ()
    own = [(c, c) for c in confirmation.candidates if c is not winner]
    averaged = [(c, other) for c in confirmation.candidates if (other := c.with_averaged)]
    better = []
    for is_averaged, pairs in ((True, averaged), (False, own)):
        for candidate, as_judged in pairs:
            found = spread([*as_judged.values.values()])
            versus = difference(as_judged, winner)
            if found is None or versus is None or not as_judged.merit > winner.merit:
                continue
            if merit(versus.mean, winner.minimized) > 0:
                better.append(Better(candidate, is_averaged, found, versus))
    return tuple(sorted(better, key=lambda b: -merit(b.spread.mean, winner.minimized)))
