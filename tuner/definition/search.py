"""How a study searches: what every ``[sampler]`` and ``[pruner]`` has, and those that there are.

A sampler or pruner is one class: its fields are the keys of its table, and ``make`` returns
Optuna's object for them. The built-in ones lie above this package, in ``tuner.search.samplers``
and ``tuner.search.pruners``, one a file, and are imported when a study names them. Other packages
register theirs by entry points of the groups ``tuner.samplers`` and ``tuner.pruners``, whose name
is what ``type`` says:

.. code-block:: toml

    [project.entry-points."tuner.samplers"]
    uniform = "my_package.uniform:Uniform"

    [project.entry-points."tuner.pruners"]
    hopeless = "my_package.hopeless:Hopeless"

Example of such modules::

    from typing import Literal

    from optuna.samplers import BaseSampler, RandomSampler
    from tuner.search.samplers import PerTrialSampler, Sampler, Search

    class Uniform(Sampler):
        \"\"\"``[sampler] type = "uniform"``: every parameter at random.\"\"\"

        type: Literal["uniform"]

        def make(self, search: Search) -> BaseSampler:
            return PerTrialSampler(self.seed, lambda seed: RandomSampler(seed=seed))

::

    from typing import Literal

    from optuna.pruners import BasePruner, ThresholdPruner
    from pydantic import Field
    from tuner.search.pruners import Pruner, Search

    class Hopeless(Pruner):
        \"\"\"``[pruner] type = "hopeless"``: ends what is below a value.\"\"\"

        type: Literal["hopeless"]
        below: float = Field(default=0.2, ge=0, le=1)
        \"\"\"The value.\"\"\"

        def make(self, search: Search) -> BasePruner:
            return ThresholdPruner(lower=self.below)
"""

from __future__ import annotations

import inspect
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal, NamedTuple, TypeVar, get_args

from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler
from pydantic import Field

from tuner.definition.objective import ACCURACY, Objective
from tuner.errors import StudyError, TunerError, said
from tuner.reading import Section
from tuner.schedules import Registered
from tuner.space import SearchSpace

S = TypeVar("S", bound="Sampler | Pruner")


class Search(NamedTuple):
    """What samplers and pruners are made for: what is searched, and what trials are judged by."""

    space: SearchSpace
    objective: Objective = ACCURACY

    @property
    def updates_per_epoch(self) -> int:
        """Updates in an epoch."""
        return self.space.clock.updates_per_epoch

    @property
    def epochs(self) -> int:
        """Epochs of a full training."""
        return self.space.clock.horizon // self.space.clock.updates_per_epoch


class Sampler(Section):
    """``[sampler]``: what every type has."""

    type: str
    seed: int = Field(default=0, ge=0)
    """What the draws follow from, with the number of the trial."""

    @abstractmethod
    def make(self, search: Search) -> BaseSampler:
        """Return Optuna's sampler.

        It must draw the same for a trial whatever was drawn before in this process: then a resumed
        study goes on as if it had never stopped.
        :class:`~tuner.search.samplers.per_trial.PerTrialSampler` sees to that.

        Args:
            search: What it is for.
        """


class Pruner(Section):
    """``[pruner]``: what every type has.

    ``signal`` is what trials are judged by before their end: the test accuracy of the averaged
    weights (the raw one where a task keeps no average), or always the raw one. ``control_share``
    of the trials are never pruned, and show what pruning would have missed.
    """

    usual_shares: ClassVar[tuple[float, float]] = (0.3, 0.3)
    """What early and later trials usually train of their epochs, by which a study is timed."""

    type: str
    signal: Literal["averaged", "raw"] = "averaged"
    """What trials are judged by before their end, averaged weights or always the raw ones."""
    control_share: float = Field(default=0.0, ge=0.0, le=1.0)
    """Share of the trials that is never pruned, to measure how often pruning is wrong."""

    @abstractmethod
    def make(self, search: Search) -> BasePruner:
        """Return Optuna's pruner. A step is the number of epochs completed, 1-based.

        Args:
            search: What it is for.
        """

    @property
    def prunes(self) -> bool:
        """Whether it ends any trial."""
        return True

    def wrong_for(self, epochs: int) -> Mapping[str, str]:
        """Return, by key, what does not fit into a training of so many epochs."""
        return {}


class _Kind(Registered[S]):
    """Samplers or pruners by what ``type`` says."""

    documented = "the documentation of tuner.definition.search"

    def __init__(self, base: type[Any], group: str, built_in: Mapping[str, str]) -> None:
        self._base, self.group, self.noun = base, group, base.__name__.lower()
        super().__init__(built_in)

    def _conditions(self, word: str, cls: object) -> Iterator[tuple[bool, str]]:
        if not (
            isinstance(cls, type) and issubclass(cls, Section) and issubclass(cls, self._base)
        ):
            yield False, f"be a subclass of {self._base.__name__}"
            return
        yield not inspect.isabstract(cls), "define `make`"
        fields: dict[str, Any] = cls.model_fields
        words = get_args(fields["type"].annotation)
        yield words == (word,), f'have `type: Literal["{word}"]`'


SAMPLERS: Registered[Sampler] = _Kind(
    Sampler,
    "tuner.samplers",
    {
        "screening": "tuner.search.samplers.screening:Screening",
        "tpe": "tuner.search.samplers.tpe:TPE",
        "random": "tuner.search.samplers.random:Random",
        "optuna": "tuner.search.samplers.optuna:OptunaSampler",
    },
)
PRUNERS: Registered[Pruner] = _Kind(
    Pruner,
    "tuner.pruners",
    {
        "forecast": "tuner.search.pruners.forecast:Forecast",
        "halving": "tuner.search.pruners.halving:Halving",
        "successive_halving": "tuner.search.pruners.successive_halving:SuccessiveHalving",
        "median": "tuner.search.pruners.median:Median",
        "hyperband": "tuner.search.pruners.hyperband:Hyperband",
        "none": "tuner.search.pruners.none:NoPruner",
        "optuna": "tuner.search.pruners.optuna:OptunaPruner",
    },
)


def made(settings: Sampler | Pruner, search: Search, cls: type[Any]) -> Any:
    """Return Optuna's object, made of settings whose class may be another package's.

    Args:
        settings: The sampler or pruner of a study.
        search: What it is for.
        cls: What must come of it.

    Raises:
        StudyError: If it cannot be made.
    """
    try:
        found = settings.make(search)
        if not isinstance(found, cls):
            raise TypeError(f"`make` must return a {cls.__name__}, but returned {found!r}")
    except TunerError:
        raise
    except (Exception, SystemExit) as error:
        what = f"`type = {settings.type!r}`"
        raise StudyError(f"{what} must be made of its settings, but: {said(error)}.") from error
    return found
