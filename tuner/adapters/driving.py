"""What drives the optimizer of a script, whatever its framework: which one, and how far it is.

It needs the standard library alone, and of this package the schedules: the script's Python may be
another one. What it tells a study is read by :mod:`tuner.tasks.script_files`.
"""

from __future__ import annotations

import json
import mmap
import os
import struct
import weakref
from pathlib import Path
from typing import Any, NoReturn

from tuner.errors import ScheduleError
from tuner.schedules import load_schedule

_COUNT = struct.Struct("<q")


class Driven:
    """The optimizer that follows the schedule, of all that a script has.

    Args:
        framework: Whose they are.
    """

    def __init__(self, framework: str) -> None:
        self.schedule = load_schedule(os.environ["TUNER_SCHEDULE"])
        self._framework = framework
        self._folder = Path(os.environ["TUNER_TRIAL"])
        wanted = os.environ.get("TUNER_OPTIMIZER", "")
        self._wanted: int | str = int(wanted) if wanted.isdecimal() else wanted
        self._seen: list[weakref.ref[Any]] = []
        self._updates = 0
        self._is_told = os.environ.get("RANK", "0") != "0"  # by rank 0
        with (self._folder / "updates").open("r+b") as file:
            self._count = mmap.mmap(file.fileno(), _COUNT.size)

    @property
    def updates(self) -> int:
        """How many updates were made."""
        return self._updates

    @updates.setter
    def updates(self, count: int) -> None:
        self._updates = count
        self._count[:] = _COUNT.pack(count)

    def drives(self, optimizer: Any) -> bool:
        """Tell whether an optimizer follows the schedule; none does in a script with a trial.

        Raises:
            ScheduleError: If there are several, and it was not said which.
        """
        if os.environ.get("TUNER_IN_CHARGE"):
            return False
        known = [seen() for seen in self._seen]
        if not any(each is optimizer for each in known):
            self._seen.append(weakref.ref(optimizer))
            known.append(optimizer)
        names = [type(each).__name__ if each is not None else "" for each in known]
        place = next(place for place, each in enumerate(known) if each is optimizer)
        alike = [place for place, name in enumerate(names) if name == self._wanted]
        if self._wanted == "":
            if len(names) > 1:
                self.fail(
                    "it must be said which optimizer follows the schedule, `optimizer = 0` or"
                    f" '{names[0]}', for the script has {_listed(names)}, counted from 0 in the"
                    " order of their first steps."
                )
        elif isinstance(self._wanted, str) and len(alike) > 1:
            self.fail(
                f"`optimizer` must name one optimizer, but {self._wanted!r} are several; give its"
                f" number: the script has {_listed(names)}, counted from 0."
            )
        found = self._wanted in ("", place, names[place])
        if found and not self._is_told:
            self._is_told = True
            self._tell(drives=self._framework)
        return found

    def fail(self, reason: str) -> NoReturn:
        """Tell the study why the script cannot be trained so, and raise it."""
        self._tell(failed=f"The schedule cannot drive the script: {reason}")
        raise ScheduleError(reason)

    def _tell(self, **what: str) -> None:
        with (self._folder / "told").open("a", encoding="utf-8") as file:
            file.write(json.dumps(what) + "\n")


def _listed(names: list[str]) -> str:
    return ", ".join(f"{place}: {name}" for place, name in enumerate(names))
