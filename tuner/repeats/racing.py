"""Whom to train next on fresh seeds: everybody a few times, then those that are still tied."""

from __future__ import annotations

from collections.abc import Sequence

from tuner.repeats.confirmation import Candidate, Training, tie_set


def race(candidates: Sequence[Candidate], seeds: Sequence[int], first: int) -> list[Training]:
    """Return the trainings that are missing next; none if the race is over.

    Every candidate gets the ``first`` of the seeds, then one more at a time those in the tie set,
    until it has only the leader or the seeds are used up. Where others have more seeds from an
    earlier race, the leader gets as many: it could not win with fewer. The race is replayed from
    its start, so that what an interruption left half done is completed and not decided anew.

    Args:
        candidates: With what they have so far.
        seeds: The fresh seeds, in their order.
        first: How many of them everybody gets.
    """
    given = {c.key: first for c in candidates}
    most = max((len(c.accuracies.keys() & {*seeds}) for c in candidates), default=0)
    while True:
        missing = [
            Training(c, seed)
            for turn, seed in enumerate(seeds)
            for c in candidates
            if turn < given[c.key] and seed not in c.accuracies
        ]
        if missing:
            return missing
        so_far = [_with_seeds(c, seeds[: given[c.key]]) for c in candidates]
        tied = [c.key for c in tie_set(so_far)]
        fewest = min((given[key] for key in tied), default=len(seeds))
        if len(tied) < 2 or fewest >= len(seeds):
            if not tied or fewest >= most:
                return []
            given[tied[0]] += 1
            continue
        # Who was left behind and is back in the tie set catches up first.
        given |= {key: fewest + 1 for key in tied if given[key] == fewest}


def _with_seeds(candidate: Candidate, seeds: Sequence[int]) -> Candidate:
    accuracies = {seed: candidate.accuracies[seed] for seed in seeds}
    return candidate._replace(accuracies=accuracies)
