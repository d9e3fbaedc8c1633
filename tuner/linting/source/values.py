"""What a name of a source file may stand for: schedulers, options, functions, classes, numbers."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tuner.linting.places import Place
from tuner.linting.source.amounts import UNKNOWN, Amount
from tuner.linting.source.known import Maker
from tuner.linting.source.loops import Frame


class Asking(NamedTuple):
    """A call of a scheduler: the unit of what it is asked about, and whether that begins at 0."""

    place: Place
    about: str = ""
    unit: str | None = None
    from_0: bool = False


class Step(NamedTuple):
    """A call of ``step()``, or a framework's promise of one, inside loops and conditions.

    ``every`` is the unit if it is known without looking at the loop.
    """

    place: Place
    frame: Frame | None = None
    conditions: tuple[ast.If, ...] = ()
    every: str | None = None
    at_module_level: bool = False

    def purpose(self) -> str | None:
        """Say what it is called for, once all was read."""
        if self.every is not None:
            return self.every
        if self.frame is None:
            return "looking" if self.at_module_level else None
        return self.frame.purpose()


class Epochs(NamedTuple):
    """The length of a training, and the functions and classes that it is written in."""

    number: int
    inside: frozenset[ast.AST] = frozenset()

    def is_near(self, inside: frozenset[ast.AST]) -> bool:
        """Tell whether it is written for all, or for what is inside of these as well."""
        return not self.inside or not self.inside.isdisjoint(inside)


@dataclasses.dataclass(eq=False)
class Scheduler:
    """A scheduler of a source file, from where it is made on."""

    name: str
    place: Place
    maker: Maker | None = None  # None: a class of the file itself
    changes: bool = False
    horizon: Amount = UNKNOWN
    warmup: Amount = UNKNOWN
    base: Amount = UNKNOWN
    factor: Amount = UNKNOWN
    floor: Amount = UNKNOWN
    frame: Frame | None = None  # the loop that it is made in
    inside: frozenset[ast.AST] = frozenset()  # the functions and classes
    by_hand: bool = False  # the program itself sets what it says
    passed: bool = False  # it went elsewhere as a value
    whole: Scheduler | None = None  # that it is a piece of
    stepped: list[Scheduler] = dataclasses.field(default_factory=list)  # what to_torch() made
    made_of: Scheduler | None = None  # of what to_torch() made: the schedule
    multiplied: list[Scheduler] = dataclasses.field(default_factory=list)  # what multiplies it
    prepared: Place | None = None  # where Accelerate takes it over
    asked: list[Asking] = dataclasses.field(default_factory=list)
    handed: list[Place] = dataclasses.field(default_factory=list)  # to a trainer
    asked_before: list[Asking] = dataclasses.field(default_factory=list)  # it was handed on
    set_as: list[Asking] = dataclasses.field(default_factory=list)  # what the program set
    steps: list[Step] = dataclasses.field(default_factory=list)

    def hand_to_trainer(self, place: Place) -> None:
        """Note that a trainer asks it from here on."""
        if not self.handed:
            self.asked_before = list(self.asked)
        self.handed.append(place)

    @property
    def ours(self) -> bool:
        """Whether it is of this package."""
        return self.maker is not None and self.maker.ours

    def all_steps(self) -> Iterator[Step]:
        """Yield its steps, and those of what it was made into."""
        yield from self.steps
        for each in self.stepped:
            yield from each.all_steps()
        if self.whole is not None:
            yield from self.whole.all_steps()


@dataclasses.dataclass(eq=False)
class Options:
    """The options of an optimizer, written as a dict or as the arguments of a call."""

    place: Place
    schedulers: Sequence[Scheduler] = ()
    rate: Amount | None = None  # learning_rate, if it is there
    optimizer: str = ""
    node: ast.expr | None = None


class Rate(NamedTuple):
    """What schedulers said, when the program asked one of them."""

    schedulers: tuple[Scheduler, ...]
    asking: Asking


class Counter(NamedTuple):
    """What a loop counts: how far, and from where."""

    length: Amount
    begin: float | None = None


class Several(NamedTuple):
    """The parts of a tuple or list."""

    parts: tuple[Known | None, ...]


class Choice(NamedTuple):
    """One of these, as conditions decide."""

    of: tuple[Known, ...]


class Taken(NamedTuple):
    """What `accelerator.prepare` returned: loaders that are shorter than they were."""


@dataclasses.dataclass(eq=False)
class Module:
    """A file, and what its names stand for."""

    file: str | None
    names: dict[str, Known] = dataclasses.field(default_factory=dict)
    origins: dict[str, str] = dataclasses.field(default_factory=dict)  # packages of its imports


@dataclasses.dataclass(eq=False)
class Function:
    """A function, with the names that it was defined among; a method, with its object."""

    node: ast.FunctionDef | ast.AsyncFunctionDef
    module: Module
    scopes: list[dict[str, Known]]
    owner: Class | None = None
    instance: Instance | None = None


@dataclasses.dataclass(eq=False)
class Class:
    """A class, with its methods and those of its bases that were read."""

    node: ast.ClassDef
    module: Module
    methods: dict[str, Function] = dataclasses.field(default_factory=dict)
    names: dict[str, Known] = dataclasses.field(default_factory=dict)
    # Of one whose objects can be called: whether that changes them.
    changes: bool | None = None


@dataclasses.dataclass(eq=False)
class Instance:
    """An object of a class of the file."""

    of: Class
    names: dict[str, Known] = dataclasses.field(default_factory=dict)


# A str is the name of an optimizer.
Known = (
    Amount
    | Scheduler
    | Options
    | Rate
    | Counter
    | Several
    | Choice
    | Taken
    | Module
    | Function
    | Class
    | Instance
    | str
)


def schedulers_of(known: Known | None) -> list[Scheduler]:
    """Return the schedulers that a value may be."""
    if isinstance(known, Scheduler):
        return [known]
    if isinstance(known, Choice):
        return [each for part in known.of for each in schedulers_of(part)]
    return []


def combined(values: Sequence[Known | None]) -> Known | None:
    """Return what a value is that is one of these, as conditions decide."""
    found = [value for value in dict.fromkeys(_flat(values)) if value is not None]
    if len(found) < 2:
        return found[0] if found else None
    if all(isinstance(value, Several) for value in found):
        lists = [value.parts for value in found if isinstance(value, Several)]
        if len({len(parts) for parts in lists}) == 1:
            return Several(tuple(combined(parts) for parts in zip(*lists, strict=True)))
    if all(isinstance(value, Amount) for value in found):
        units = {value.unit for value in found if isinstance(value, Amount)}
        return Amount(None, units.pop() if len(units) == 1 else None)
    return Choice(tuple(found))


def _flat(values: Sequence[Known | None]) -> Iterator[Known | None]:
    for value in values:
        if isinstance(value, Choice):
            yield from value.of
        else:
            yield value


def merged(one: dict[str, Known], other: dict[str, Known]) -> dict[str, Known]:
    """Return what names stand for after one of two ways."""
    merged: dict[str, Known] = {}
    for name in one | other:
        values = [names[name] for names in (one, other) if name in names]
        same = all(value is values[0] for value in values)
        found = values[0] if same else combined(values)
        merged[name] = values[-1] if found is None else found
    return merged
