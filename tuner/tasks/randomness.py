"""The random generators of Python, NumPy and PyTorch: seeded, kept, and put back."""

from __future__ import annotations

import json
import math
import random
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tuner.tasks.yielded import Arrays

# What the names of theirs begin with, among the arrays of a state.
GENERATORS = "random generators/"


def seed_generators(seed: int) -> None:
    """Seed the generators of Python, of NumPy, and of PyTorch if it is there."""
    random.seed(seed)
    np.random.seed(seed)
    if torch := sys.modules.get("torch"):
        torch.manual_seed(seed)


def generators() -> Arrays:
    """Return the generators as they are now, those of PyTorch if it is there."""
    _, numbers, gauss = random.getstate()
    _, keys, place, has_gauss, second = np.random.get_state(legacy=True)
    found: Arrays = {
        "python": np.array(numbers, np.uint64),
        "python's second": np.array(math.nan if gauss is None else gauss),
        "numpy": np.array([*keys, place, has_gauss], np.uint64),
        "numpy's second": np.array(second),
    }
    if torch := sys.modules.get("torch"):
        found["torch"] = torch.get_rng_state().numpy().copy()
        if torch.cuda.is_available():
            for number, state in enumerate(torch.cuda.get_rng_state_all()):
                found[f"cuda {number}"] = state.numpy().copy()
    return {GENERATORS + name: array for name, array in found.items()}


def put_generators(arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Put the generators back, as :func:`generators` returned them among others."""

    def kept(name: str) -> npt.NDArray[Any]:
        return arrays[GENERATORS + name]

    gauss = float(kept("python's second"))
    numbers = tuple(kept("python").tolist())
    random.setstate((3, numbers, None if math.isnan(gauss) else gauss))
    *keys, place, has_gauss = kept("numpy").tolist()
    keys = np.array(keys, np.uint32)
    np.random.set_state(("MT19937", keys, place, has_gauss, float(kept("numpy's second"))))
    torch = sys.modules.get("torch")
    if torch and f"{GENERATORS}torch" in arrays:
        torch.set_rng_state(torch.from_numpy(kept("torch").copy()))
        for number in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
            if f"{GENERATORS}cuda {number}" in arrays:
                state = torch.from_numpy(kept(f"cuda {number}").copy())
                torch.cuda.set_rng_state(state, number)


def is_generator(thing: Any) -> bool:
    """Tell whether something is a random generator of Python, NumPy or PyTorch."""
    kinds = [random.Random, np.random.Generator, np.random.RandomState]
    if torch := sys.modules.get("torch"):
        kinds.append(torch.Generator)
    return isinstance(thing, tuple(kinds))


def generator_bytes(generator: Any) -> npt.NDArray[np.uint8]:
    """Return the state of a random generator."""
    if isinstance(generator, random.Random):
        state: Any = generator.getstate()
    elif isinstance(generator, np.random.Generator):
        state = generator.bit_generator.state
    elif isinstance(generator, np.random.RandomState):
        state = generator.get_state(legacy=False)
    else:
        state = generator.get_state()  # of PyTorch
    text = json.dumps(state, default=lambda array: array.tolist())
    return np.frombuffer(text.encode(), np.uint8)


def put_generator(generator: Any, kept: npt.NDArray[Any]) -> None:
    """Put a random generator back, as :func:`generator_bytes` returned its state."""
    state = json.loads(kept.tobytes())
    if isinstance(generator, random.Random):
        version, numbers, gauss = state
        generator.setstate((version, tuple(numbers), gauss))
    elif isinstance(generator, np.random.Generator):
        generator.bit_generator.state = state
    elif isinstance(generator, np.random.RandomState):
        generator.set_state(state)
    else:
        torch = sys.modules["torch"]
        generator.set_state(torch.tensor(state, dtype=torch.uint8))
