"""Drives the optimizers of an unchanged script: Python imports this when it starts.

That is so because this folder is on the PYTHONPATH of a command's processes; see
:mod:`tuner.tasks.command_task`. The Python may be another one, without this package. So here is
the standard library alone, and of the package only what needs no other, brought in when PyTorch or
Keras is imported, and hidden from the script again: a package ``tuner`` of its own stays what it
is.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib takes a while
_PACKAGE = os.path.dirname(os.path.dirname(_HERE))  # noqa: PTH120 - the same
# What has been imported when a framework's optimizers are there, and what then drives them.
_DRIVERS = {
    "torch.optim.optimizer": "tuner.adapters.torch_script",
    "keras.src.optimizers.base_optimizer": "tuner.adapters.keras_script",
}
_ours: dict[str, ModuleType] = {}


@contextmanager
def package() -> Iterator[None]:
    """Let ``tuner`` be this package within the block, whatever it is to the script."""
    theirs = _hidden()
    sys.modules.update(_ours)
    if "tuner" not in sys.modules:
        path = os.path.join(_PACKAGE, "__init__.py")  # noqa: PTH118 - the same
        spec = importlib.util.spec_from_file_location("tuner", path)
        assert spec is not None
        assert spec.loader is not None
        sys.modules["tuner"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules["tuner"])
    try:
        yield
    finally:
        _ours.update(_hidden())
        sys.modules.update(theirs)


def _hidden() -> dict[str, ModuleType]:
    """Take ``tuner`` with all its modules out of those that are imported, and return them."""
    names = [name for name in sys.modules if name == "tuner" or name.startswith("tuner.")]
    return {name: sys.modules.pop(name) for name in names}


class _Finder(MetaPathFinder):
    """Finds the optimizers of a framework as others do, and drives them once they are there."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in _DRIVERS:
            return None
        for finder in sys.meta_path:
            found = None if finder is self else finder.find_spec(name, path, target)
            if found is not None and found.loader is not None:
                _follow(found.loader, _DRIVERS[name])
                return found
        return None


def _follow(loader: Loader, driver: str) -> None:
    run = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        run(module)
        with package():
            drive: Any = importlib.import_module(driver).drive
            drive(package)

    vars(loader)["exec_module"] = exec_module  # of this loader alone


def _silence_other_ranks() -> None:
    """Let rank 0 alone be read; what the others print goes into a file of theirs."""
    rank, folder = os.environ.get("RANK", "0"), os.environ.get("TUNER_TRIAL")
    if rank != "0" and folder:
        path = os.path.join(folder, f"rank-{rank}.txt")  # noqa: PTH118 - the same
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 1)


def _chain() -> None:
    """Import the ``sitecustomize`` that there would be without this one."""
    sys.path[:] = [path for path in sys.path if os.path.abspath(path) != _HERE]  # noqa: PTH100 - same
    this = sys.modules.pop("sitecustomize")
    try:
        importlib.import_module("sitecustomize")
    except ImportError as error:
        if error.name != "sitecustomize":
            raise
    finally:
        sys.modules.setdefault("sitecustomize", this)  # which is being imported


if __name__ == "sitecustomize":
    if os.environ.get("TUNER_SCHEDULE"):
        _silence_other_ranks()
        sys.meta_path.insert(0, _Finder())
    _chain()
