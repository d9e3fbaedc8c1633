"""The sentences of the report."""

from __future__ import annotations

from collections.abc import Sequence

from tuner.objective import Objective
from tuner.report.data import Contender, Verdict

_EXAMPLES = {"test": "the test set", "holdout": "training examples that were held out"}


def count(number: int, noun: str) -> str:
    """Return a number with its noun.

    Example:
        >>> count(1, "trial"), count(0, "trial")
        ('1 trial', '0 trials')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def states(counts: Sequence[tuple[str, int]]) -> str:
    """Return how many trials are in which state.

    Example:
        >>> states([("complete", 5), ("pruned", 3)])
        '5 complete, 3 pruned'
    """
    return ", ".join(f"{number} {state}" for state, number in counts)


def verdict_sentence(verdict: Verdict, objective: Objective = Objective()) -> str:  # noqa: B008
    """Return the report's first sentence: the best schedule, on what evidence, against what.

    Args:
        verdict: What it says.
        objective: What judged; it never changes.
    """
    if verdict.trials == 0:
        return "The study has no trials yet, so there is no best schedule."
    if verdict.best is None:
        return (
            f"No trial is complete yet ({states(verdict.states)}), so there is no best schedule."
        )
    best = verdict.best
    return (
        f"The best schedule of {count(verdict.trials, 'trial')} ({states(verdict.states)}) is"
        f" {_named(best)}, with a {objective.judged_by} of {best.accuracy:.4f} in trial"
        f" {best.number} – one run, chosen by its {objective.noun} on"
        f" {_EXAMPLES[objective.evaluate_on]} –"
        f" {_standing(best, verdict.rival, 'below' if objective.minimized else 'above')}."
    )


def _standing(best: Contender, rival: Contender | None, better: str) -> str:
    if rival is None:
        missing = "sampled schedule" if best.baseline else "baseline"
        return f"and no {missing} is complete to hold against it"
    difference = abs(best.accuracy - rival.accuracy)
    against = f"{_named(rival)} ({rival.accuracy:.4f}, trial {rival.number}, one run too)"
    if best.baseline:
        stands = f"{difference:.4f} {better}" if difference else "as good as"
        return f"and a baseline itself, {stands} the best sampled schedule, {against}"
    stands = f"{difference:.4f} {better}" if difference else "no better than"
    return f"{stands} the best baseline, {against}"


def _named(contender: Contender) -> str:
    what = f"{contender.family} with base LR {contender.base_lr:.4g}"
    return f"“{contender.baseline}”, {what}" if contender.baseline else what
