"""The only ``import mxnet`` of the project, with what MXNet 1.9.1 needs around it.

MXNet 1.9.1, the last release, uses names that NumPy 1.24 removed (``numpy.bool`` and five
others), so it does not import beside a NumPy that current SciPy, pandas and matplotlib accept.
On Python 3.12 it also needs setuptools for the removed ``distutils``, and with SciPy installed it
uses a module that SciPy deprecates and 2.0 removes.
"""

from __future__ import annotations

import builtins
import contextlib
import importlib
import importlib.util
import os
import sys
import warnings
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace

from tuner.errors import TaskError

# Set where a worker process was given its share of the cores, which is nobody's wish for MXNet.
SHARE_VARIABLE = "TUNER_THREADS"
_REMOVED_ALIASES = ("bool", "int", "float", "complex", "object", "str")


def import_mxnet() -> ModuleType:
    """Import MXNet, ready for training.

    Unless the environment says otherwise, MXNet gets one thread: for a network as small as LeNet
    two are slower than one, and the number of threads changes the last bits of a result. Where
    something else has loaded OpenMP before, as PyTorch does, that is too late: set
    ``OMP_NUM_THREADS=1`` in the environment then.

    Returns:
        The module ``mxnet``.

    Raises:
        TaskError: If MXNet is not installed or does not import, with what to do about it.
    """
    if SHARE_VARIABLE in os.environ:
        os.environ["OMP_NUM_THREADS"] = "1"
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    _drop_broken()
    try:
        with warnings.catch_warnings():
            # It looks up names that NumPy deprecates, without using them.
            warnings.simplefilter("ignore", DeprecationWarning)
            if importlib.util.find_spec("mxnet"):  # else nothing is changed for it
                _prepare()
            with _later("scipy.stats", "h5py"):
                import mxnet
            module: ModuleType = mxnet
            _keep_sparse_names(mxnet)
    except (ImportError, AttributeError, OSError) as error:
        raise TaskError(
            f"MXNet 1.9.1 must be importable to train a Gluon network, but: {error}."
            " It has wheels for Linux (x86-64, ARM) and macOS (x86-64) and works with Python 3.10"
            " to 3.12 and NumPy 1: there, type `pip install 'schedule-tuner[mxnet]'`, or in a"
            " clone `pip install '.[mxnet]'`. Without it the rest works everywhere: PyTorch"
            " networks, functions, schedules, their files and reports."
        ) from error
    return module


def _prepare() -> None:
    """Provide what newer releases of NumPy and Python have no more."""
    import numpy

    for alias in _REMOVED_ALIASES:
        if alias not in numpy.__dict__:
            setattr(numpy, alias, getattr(builtins, alias))
    if sys.version_info >= (3, 12):
        importlib.import_module("setuptools")  # which provides distutils


def _drop_broken() -> None:
    """Let MXNet be imported anew if a plain ``import mxnet`` failed before, as it does alone.

    What had been imported by then stays, and the next import would make half a module of it.
    """
    if not hasattr(sys.modules.get("mxnet"), "autograd"):
        for name, module in [*sys.modules.items()]:
            if name.partition(".")[0] == "mxnet" and module:  # None forbids importing it
                del sys.modules[name]


class _Later(ModuleType):
    """Stands for the module of its name, imported when something of it is asked for."""

    def __getattr__(self, name: str) -> object:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


@contextlib.contextmanager
def _later(*names: str) -> Iterator[None]:
    """Let what is imported in the block import some modules only when it uses them.

    MXNet imports SciPy's statistics for quantization and its own tests, and h5py for files that it
    may be given: more than half a second of every process that trains.
    """
    stand_ins = {
        name: _Later(name)
        for name in names
        if name not in sys.modules and importlib.util.find_spec(name.partition(".")[0])
    }
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name, stand_in in stand_ins.items():
            if sys.modules.get(name) is stand_in:
                del sys.modules[name]


def _keep_sparse_names(mxnet: ModuleType) -> None:
    """Let MXNet find SciPy's sparse matrices where it looks for them at every new array."""
    for module in (mxnet.ndarray.sparse, mxnet.ndarray.utils):
        scipy_sparse = module.spsp  # None without SciPy
        if isinstance(scipy_sparse, ModuleType):
            module.spsp = SimpleNamespace(
                csr=SimpleNamespace(csr_matrix=scipy_sparse.csr_matrix),
                csr_matrix=scipy_sparse.csr_matrix,
                coo_matrix=scipy_sparse.coo_matrix,
            )
