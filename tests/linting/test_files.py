"""``tuner lint`` on a training in several files: it reads those beside that the first imports."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import tuner

MAKE = """\
from torch.optim.lr_scheduler import CosineAnnealingLR

def make(optimizer, length):
    return CosineAnnealingLR(optimizer, T_max=length)
"""
LOOP = """\
def train(model, loader, optimizer, scheduler, epochs):
    for epoch in range(epochs):
        for batch in loader:
            model(batch).backward()
            optimizer.step()
            scheduler.step()
"""
MAIN = """\
from {package}loops import train
{make}

scheduler = {call}(optimizer, {length})
train(model, loader, optimizer, scheduler, epochs)
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that writes a training into files, main.py beside them or in a package."""
    monkeypatch.chdir(tmp_path)

    def write(length: str, make: str, call: str, package: str = "") -> None:
        folder = tmp_path / "parts" if package else tmp_path
        folder.mkdir(exist_ok=True)
        (folder / "optim.py").write_text(MAKE)
        (folder / "loops.py").write_text(LOOP)
        text = MAIN.format(package=package, make=make, call=call, length=length)
        Path("main.py").write_text(text)

    return write


WAYS = [
    ("from optim import make", "make", ""),
    ("import optim", "optim.make", ""),
    ("import optim as schedulers", "schedulers.make", ""),
    ("from parts.optim import make", "make", "parts."),
    ("from parts import optim", "optim.make", "parts."),
]


@pytest.mark.parametrize(("make", "call", "package"), WAYS)
def test_a_mistake_between_files_is_found_where_the_length_is(
    write: Callable[..., None], make: str, call: str, package: str
) -> None:
    write("epochs", make, call, package)
    [found] = tuner.lint("main.py")
    folder = "parts/" if package else ""
    assert str(found).startswith(f"{folder}optim.py:4: horizon-in-epochs: `T_max=length`")
    write("epochs * len(loader)", make, call, package)
    assert tuner.lint("main.py") == []


def test_nothing_beside_is_run(write: Callable[..., None], tmp_path: Path) -> None:
    write("epochs", "from optim import make", "make")
    Path("optim.py").write_text(MAKE + f"open({str(tmp_path / 'ran')!r}, 'w')\n1 / 0\n")
    assert [found.line for found in tuner.lint("main.py")] == [4]
    assert not (tmp_path / "ran").exists()


def test_what_is_beside_may_be_broken_or_import_in_a_circle(write: Callable[..., None]) -> None:
    write("epochs", "from optim import make", "make")
    Path("optim.py").write_text("import main\nimport loops\n" + MAKE)
    assert [found.line for found in tuner.lint("main.py")] == [6]
    Path("loops.py").write_text("def train(:\n")
    assert tuner.lint("main.py") == []


def test_the_command_says_a_mistake_once(
    write: Callable[..., None], tuner_command: Callable
) -> None:
    write("epochs", "from optim import make", "make")
    Path("again.py").write_text(Path("main.py").read_text())
    ran = tuner_command("lint", "main.py", "again.py", "optim.py")
    assert (ran.code, ran.err.splitlines()[0]) == (1, "1 mistake found in 3 files")
    assert ran.out.count("\n") == 1
