"""A training tried before its study: does it train, and is the same seed the same training?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import optuna

from tuner.definition import StudySpec, fresh_seeds
from tuner.errors import TaskError, TunerError, said
from tuner.schedules import Plateau, Schedule
from tuner.search import quiet_optuna, watched
from tuner.tasks import Epoch, EpochRecord, State, TrainingCollapsed, end_training, own_options

# Schedules that are sampled, of which one is taken that is unlikely to diverge.
_SAMPLED = 9


class Tried(NamedTuple):
    """A training that was tried.

    Of ``epochs`` epochs in ``seconds``, the others included; ``resumes`` if it goes on from its
    states, and ``uses_seed`` if another seed gave another value, None if none was tried.
    """

    schedule: Schedule
    epochs: int
    seconds: float
    resumes: bool
    uses_seed: bool | None


def try_training(spec: StudySpec) -> Tried:
    """Train two epochs, the first one again from the same seed, the second one from its state.

    With a confirm also the first one from another seed. Nothing is stored.

    Args:
        spec: The study's definition.

    Raises:
        TaskError: If it does not train, or not the same from the same seed.
        ScheduleError: If it does not report what a rule decides by.
    """
    begun = time.perf_counter()
    schedule, spec = middling(spec)
    seed = spec.training.seed

    def at(epoch: int) -> str:
        return f"{spec.unit.word} {spec.unit.count(epoch)}"

    first, *more = _epochs(spec, schedule, seed, 2)
    for rule in _rules(spec):
        watched(first.record, rule, spec)
    again = _epochs(spec, schedule, seed, 1)[0].record
    if _differ(first.record, again):
        raise TaskError(
            f"A training must follow from its seed, but {at(1)} from seed {seed} gave"
            f" {_value(spec, first.record)} and then {_value(spec, again)}. Seed all that is"
            " random: weights, order of the data, augmentation, dropout."
        )
    resumes = bool(more) and first.state is not None and spec.task.training_identity() is not None
    if resumes:
        went_on = _epochs(spec, schedule, seed, 2, first.state)[0].record
        if _differ(more[0].record, went_on):
            raise TaskError(
                f"A training must go on from a state as if it had never stopped, but {at(2)} gave"
                f" {_value(spec, more[0].record)} in one go and {_value(spec, went_on)} from the"
                f" state after {at(1)}. Keep in the state all that the next {spec.unit.word}"
                " needs, as the optimizer's own, and seed what is random for"
                f" {spec.unit.each}."
            )
    uses_seed = None
    if spec.confirm.enabled:
        (other,) = fresh_seeds(spec.confirm.seed, 1, training_seed=seed)
        uses_seed = _differ(first.record, _epochs(spec, schedule, other, 1)[0].record)
    taken = time.perf_counter() - begun
    return Tried(schedule, 1 + len(more), taken, resumes, uses_seed)


def _rules(spec: StudySpec) -> list[Plateau]:
    """Return rules that watch all that the study's rules do."""
    if not spec.space.rules:
        return []
    param = spec.space.params.get("on")
    on = {*param.choices} if param else {spec.space.fixed.get("on", "train_loss")}
    found = [rule for each in spec.space.baselines if (rule := each.rule)]
    if "plateau" in map(spec.space.family, _families(spec)):  # sampled or fixed
        found += [
            Plateau(base_lr=1.0, horizon=1, decay_factor=0.5, patience=0, on=each)
            for each in sorted(on)
        ]
    return found


def _families(spec: StudySpec) -> list[dict[str, str]]:
    param = spec.space.params.get("family")
    return [{"family": str(each)} for each in param.choices] if param else [{}]


class _Epoch(NamedTuple):
    record: EpochRecord
    state: State | None


def middling(spec: StudySpec) -> tuple[Schedule, StudySpec]:
    """Return the schedule of middling learning rate among the baselines, or some sampled ones.

    With it the definition with the options that its task then has.
    """
    if spec.space.baselines:
        ordered = sorted(spec.space.baselines, key=lambda each: each.schedule.base_lr)
        found = ordered[len(ordered) // 2]
        return found.schedule, spec.with_options(found.options)
    with quiet_optuna():
        study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
        sampled = (spec.space.sample(study.ask()) for _ in range(_SAMPLED))
        schedules = [spec.space.schedule(values) for values in sampled]
    schedule = sorted(schedules, key=lambda each: each.base_lr)[_SAMPLED // 2]
    return schedule, with_own_options(spec)


def with_own_options(spec: StudySpec) -> StudySpec:
    """Return the definition whose task is given the options that it has itself, as a trial is."""
    return spec.with_options(own_options(spec.task, spec.space.options))


def _epochs(
    spec: StudySpec, schedule: Schedule, seed: int, last: int, start: State | None = None
) -> list[_Epoch]:
    """Train up to an epoch and stop."""
    found = []
    with tried(spec, schedule, seed, start) as training:
        for epoch in training:
            found.append(_Epoch(epoch.record, epoch.state()))
            if epoch.record.epoch == min(last, spec.epochs):
                break
    return found


@contextmanager
def tried(
    spec: StudySpec, schedule: Schedule, seed: int, start: State | None = None
) -> Iterator[Iterator[Epoch]]:
    """Have a training within the block, which ends with it as a pruned trial does.

    Raises:
        TaskError: Of whatever the training raises.
    """
    training: Iterator[Epoch] = iter(())
    try:
        training = iter(spec.task.train(schedule, seed=seed, epochs=spec.epochs, start=start))
        yield training
    except TrainingCollapsed as collapse:
        raise TaskError(
            f"The task must train under {schedule!r}, but {spec.unit.reworded(collapse.reason)}."
            " Give the search space a baseline that works, or lower learning rates."
        ) from collapse
    except TunerError as error:
        raise TaskError(f"The task must train, but: {error}") from error
    except (Exception, SystemExit) as error:
        raise TaskError(f"The task must train, but: {said(error)}") from error
    finally:
        end_training(training)


def _differ(one: EpochRecord, other: EpochRecord) -> bool:
    # As text, for what is no number is not equal to itself.
    return repr(one._replace(seconds=0.0)) != repr(other._replace(seconds=0.0))


def _value(spec: StudySpec, record: EpochRecord) -> str:
    value = spec.objective.value(record)
    return f"{spec.objective.judged_by} {value!r}" if value is not None else repr(record)
