"""What holds for the tests and for the examples in docstrings alike, and their two lanes.

`make check` runs what takes a moment: ``-m "not slow"``. A test is slow if it asks for one of the
fixtures of `SLOW`, itself or through another fixture. Without it, it may do none of what the
fixture is for: it fails, with a sentence that says which fixture to ask for.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["pytester"]

# Before PyTorch loads the OpenMP library, which reads it then: MXNet trains with one thread, and
# with more gives other bits than in a process of its own.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Before anything imports Keras, whose default backend is not among our dependencies.
os.environ.setdefault("KERAS_BACKEND", "jax")

# It starts `lscpu` when it is imported, as SciPy does at any time: now, before a test is blamed.
importlib.import_module("numpy.testing")
# Binds a socket, as downloads of the data import it.
importlib.import_module("urllib3.util.connection")

FAST = "not slow"
# The fixtures that make a test slow, and what they are for.
SLOW = {
    "processes": "starts a process or a server",
    "training": "reads Fashion-MNIST",
    "trainers": "imports a library that takes seconds to import",
    "seconds": "takes seconds of arithmetic",  # which nothing finds but `--durations`
}
_PROCESSES = {"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "socket.bind"}
_TRAINERS = {"keras", "lightning", "transformers"}
_DATA = "-ubyte"  # in the names of Fashion-MNIST's files, packed or not

# Figures that tests record as (row, column, text), and what they say.
TABLES = {
    "adapters": "largest relative difference to the schedule over 1.5 horizons: whole, resumed",
}


@pytest.fixture(scope="session")
def processes() -> None:
    """Allow a test to start processes and servers."""


@pytest.fixture(scope="session")
def training() -> None:
    """Allow a test to read Fashion-MNIST, and so to train on it."""


@pytest.fixture(scope="session")
def trainers() -> None:
    """Allow a test to import Keras, PyTorch Lightning and Transformers."""


@pytest.fixture(scope="session")
def seconds() -> None:
    """Allow a test to take longer than a moment."""


class Lanes:
    """Marks tests as slow, and refuses to others what only slow ones may do.

    In the fast lane, files that import what takes seconds are left out as a whole.
    """

    def __init__(self, is_fast: bool) -> None:
        self.is_fast_test = False
        self.leaves_out = is_fast
        sys.addaudithook(self.audit)

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Fail a test at the moment when it does what it may not."""
        if event == "import" and arguments[0] in _TRAINERS:
            if self.leaves_out:
                pytest.skip(f"importing {arguments[0]} takes seconds", allow_module_level=True)
            self.refuse("trainers", arguments[0])
        elif event in _PROCESSES:
            self.refuse("processes", f"{event} {arguments[:1]}")
        elif event == "open" and _DATA in str(arguments[0]):
            self.refuse("training", str(arguments[0]))

    def refuse(self, fixture: str, what: str) -> None:
        """Fail the test that runs, unless it is slow."""
        if self.is_fast_test:
            pytest.fail(
                f"This test {SLOW[fixture]} ({what}), so it must not be in `make check`:"
                f" let it ask for the fixture `{fixture}`."
            )

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Mark what asks for a fixture that makes it slow, before ``-m`` selects."""
        self.leaves_out = False
        for item in items:
            if SLOW.keys() & set(getattr(item, "fixturenames", ())):
                item.add_marker("slow")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Know whether the test, with its fixtures, is slow."""
        self.is_fast_test = item.get_closest_marker("slow") is None
        try:
            return (yield)
        finally:
            self.is_fast_test = False


def pytest_configure(config: pytest.Config) -> None:
    """Have the two lanes, and fewer examples of properties in the fast one."""
    is_fast = config.option.markexpr == FAST
    # Without a stop-watch: a busy machine is no failure.
    common: Any = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
    settings.register_profile("slow", max_examples=60, **common)
    settings.register_profile("fast", max_examples=15, **common)
    settings.load_profile("fast" if is_fast else "slow")
    config.addinivalue_line("markers", "slow: not in `make check`; set by what it asks for")
    config.pluginmanager.register(Lanes(is_fast))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Let garbage be while tests are collected: nearly all that they import stays."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


_kept_modules = 0


@pytest.fixture(autouse=True)
def _short_collections() -> None:
    """Keep what is imported by now out of garbage collections.

    Every command and every training in Gluon collects, and with the libraries loaded that looks
    at a million objects that never go.
    """
    global _kept_modules
    if len(sys.modules) > _kept_modules + 100:
        gc.collect()
        gc.freeze()
        _kept_modules = len(sys.modules)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the tables of figures that the tests recorded, in whatever processes they ran."""
    reports = terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
    for name, title in TABLES.items():
        found = [value for r in reports for key, value in r.user_properties if key == name]
        if found:
            cells = {(row, column): text for row, column, text in found}
            rows, columns = (sorted({place[axis] for place in cells}) for axis in (0, 1))
            table = [["", *columns]]
            table += [[row, *(cells.get((row, column), "") for column in columns)] for row in rows]
            widths = [max(map(len, column)) for column in zip(*table, strict=True)]
            terminalreporter.section(title)
            for line in table:
                padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
                terminalreporter.line("  ".join(padded).rstrip())
