"""`make check` runs what takes a moment, and no test gets into it that does not."""

from __future__ import annotations

from pathlib import Path

import pytest

CONFTEST = Path(__file__).parents[1] / "conftest.py"
TESTS = """
import subprocess, sys, threading
import pytest

@pytest.fixture
def python(processes):
    return lambda code: subprocess.run([sys.executable, "-c", code], check=True)

def test_slow(python):
    python("")

@pytest.mark.usefixtures("training")
def test_slow_by_a_mark():
    open("nothing-ubyte", "w").close()

def test_fast():
    pass

def test_a_process():
    try:
        subprocess.run([sys.executable, "-c", ""], check=True)
    except Exception:
        pass

def test_data():
    open("train-images-idx3-ubyte.gz")
"""


@pytest.fixture
def ran(pytester: pytest.Pytester, processes: None) -> pytest.Pytester:
    """Return a place with those tests, and what makes the lanes."""
    pytester.makeconftest(CONFTEST.read_text(encoding="utf-8"))
    pytester.makepyfile(TESTS)
    return pytester


def test_who_does_what_is_slow_without_asking_is_told_what_to_ask_for(
    ran: pytest.Pytester,
) -> None:
    result = ran.runpytest_subprocess("-p", "no:xdist")
    result.assert_outcomes(passed=3, failed=2)
    result.stdout.fnmatch_lines(
        [
            "*This test starts a process or a server (subprocess.Popen*), so it must not be in"
            " `make check`: let it ask for the fixture `processes`.",
            "*This test reads Fashion-MNIST (train-images-idx3-ubyte.gz), so*`training`.",
        ]
    )


def test_who_asks_is_left_out(ran: pytest.Pytester) -> None:
    result = ran.runpytest_subprocess("-p", "no:xdist", "-m", "not slow")
    result.assert_outcomes(passed=1, failed=2, deselected=2)


def test_a_file_that_imports_for_seconds_is_left_out_as_a_whole(ran: pytest.Pytester) -> None:
    ran.makepyfile(lightning="", test_trainer="import lightning\n\ndef test_it():\n    pass\n")
    ran.syspathinsert()
    ran.runpytest_subprocess("-p", "no:xdist", "test_trainer.py").assert_outcomes(passed=1)
    left_out = ran.runpytest_subprocess("-p", "no:xdist", "-m", "not slow", "test_trainer.py")
    left_out.assert_outcomes(skipped=1)
