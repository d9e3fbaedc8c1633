"""A search space written in Python: what is sampled as objects, what is fixed as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tuner.reading import Clock, Mistakes
from tuner.schedules import FAMILIES, RULES, Schedule, schedule_to_dict
from tuner.space.options import OPTION, flat, nested
from tuner.space.values import names_for

FORMAT = "tuner.search_space/1"


@dataclass(frozen=True)
class Float:
    """A number that is sampled between two others.

    Args:
        low: The smallest.
        high: The largest.
        log: Whether every order of magnitude is as likely.
        step: The distance of the values; None for any.
        when: The values of others that it goes with, such as ``{"family": ["poly"]}``. Without it
            the families that have such a field decide.

    Example:
        >>> Float(1e-4, 1e-1, log=True)
        Float(low=0.0001, high=0.1, log=True, step=None, when={})
    """

    low: float | str
    high: float | str
    log: bool = False
    step: float | None = None
    when: Mapping[str, Sequence[Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Int:
    """A whole number that is sampled; a duration has a unit, such as ``"0.1dur"`` or ``"2ep"``.

    Args:
        low: The smallest.
        high: The largest.
        log: Whether every order of magnitude is as likely.
        step: The distance of the values.
        when: As for :class:`Float`.

    Example:
        >>> Int("0up", "0.2dur")
        Int(low='0up', high='0.2dur', log=False, step=None, when={})
    """

    low: int | str
    high: int | str
    log: bool = False
    step: int | str | None = None
    when: Mapping[str, Sequence[Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Choice:
    """One of several values; a list says the same.

    Args:
        choices: The values.
        when: As for :class:`Float`.

    Example:
        >>> Choice([1, 2, 3], when={"family": ["multi_factor"]})
        Choice(choices=[1, 2, 3], when={'family': ['multi_factor']})
    """

    choices: Sequence[Any]
    when: Mapping[str, Sequence[Any]] = field(default_factory=dict)


def written(space: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the content of the search-space file that says the same as Python's objects.

    Args:
        space: By parameter what is sampled, a :class:`Float`, :class:`Int`, :class:`Choice` or a
            list of values, and what is fixed. Options of the task are in a mapping ``"task"``;
            ``"base_lr": "range"`` is found by a ramp.
        name: What the space is called.

    Example:
        >>> data = written({"family": "cosine", "base_lr": Float(0.01, 1.0, log=True)}, "mine")
        >>> data["fixed"], data["params"]["base_lr"]
        ({'family': 'cosine'}, {'type': 'float', 'low': 0.01, 'high': 1.0, 'log': True})
    """
    space = flat({str(key): value for key, value in space.items()}, "space", Mistakes(""))
    fixed: dict[str, Any] = {}
    params: dict[str, dict[str, Any]] = {}
    # What others may go with comes first.
    for key, value in sorted(space.items(), key=lambda item: item[0] != "family"):
        value = _plain(value)
        if isinstance(value, Float | Int):
            ends = {"low": _plain(value.low), "high": _plain(value.high)}
            params[key] = {"type": type(value).__name__.lower(), **ends}
            params[key] |= {"log": True} if value.log else {}
            params[key] |= {} if value.step is None else {"step": _plain(value.step)}
        elif isinstance(value, Choice | list | tuple):
            choices = value.choices if isinstance(value, Choice) else value
            params[key] = {"type": "categorical", "choices": _as_list(choices)}
        elif (key, value) == ("base_lr", "range"):
            params[key] = {"type": value}
        else:
            fixed[key] = value
            continue
        when = getattr(value, "when", None) or _families_with(key, params)
        if isinstance(when, Mapping):
            when = {name: _as_list(values) for name, values in when.items()}
        params[key] |= {"when": when} if when else {}
    return {"format": FORMAT, "name": name, "fixed": nested(fixed), "params": nested(params)}


def sampled_apart(params: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return options of a task as a search space has them, and those that have a value.

    Args:
        params: By name :class:`Float`, :class:`Int` and :class:`Choice`, and values. Conditions
            among them name others as they are called here.

    Example:
        >>> sampled_apart({"width": 64, "weight_decay": Float(0.0, 0.1)})[1]
        {'width': 64}
    """
    sampled = {n: v for n, v in params.items() if isinstance(v, Float | Int | Choice)}
    of_space = {
        OPTION + name: replace(
            value, when={OPTION * (key in sampled) + key: of for key, of in value.when.items()}
        )
        for name, value in sampled.items()
    }
    rest = {name: value for name, value in params.items() if name not in sampled}
    return written(of_space, "")["params"].get("task", {}), rest


def _as_list(values: Any) -> Any:
    """Return a list of values as TOML has it; what is none is told when the space is read."""
    values = _plain(values)
    is_list = isinstance(values, Sequence) and not isinstance(values, str)
    return [*map(_plain, values)] if is_list else values


def _plain(value: Any) -> Any:
    """Return numbers and arrays of NumPy as Python's numbers and lists, which a file can hold."""
    return value.tolist() if hasattr(value, "tolist") else value


def _families_with(name: str, params: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return the sampled families that have a parameter, unless all or none of them do."""
    families = params.get("family", {}).get("choices")
    if not isinstance(families, list):
        return {}
    having = [f for f in families if f in [*FAMILIES, *RULES] and name in names_for(f)]
    return {"family": having} if name != "family" and 0 < len(having) < len(families) else {}


def baseline_of(label: str, schedule: Schedule, clock: Clock) -> dict[str, Any]:
    """Return the entry of a search-space file for a schedule that is a baseline as it stands."""
    found = {
        "schedule": schedule_to_dict(schedule),
        "params": None,
        "epochs": clock.horizon // clock.updates_per_epoch,
        "updates_per_epoch": clock.updates_per_epoch,
    }
    return {"label": label, "file": label, "found": found}


def default_space(base_lr: float) -> dict[str, Any]:
    """Return the space that follows from the learning rate of today alone.

    Decaying families with a warmup, a thirtieth to thirty times of it; and it, constant, as the
    baseline.

    Args:
        base_lr: The learning rate.

    Example:
        >>> space = default_space(1e-3)
        >>> space["params"]["family"]["choices"]
        ['cosine', 'linear', 'poly', 'wsd']
        >>> [baseline["label"] for baseline in space["baseline"]]
        ['today: constant 0.001']
    """
    sampled = {
        "family": ["cosine", "linear", "poly", "wsd"],
        "base_lr": Float(base_lr / 30, 30 * base_lr, log=True),
        "warmup_steps": Int("0up", "0.2dur"),
        "final_lr_ratio": Float(1e-3, 0.3, log=True),
        "power": Float(0.5, 3.0),
        "decay_steps": Int("0.1dur", "0.8dur"),
    }
    today = {"family": "constant", "base_lr": base_lr, "warmup_steps": "0up"}
    baseline = {"label": f"today: constant {base_lr:g}", **today}
    return {**written(sampled, "default"), "baseline": [baseline]}
