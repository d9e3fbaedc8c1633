"""The sentences of the report."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from tuner.definition import Objective, digits
from tuner.reading import options_told
from tuner.repeats import (
    Candidate,
    Confirmation,
    Spread,
    better_than_winner,
    closest,
    difference,
    spread,
)
from tuner.report.confirmed import some
from tuner.report.data import Averaging
from tuner.report.verdict import Contender, Verdict
from tuner.search import FalsePrunes

# So many that are tied with a winner are named in a sentence.
_NAMED = 2


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


def at_the_start(words: str) -> str:
    """Return words that begin a sentence; what is written large in them stays so."""
    return words[:1].upper() + words[1:]


def mean_sd(found: Spread | None, metric: str = "accuracy", decimals: int = 4) -> str:
    """Return a mean and the standard deviation around it.

    Args:
        found: Them.
        metric: Whose they are, in words.
        decimals: Of an accuracy; the chapter has three.

    Example:
        >>> found = Spread(n=5, mean=0.89912, sd=0.00481, se=0.00215)
        >>> mean_sd(found), mean_sd(found, decimals=3), mean_sd(None)
        ('0.8991 ± 0.0048', '0.899 ± 0.005', '–')
    """
    if found is None:
        return "–"
    form = digits(metric, decimals)
    return f"{found.mean:{form}}" + (f" ± {found.sd:{form}}" if found.sd is not None else "")


def verdict_sentence(verdict: Verdict, objective: Objective) -> str:
    """Return the report's first sentence: the best schedule, on what evidence, against what.

    Args:
        verdict: What it says.
        objective: What judged.
    """
    if verdict.trials == 0:
        return "The study has no trials yet, so there is no best schedule."
    if verdict.best is None:
        return (
            f"No trial is complete yet ({states(verdict.states)}), so there is no best schedule."
        )
    best, form = verdict.best, objective.digits
    better = "below" if objective.minimized else "above"
    return (
        f"The best schedule of {count(verdict.trials, 'trial')} ({states(verdict.states)}) is"
        f" {_named(best)}, with a {objective.judged_by} of {best.accuracy:{form}} in trial"
        f" {best.number} – one run, chosen by its {objective.noun}{_on(objective)} –"
        f" {_standing(best, verdict.rival, better, form)}{_beside(verdict, form)}."
    )


def _beside(verdict: Verdict, form: str) -> str:
    """Return what does better than the best schedule, or as well, beside the rival."""
    told, averaged = "", verdict.averaged
    if averaged:
        told += f"; averaged weights do better: {averaged.accuracy:{form}} at the end of trial"
        told += f" {averaged.number}, {_named(averaged)}"
    ties = [f"trial {each.number}" for each in verdict.ties if each != verdict.rival]
    return told + (f"; as good: {some(ties)}" if ties else "")


def _on(objective: Objective) -> str:
    """Return on what examples is judged, if that is known."""
    examples = "training examples that were held out" if objective.held_out else objective.examples
    return f" on {examples}" if examples else ""


def confirmed_verdict(confirmation: Confirmation, objective: Objective) -> str:
    """Return the report's first sentence after a confirm: the winner, its mean, n, against whom.

    Args:
        confirmation: A confirm that has a winner.
        objective: What judges in it.
    """
    winner = confirmation.winner
    assert winner is not None, "a confirm that is over has a winner"
    found = spread([*winner.values.values()])
    assert found is not None, "a winner has a mean"
    form = objective.digits
    if not math.isfinite(found.mean):
        diverged = sum(not math.isfinite(value) for value in winner.values.values())
        return (
            f"No schedule survived the fresh seeds: even the best mean {objective.judged_by} is"
            f" {found.mean:{form}}, that of {_candidate(winner)}, which diverged from {diverged}"
            f" of {count(found.n, 'seed')}{_tied(confirmation)}."
        )
    error = f" ± {found.se:{form}}" if found.se is not None else ""
    rivals = [c for c in confirmation.candidates if c.is_baseline != winner.is_baseline]
    return (
        f"The winner is {_candidate(winner)}: {objective.judged_by} {found.mean:{form}}{error}"
        f" (mean ± standard error over n = {found.n} fresh {'seed' if found.n == 1 else 'seeds'}),"
        f" {_against(winner, rivals, form)}{_tied(confirmation)}"
        f"{_better(confirmation, winner, form)}."
    )


def _better(confirmation: Confirmation, winner: Candidate, form: str) -> str:
    """Return what does better than the winner, and by how much, seed by seed."""
    first = next(iter(better_than_winner(confirmation)), None)
    if first is None:
        return ""
    found, versus = first.spread, first.against
    what = "averaged weights do" if first.is_averaged else "another schedule does"
    error = f" ± {found.se:{form}}" if found.se is not None else ""
    whose = "its own" if first.candidate is winner else _candidate(first.candidate)
    ends = f" ({versus.low:+{form}} to {versus.high:+{form}})" if math.isfinite(versus.low) else ""
    return (
        f"; {what} better: {found.mean:{form}}{error}, {whose},"
        f" {versus.mean:+{form}}{ends} against the winner"
    )


def _against(winner: Candidate, rivals: Sequence[Candidate], form: str) -> str:
    what = "finalist of the search" if winner.is_baseline else "baseline"
    rival = closest(winner, rivals)
    versus = difference(winner, rival) if rival else None
    if rival is None or versus is None:
        return f"with no {what} {'trained on the same seeds' if rivals else 'beside it'}"
    if not math.isfinite(versus.mean):  # and that to the others is no better
        return f"while every {what} diverged from some of them"
    mean = spread([*rival.values.values()])
    assert mean is not None, "who was compared has a mean"
    error = f" ± {mean.se:{form}}" if mean.se is not None else ""
    seeds = {len(winner.values), mean.n, versus.n}  # said once, unless they are not the same
    error += f", n = {mean.n}" if len(seeds) > 1 else ""
    over = f" over n = {versus.n}" if len(seeds) > 1 else ""
    interval = (
        f"; 95 % interval of the paired difference{over}"
        f" {versus.low:+{form}} to {versus.high:+{form}}"
        if math.isfinite(versus.low)
        else ""
    )
    return (
        f"{abs(versus.mean):{form}} {'above' if versus.mean >= 0 else 'below'} the best {what},"
        f" {_candidate(rival)} ({mean.mean:{form}}{error}{interval})"
    )


def _tied(confirmation: Confirmation) -> str:
    tied = [candidate.label for candidate in confirmation.tie_set[1:]]
    if not tied:
        return "; the seeds separate it from all others" if confirmation.candidates[1:] else ""
    few = len(tied) <= _NAMED
    named = " and ".join(f"“{label}”" for label in tied) if few else f"{len(tied)} others"
    return f"; the seeds do not separate it from {named}"


def _candidate(candidate: Candidate) -> str:
    schedule = candidate.schedule
    what = _with_options(schedule.family, schedule.base_lr, candidate.options)
    return (
        f"“{candidate.label}”, {what}" if candidate.is_baseline else f"{candidate.label}, {what}"
    )


def averaging_sentence(
    averaging: Averaging | None, winner: int | None, accuracy: float | None, objective: Objective
) -> str:
    """Return what the winner's schedule gives together with averaging of the weights.

    Args:
        averaging: What averaged weights gave, None if none were kept.
        winner: The number of its trial.
        accuracy: What its weights as they are gave there, or another value of the objective; None
            if it was not trained to its end.
        objective: What was measured.
    """
    if averaging is None or accuracy is None:
        return ""
    gain, form = averaging.gain, objective.digits
    error = (
        f" ± {gain.se:{form}} (mean ± standard error, n = {gain.n})" if gain.se is not None else ""
    )
    return (
        f"Your schedule plus weight averaging gives {averaging.winner:{form}} at the end of trial"
        f" {winner}, in place of {accuracy:{form}}. Over all complete trials averaging changes the"
        f" {objective.noun} by {gain.mean:+{form}}{error}."
    )


def false_prunes_sentence(found: FalsePrunes, control_share: float) -> str:
    """Return how often pruning was wrong, as measured on the trials that it may not end.

    Args:
        found: What was measured.
        control_share: The share of trials that are never pruned.
    """
    missing = "How many good trials pruning misses"
    if not found.controls and control_share:
        return f"{missing} is not measured yet, as no trial that is never pruned is complete."
    if not found.controls:
        return (
            f"{missing} was not measured, as every sampled trial may be pruned;"
            " “control_share = 0.1” under [pruner] measures it on a tenth of the trials."
        )
    head = (
        f"Measured on {count(found.controls, 'trial')} that may never be pruned: pruning"
        f" would have ended {found.would_be_pruned}"
    )
    if not found.best:
        return f"{head}; none of them is among the best tenth of the study."
    rate = 100 * found.missed / found.best
    return (
        f"{head}. Of the {found.best} that are among the best tenth of the study it would have"
        f" ended {found.missed}: a false-prune rate of {rate:.0f} %."
    )


def _standing(best: Contender, rival: Contender | None, better: str, form: str) -> str:
    if rival is None:
        missing = "sampled schedule" if best.baseline else "baseline"
        return f"and no {missing} is complete to hold against it"
    difference = abs(best.accuracy - rival.accuracy)
    against = f"{_named(rival)} ({rival.accuracy:{form}}, trial {rival.number}, one run too)"
    if best.baseline:
        stands = f"{difference:{form}} {better}" if difference else "as good as"
        return f"and a baseline itself, {stands} the best sampled schedule, {against}"
    stands = f"{difference:{form}} {better}" if difference else "no better than"
    return f"{stands} the best baseline, {against}"


def _named(contender: Contender) -> str:
    what = _with_options(contender.family, contender.base_lr, contender.options)
    return f"“{contender.baseline}”, {what}" if contender.baseline else what


def _with_options(family: str, base_lr: float, options: Mapping[str, Any]) -> str:
    told = f", {options_told(options)}" if options else ""
    return f"{family} with base LR {base_lr:.4g}{told}"
