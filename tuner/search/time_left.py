"""How long a study will still take: by the epochs that it has ahead, pruned and repeated ones too.

One formula for whoever asks, of what a database or the events of a run say.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

# So many trials, as long as a pruner usually leaves them, are taken for known before any is over.
_SUPPOSED = 4.0
# Trials beside the baselines that count as early: later ones are compared with more others.
EARLY_TRIALS = 20


class Timed(NamedTuple):
    """A trial that has begun: the epochs that it got through, and how long they took."""

    epochs: int
    seconds: float
    is_over: bool = False
    is_baseline: bool = False


class Ahead(NamedTuple):
    """What a study has done and has ahead.

    ``trials`` of ``epochs`` each, at most ``budget`` of them, of which ``baselines`` are never
    pruned; ``usual_shares`` are what early and later trials of the others usually train of these
    epochs under the study's pruner. ``repeats`` are the full trainings that come after them, in a
    confirm.
    """

    epochs: int
    budget: int
    baselines: int = 0
    usual_shares: tuple[float, float] = (1.0, 1.0)
    repeats: int = 0
    trials: tuple[Timed, ...] = ()

    @classmethod
    def of(cls, values: Iterable[Any]) -> Ahead:
        """Return what JSON made lists of.

        Example:
            >>> Ahead.of([4, 3, 2, [0.7, 0.4], 0, [[4, 1.5, True, False]]]).trials
            (Timed(epochs=4, seconds=1.5, is_over=True, is_baseline=False),)
        """
        epochs, budget, baselines, (early, later), repeats, trials = values
        return cls(
            epochs, budget, baselines, (early, later), repeats, tuple(Timed(*t) for t in trials)
        )

    def seconds_left(self, workers: int) -> float | None:
        """Return the time that is left, None if no epoch is known or nothing runs.

        Every epoch takes what the known ones took on average, and baselines and repeats are
        trained to their end. Of another trial that has not begun it is expected that it trains
        what such trials usually do, times what the study's own trained compared with that. One
        that got through ``d`` epochs trains as much longer as those that got through more did on
        average. Beside the study's own trials count four that are as usual.

        Args:
            workers: How many trials are trained at once.

        Example:
            >>> over = Timed(4, 40.0, is_over=True, is_baseline=True)
            >>> Ahead(4, 3, baselines=2, trials=(over, Timed(1, 10.0))).seconds_left(1)
            70.0
        """
        epochs = sum(trial.epochs for trial in self.trials)
        if not epochs or not workers:
            return None
        begun = [self._rest(trial) for trial in self.trials if not trial.is_over]
        new = max(self.budget - len(self.trials), 0)
        baselines = sum(trial.is_baseline for trial in self.trials)
        whole = min(max(self.baselines - baselines, 0), new)
        drawn = len(self.trials) - baselines
        shares = sum(self._expected(drawn, drawn + new - whole))
        search = sum(begun) + (whole + shares) * self.epochs
        # The last trial of all is trained by one worker, whoever else waits.
        rounds = max(search / workers, *begun, 0.0) + self.repeats * self.epochs / workers
        return rounds * sum(trial.seconds for trial in self.trials) / epochs

    def _usual(self, position: int) -> float:
        return self.usual_shares[position >= EARLY_TRIALS]

    def _expected(self, first: int, end: int) -> list[float]:
        """Return the shares of their epochs that trials train which have not begun."""
        over = [trial.epochs for trial in self.trials if trial.is_over and not trial.is_baseline]
        supposed = _SUPPOSED * self.usual_shares[0]
        usual = sum(map(self._usual, range(len(over)))) + supposed
        ratio = (sum(over) / self.epochs + supposed) / usual
        return [min(ratio * self._usual(position), 1.0) for position in range(first, end)]

    def _rest(self, trial: Timed) -> float:
        """Return how many more epochs a trial that runs trains."""
        done, rest = trial.epochs, self.epochs - trial.epochs
        if trial.is_baseline:
            return rest
        over = [t.epochs for t in self.trials if t.is_over and not t.is_baseline]
        longer = [epochs - done for epochs in over if epochs > done]
        supposed = _SUPPOSED * self.usual_shares[0]
        return (sum(longer) + supposed * rest) / (len(longer) + supposed)
