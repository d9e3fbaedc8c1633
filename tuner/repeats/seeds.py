"""Whether the trainings of repeats are as many as their seeds: a training can ignore its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from optuna.study import Study
from optuna.trial import TrialState

from tuner.definition import StudySpec
from tuner.search import REASON, RULE, SCHEDULE, SEED, options_of, records_of

# Two short trainings can be equal by chance, three times the same cannot.
_ENOUGH = 2


def ignores_seeds(study: Study, seeds: Sequence[int]) -> bool:
    """Tell whether every schedule's trainings are the same from every seed, to the last digit.

    Collapsed ones do not count: they all end at chance.

    Args:
        study: The study of the repeats.
        seeds: The seeds that count.
    """
    curves = defaultdict(list)
    for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
        attributes = trial.user_attrs
        if SCHEDULE in attributes and attributes.get(SEED) in seeds and not attributes.get(REASON):
            records = [record._replace(seconds=0.0) for record in records_of(attributes)]
            given = attributes.get(RULE, attributes[SCHEDULE])
            own = repr((given, options_of(attributes)))
            curves[own].append((trial.value, records))
    equal = [all(other == found[0] for other in found[1:]) for found in curves.values()]
    repeated = sum(len(found) - 1 for found in curves.values())
    return repeated >= _ENOUGH and all(equal)


def seeds_are_ignored(spec: StudySpec) -> str:
    """Return the message for a study whose training ignores its seed."""
    return (
        f"Trainings from different seeds must differ, but those of study {spec.name!r} are equal"
        " to the last digit: the training ignores its seed, and many of it are one. Let `seed`"
        " decide the weights and the order of the data, or leave the confirm out"
        " (`enabled = false` in [confirm])."
    )
