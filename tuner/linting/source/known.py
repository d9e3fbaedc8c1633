"""How the schedulers of the frameworks are made: which argument is their length, and its unit."""

from __future__ import annotations

from typing import NamedTuple

from tuner.schedules import FAMILIES

Argument = tuple[str, int]  # of an argument: its name and position


class Maker(NamedTuple):
    """A class or function that makes a scheduler.

    ``counts`` is ``"updates"`` where the framework asks it for every update, and ``"steps"``
    where the program calls ``step()``. A ``part`` has a length that comes again, or that another
    scheduler follows; after one that runs ``once``, as a warmup does, the learning rate stays, so
    that it may be as short as it likes. ``changes`` says whether asking it changes it. Where the
    length may be given as ``epochs`` instead, ``per_epoch`` is the argument beside them. ``what``
    is it called if not as what makes it.

    What drops by a ``factor``, again and again, is known by it: its length is the interval,
    1 where no argument says so. ``floor`` is the learning rate that it stops at. ``default`` is a
    length in updates that the framework has. ``of`` is the package, where others have the name.
    """

    counts: str
    horizon: Argument | None
    warmup: Argument | None = None
    base: Argument | None = None
    part: bool = False
    once: bool = False
    changes: bool = False
    epochs: Argument | None = None
    per_epoch: Argument | None = None
    what: str = ""
    factor: Argument | None = None
    usual_factor: float | None = None
    floor: Argument | None = None
    default: int | None = None
    ours: bool = False
    of: str = ""


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
    "FactorScheduler": _mxnet("step", 3, 4, part=True)._replace(
        factor=("factor", 1), usual_factor=1.0, floor=("stop_factor_lr", 2)
    ),
    "MultiFactorScheduler": _mxnet("step", 2, 3),
    # PyTorch
    "CosineAnnealingLR": _torch("T_max", 1),
    "PolynomialLR": _torch("total_iters", 1),
    "OneCycleLR": _torch("total_steps", 2)._replace(
        epochs=("epochs", 3), per_epoch=("steps_per_epoch", 4)
    ),
    "MultiStepLR": _torch("milestones", 1),
    "LinearLR": _torch("total_iters", 3, part=True, once=True),
    "ConstantLR": _torch("total_iters", 2, part=True, once=True),
    "StepLR": _torch("step_size", 1, part=True)._replace(factor=("gamma", 2), usual_factor=0.1),
    "SequentialLR": _torch("milestones", 2, part=True),
    "ChainedScheduler": Maker("steps", None, part=True),
    "CosineAnnealingWarmRestarts": _torch("T_0", 1, part=True),
    "ExponentialLR": Maker("steps", None, part=True, factor=("gamma", 1)),
    "CyclicLR": _torch("step_size_up", 3, part=True)._replace(default=2000),
    "LambdaLR": Maker("steps", None),
    # Hugging Face
    "get_scheduler": _hugging_face(3, 2),
    "get_cosine_schedule_with_warmup": _hugging_face(2, 1),
    "get_linear_schedule_with_warmup": _hugging_face(2, 1),
    "get_polynomial_decay_schedule_with_warmup": _hugging_face(2, 1),
    "get_cosine_with_hard_restarts_schedule_with_warmup": _hugging_face(2, 1),
    "get_constant_schedule_with_warmup": _hugging_face(None, 1),
    # Keras
    "CosineDecay": _counted("decay_steps", 1),
    "PolynomialDecay": _counted("decay_steps", 1),
    "PiecewiseConstantDecay": _counted("boundaries", 0),
    "CosineDecayRestarts": _counted("first_decay_steps", 1, part=True),
    "ExponentialDecay": _counted("decay_steps", 1, part=True)._replace(factor=("decay_rate", 2)),
    # It never drops away: its interval is no length.
    "InverseTimeDecay": _counted("decay_steps", 1, part=True, once=True),
    # Optax
    "cosine_decay_schedule": _counted("decay_steps", 1),
    "cosine_onecycle_schedule": _counted("transition_steps", 0),
    "linear_onecycle_schedule": _counted("transition_steps", 0),
    "linear_schedule": _counted("transition_steps", 2, part=True, once=True),
    "polynomial_schedule": _counted("transition_steps", 3, part=True, once=True),
    "warmup_cosine_decay_schedule": _counted("decay_steps", 3, warmup=2),
    "exponential_decay": _counted("transition_steps", 1, part=True)._replace(
        factor=("decay_rate", 2), floor=("end_value", 5), of="optax"
    ),
    "join_schedules": Maker("updates", None),
}
# What this package's to_torch() makes: its length is that of the schedule.
STEPPED = Maker("steps", None, ours=True)

_BY_NAME = 99  # the position of an argument that has none
_OUR_MAKER = Maker(
    "updates", ("horizon", _BY_NAME), ("warmup_steps", _BY_NAME), ("base_lr", _BY_NAME), ours=True
)
OURS = {FAMILIES[word].__name__: _OUR_MAKER for word in FAMILIES.built_in}
# It says the same before and after its horizon.
OURS["Constant"] = _OUR_MAKER._replace(horizon=None)
OURS["load_schedule"] = Maker(
    "updates",
    None,
    epochs=("epochs", _BY_NAME),
    per_epoch=("updates_per_epoch", _BY_NAME),
    what="schedule",
    ours=True,
)

# Packages whose names these are: a class that another one calls so is not known.
PACKAGES = {"torch", "mxnet", "keras", "tensorflow", "tf_keras", "optax", "transformers"}
PACKAGES |= {"diffusers", "accelerate", "tuner", "d2l"}

# MXNet's optimizers that overwrite base_lr with a learning rate of their own.
OWN_LEARNING_RATE = {
    "adam": 0.001,
    "adamax": 0.002,
    "lamb": 0.001,
    "nadam": 0.001,
    "rmsprop": 0.001,
    "signum": 0.01,
}
USUAL_BASE = 0.01  # base_lr of MXNet's schedulers where none is written
