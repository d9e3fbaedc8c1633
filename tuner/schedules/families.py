"""The families by their word: the built-in ones, and those that other packages register.

A package registers a family of its own by an entry point of the group ``tuner.schedules``, whose
name is the family's word:

.. code-block:: toml

    [project.entry-points."tuner.schedules"]
    sawtooth = "my_package.sawtooth:Sawtooth"

The class is written as the built-in ones are: a frozen dataclass that subclasses
:class:`~tuner.schedules.base.Schedule`, is finished by ``@sealed``, and makes its parameters with
the functions of :mod:`tuner.schedules.fields` alone, so that search spaces, files and
``with_horizon`` know what each of them is. It is checked when it is first used. From then on it
is a family like any other, in search spaces, files, reports and adapters. A file that names it is
read by its word: no file ever leads to an import that no installed package has registered.

Example of such a module::

    import dataclasses

    from tuner.schedules import Schedule, sealed
    from tuner.schedules.fields import updates

    @sealed
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Sawtooth(Schedule):
        family = "sawtooth"
        formula = "base_lr * (1 - (u - W) mod period / period)"

        period: int = updates(repeats=True)

        def _conditions(self):
            yield self.period >= 1, "period >= 1"

        def _after_warmup(self, update):
            return self.base_lr * (1 - (update - self.warmup_steps) % self.period / self.period)
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator

from tuner.errors import ScheduleError
from tuner.schedules.base import Schedule, is_sealed
from tuner.schedules.fields import KINDS
from tuner.schedules.registered import Registered


class Families(Registered[Schedule]):
    """Families by their word; those of other packages are imported when they are first used.

    Args:
        built_in: The families of this package.
    """

    group = "tuner.schedules"
    noun = "family"
    documented = "the documentation of tuner.schedules.families"
    error = ScheduleError

    def __init__(self, *built_in: type[Schedule]) -> None:
        self.built_in = {cls.family: cls for cls in built_in}
        super().__init__(self.built_in)

    def _conditions(self, word: str, cls: object) -> Iterator[tuple[bool, str]]:
        """Yield (does it hold, what a registered class must be)."""
        if not (isinstance(cls, type) and issubclass(cls, Schedule)):
            yield False, "be a subclass of Schedule"
            return
        yield not inspect.isabstract(cls), "define `_after_warmup`"
        yield getattr(cls, "family", None) == word, f"have `family = {word!r}`"
        yield isinstance(getattr(cls, "formula", None), str), "have a `formula`, a line of text"
        yield "__dataclass_fields__" in vars(cls), "be a frozen dataclass of its own"
        yield is_sealed(cls), "be decorated with @sealed above @dataclass"
        fields = dataclasses.fields(cls)
        kinds = {field.name: field.metadata.get("kind") for field in fields}
        foreign = [name for name, kind in kinds.items() if kind not in KINDS]
        yield not foreign, f"make {foreign} with the functions of tuner.schedules.fields"
        # A search space knows a parameter by its name alone.
        for other in self.built_in.values():
            for field in dataclasses.fields(other):
                known = field.metadata["kind"]
                same = kinds.get(field.name, known) in (known, None)
                yield same, f"have {field.name!r} as {other.__name__} has it: {known}"
