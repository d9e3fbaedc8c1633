"""What the tests of the command line share."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable

import pytest

from tuner.cli.main import main

from .bad_input.refusals import Said


@pytest.fixture
def tuner(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable:
    """Return a function that runs the command in this process."""

    def run(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["tuner", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        code = ended.value.code
        del ended
        gc.collect()  # closes what the exception holds, as the end of a process does
        return Said(code if isinstance(code, int) else 0, *capsys.readouterr())

    return run
