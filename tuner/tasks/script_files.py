"""The files by which a trial and the processes of its command tell each other things.

Files, so that it works through any launcher, for all ranks of one, and in any language. They lie
in a folder of the trial's, which the environment names; what is written grows by whole lines.
"""

from __future__ import annotations

import csv
import json
import struct
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tuner.errors import TaskError
from tuner.schedules import Schedule, curves_of, save_schedule
from tuner.tasks.base import State

# Variables of the environment. The first line is what the hook of unchanged scripts reads, which
# does not import this: tuner/adapters/driving.py.
SCHEDULE, TRIAL, OPTIMIZER = "TUNER_SCHEDULE", "TUNER_TRIAL", "TUNER_OPTIMIZER"
# Set by a script that sets its learning rates itself.
IN_CHARGE = "TUNER_IN_CHARGE"
RATES, FOLDER, SEED, PARAMS = "TUNER_RATES", "TUNER_FOLDER", "TUNER_SEED", "TUNER_PARAMS"
# What a training that reported is answered.
GO_ON, END, KEEP = "go on", "end", "keep"

_COUNT = struct.Struct("<q")
_SHORTEST, _LONGEST = 0.002, 0.05  # seconds between two looks


class ScriptFiles:
    """The files of one training of a command.

    Args:
        folder: Where they are.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read: dict[str, int] = {}

    def write_schedule(
        self,
        schedule: Schedule,
        *,
        updates_per_epoch: int | None = None,
        batch_size: int | None = None,
        updates: int = 0,
        provenance: Mapping[str, Any] | None = None,
    ) -> None:
        """Write what every training is told before it begins: its learning rates.

        Args:
            schedule: The learning rate of every update.
            updates_per_epoch: Updates in an epoch, if that is known.
            batch_size: Examples in one, if that is known.
            updates: How many the training has, if that is known.
            provenance: Where the schedule comes from.
        """
        self.own.mkdir()
        save_schedule(
            schedule, self.schedule, updates_per_epoch=updates_per_epoch, batch_size=batch_size,
            provenance=provenance,
        )  # fmt: skip
        last = max(schedule.horizon, updates)
        curves = curves_of(schedule)
        with self.rates.open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(["update", *curves])
            for update in range(1, last + 1):
                table.writerow([update, *(curve(update) for curve in curves.values())])
        self._path("told").touch()
        self._path("answers").touch()
        self._path("updates").write_bytes(_COUNT.pack(0))

    def write_trial(
        self,
        seed: int,
        *,
        epochs: int,
        updates_per_epoch: int,
        params: Mapping[str, Any],
        metric: str = "",
        start: State | None = None,
    ) -> None:
        """Write what a trial of a study is told as well."""
        told = {
            "seed": seed, "epochs": epochs, "updates_per_epoch": updates_per_epoch,
            "params": dict(params), "metric": metric, "done": start.epoch if start else 0,
        }  # fmt: skip
        self._path("trial.json").write_text(json.dumps(told), encoding="utf-8")
        if start is not None:
            self.put_state(start)

    @property
    def schedule(self) -> Path:
        """The schedule file."""
        return self._path("schedule.json")

    @property
    def rates(self) -> Path:
        """A table of all learning rates, and of what else the schedule has."""
        return self._path("rates.csv")

    @property
    def own(self) -> Path:
        """The folder for what the training writes."""
        return self._path("files")

    def environment(
        self, seed: int, params: Mapping[str, Any], optimizer: str | int | None
    ) -> dict[str, str]:
        """Return the variables that say all this."""
        return {
            TRIAL: str(self.folder),
            SCHEDULE: str(self.schedule),
            RATES: str(self.rates),
            FOLDER: str(self.own),
            SEED: str(seed),
            PARAMS: json.dumps(dict(params)),
            OPTIMIZER: "" if optimizer is None else str(optimizer),
        }

    def trial(self) -> dict[str, Any]:
        """Return what the training was told, but for its schedule."""
        found: dict[str, Any] = json.loads(self._path("trial.json").read_text(encoding="utf-8"))
        return found

    def tell(self, **what: Any) -> None:
        """Tell the trial something."""
        self._append("told", json.dumps(what))

    def told(self) -> list[dict[str, Any]]:
        """Return what the trial was told since the last time."""
        return [json.loads(line) for line in self._lines("told")]

    def answer(self, word: str) -> None:
        """Answer a training that waits for it, every rank of it."""
        self._append("answers", word)

    def next_answer(self) -> str:
        """Wait for the next answer, and return it."""
        wait = _SHORTEST
        while True:
            if found := self._lines("answers", most=1):
                return found[0]
            time.sleep(wait)
            wait = min(wait * 1.5, _LONGEST)

    @property
    def updates(self) -> int:
        """How many updates an unchanged script has made, as far as its framework tells."""
        return int(_COUNT.unpack(self._path("updates").read_bytes())[0])

    def put_state(self, state: State) -> None:
        """Keep a state for the other side."""
        names = np.array(list(state.arrays), dtype=str)
        np.savez(self._path("state.npz"), names, np.array(state.epoch), *state.arrays.values())

    def state(self) -> State | None:
        """Return the state that the other side kept, if it did."""
        if not self._path("state.npz").exists():
            return None
        with np.load(self._path("state.npz"), allow_pickle=False) as file:
            names, epoch, *arrays = (file[f"arr_{place}"] for place in range(len(file.files)))
        return State(int(epoch), dict(zip(names.tolist(), arrays, strict=True)))

    def _path(self, name: str) -> Path:
        return self.folder / name

    def _append(self, name: str, line: str) -> None:
        try:
            with self._path(name).open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        except OSError as error:
            raise TaskError(
                f"{self.folder} must be there while the trial trains, but: {error.strerror}."
            ) from error

    def _lines(self, name: str, most: int | None = None) -> list[str]:
        """Return the whole lines that a file got since the last time."""
        with self._path(name).open("rb") as file:
            file.seek(self._read.get(name, 0))
            content = file.read()
        lines = content.splitlines(keepends=True)
        whole = [line for line in lines if line.endswith(b"\n")][:most]
        self._read[name] = self._read.get(name, 0) + sum(map(len, whole))
        return [line.decode().rstrip("\n") for line in whole]
