"""A schedule file loads where nothing but Python and this package is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import tuner

from .expected import EXPECTED, GOLDEN, SEVERAL

CODE = """
import sys

class OnlyTheStandardLibrary:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top != "tuner" and top not in sys.stdlib_module_names:
            raise ImportError(f"{name} is not of the standard library")

sys.meta_path.insert(0, OnlyTheStandardLibrary())
for name in ("numpy", "optuna", "mxnet"):
    try:
        __import__(name)
    except ImportError:
        continue
    raise SystemExit(f"{name} could be imported")

from tuner.schedules.file import load_schedule

for path in sys.argv[1:]:
    schedule = load_schedule(path)
    schedule([1, schedule.horizon])
    print(repr(schedule))
"""


@pytest.mark.usefixtures("processes")
def test_golden_files_load_with_the_standard_library_alone() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE, *(str(GOLDEN / name) for name in (*EXPECTED, *SEVERAL))],
        cwd=Path(tuner.__file__).parent.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        repr(schedule) for schedule in (*EXPECTED.values(), *SEVERAL.values())
    ]
