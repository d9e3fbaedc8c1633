"""How the schedulers of the frameworks are made: which argument is their length, and its unit."""

from __future__ import annotations

from typing import NamedTuple

from tuner.schedules import FAMILIES

Place = tuple[str, int]  # of an argument: its name and position


class Maker(NamedTuple):
    """A class or function that makes a scheduler.

    ``counts`` is ``"updates"`` where the framework asks it for every update, and ``"steps"``
    where the program calls ``step()``. A ``part`` has a length that comes again, or that another
    scheduler follows; after one that runs ``once``, as a warmup does, the learning rate stays, so
    that it may be as short as it likes. ``changes`` says whether asking it changes it. Where the
    length may be given as ``epochs`` instead, ``per_epoch`` is the argument beside them. ``what``
    is it called if not as what makes it.
    """

    counts: str
    horizon: Place | None
    warmup: Place | None = None
    base: Place | None = None
    part: bool = False
    once: bool = False
    changes: bool = False
    per_epoch: str | None = None
    what: str = ""


def _mxnet(length: str, base: int, warmup: int, part: bool = False) -> Maker:
    # The cosine and the polynomial compute from what they began with: asking does no harm.
    changes = length == "step"
    places = (length, 0), ("warmup_steps", warmup), ("base_lr", base)
    return Maker("updates", *places, part=part, changes=changes)


def _torch(length: str, place: int, part: bool = False, once: bool = False) -> Maker:
    return Maker("steps", (length, place), part=part, once=once)


def _hugging_face(length: int | None, warmup: int) -> Maker:
    horizon = ("num_training_steps", length) if length is not None else None
    return Maker("steps", horizon, ("num_warmup_steps", warmup))


def _counted(
    length: str, place: int, warmup: int | None = None, part: bool = False, once: bool = False
) -> Maker:
    places = ("warmup_steps", warmup) if warmup is not None else None
    return Maker("updates", (length, place), places, part=part, once=once)


MAKERS: dict[str, Maker] = {
    # MXNet
    "CosineScheduler": _mxnet("max_update", 1, 3),
    "PolyScheduler": _mxnet("max_update", 1, 4),
    "FactorScheduler": _mxnet("step", 3, 4, part=True),
    "MultiFactorScheduler": _mxnet("step", 2, 3),
    # PyTorch
    "CosineAnnealingLR": _torch("T_max", 1),
    "PolynomialLR": _torch("total_iters", 1),
    "OneCycleLR": _torch("total_steps", 2)._replace(per_epoch="steps_per_epoch"),
    "MultiStepLR": _torch("milestones", 1),
    "LinearLR": _torch("total_iters", 3, part=True, once=True),
    "ConstantLR": _torch("total_iters", 2, part=True, once=True),
    "StepLR": _torch("step_size", 1, part=True),
    "SequentialLR": _torch("milestones", 2, part=True),
    "CosineAnnealingWarmRestarts": _torch("T_0", 1, part=True),
    "ExponentialLR": Maker("steps", None),
    "LambdaLR": Maker("steps", None),
    # Hugging Face
    "get_scheduler": _hugging_face(3, 2),
    "get_cosine_schedule_with_warmup": _hugging_face(2, 1),
    "get_linear_schedule_with_warmup": _hugging_face(2, 1),
    "get_polynomial_decay_schedule_with_warmup": _hugging_face(2, 1),
    "get_constant_schedule_with_warmup": _hugging_face(None, 1),
    # Keras
    "CosineDecay": _counted("decay_steps", 1),
    "PolynomialDecay": _counted("decay_steps", 1),
    "PiecewiseConstantDecay": _counted("boundaries", 0),
    "CosineDecayRestarts": _counted("first_decay_steps", 1, part=True),
    "ExponentialDecay": _counted("decay_steps", 1, part=True),
    "InverseTimeDecay": _counted("decay_steps", 1, part=True),
    # Optax
    "cosine_decay_schedule": _counted("decay_steps", 1),
    "cosine_onecycle_schedule": _counted("transition_steps", 0),
    "linear_onecycle_schedule": _counted("transition_steps", 0),
    "linear_schedule": _counted("transition_steps", 2, part=True, once=True),
    "polynomial_schedule": _counted("transition_steps", 3, part=True, once=True),
    "warmup_cosine_decay_schedule": _counted("decay_steps", 3, warmup=2),
    "join_schedules": Maker("updates", None),
}
# What this package's to_torch() makes: its length is that of the schedule.
STEPPED = Maker("steps", None)

_BY_NAME = 99  # the position of an argument that has none
_OUR_MAKER = Maker(
    "updates", ("horizon", _BY_NAME), ("warmup_steps", _BY_NAME), ("base_lr", _BY_NAME)
)
OURS = {FAMILIES[word].__name__: _OUR_MAKER for word in FAMILIES.built_in}
# It says the same before and after its horizon.
OURS["Constant"] = _OUR_MAKER._replace(horizon=None)
OURS["load_schedule"] = Maker("updates", None, per_epoch="updates_per_epoch", what="schedule")

# MXNet's optimizers that overwrite base_lr with a learning rate of their own.
OWN_LEARNING_RATE = {
    "adam": 0.001,
    "adamax": 0.002,
    "lamb": 0.001,
    "nadam": 0.001,
    "rmsprop": 0.001,
    "signum": 0.01,
}
