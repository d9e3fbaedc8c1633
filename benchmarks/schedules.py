"""What a learning rate costs: our schedules, MXNet's, PyTorch's and Optax's objects.

    python benchmarks/schedules.py      # PyTorch and Optax take part if they are installed

The schedules are those of a training of 30 epochs of 235 updates. Asked as a trainer asks, for
updates 1, 2, ... in order, by an object that is new ("first pass") and by one that has been asked
for all of them ("again"; PyTorch's cannot go back, so that both are first passes). "Training": by
a new object for each update three times, as Gluon's trainer asks for this network's ten
parameters. At once: a million updates in an array. Competitors take turns. Writes
benchmarks/results/schedules.json.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import importlib.util
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from surroundings import surroundings

import tuner

RESULTS = Path(__file__).parent / "results" / "schedules.json"
HORIZON = 30 * 235
ROUNDS = 15
MANY = np.arange(1_000_000)
SCHEDULES = {
    "cosine": tuner.Cosine(base_lr=0.3, final_lr=0.01, horizon=HORIZON, warmup_steps=235),
    "poly": tuner.Poly(base_lr=0.3, final_lr=0.01, horizon=HORIZON, power=2.0),
    "factor": tuner.Factor(base_lr=0.3, horizon=HORIZON, decay_factor=0.9, decay_interval=235),
    "multi_factor": tuner.MultiFactor(
        base_lr=0.3, horizon=HORIZON, decay_factor=0.5, milestones=(3525, 5875)
    ),
}
Ask = Callable[[int], Any]


def torch_scheduler() -> Ask:
    """Return PyTorch's cosine, which is stepped rather than asked."""
    import torch

    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight], lr=0.3)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, HORIZON, eta_min=0.01)
    optimizer.step()  # or it warns

    def ask(update: int) -> Any:
        scheduler.step()
        return scheduler.get_last_lr()[0]

    return ask


def optax_schedule() -> Any:
    """Return Optax's cosine, compiled."""
    import jax
    import optax

    return jax.jit(optax.cosine_decay_schedule(0.3, HORIZON, alpha=0.01 / 0.3))


def in_order(ask: Ask, times: int = 1) -> float:
    """Return the microseconds of an answer when all updates are asked for in order."""
    updates = [update for update in range(1, HORIZON + 1) for _ in range(times)]
    began = time.perf_counter()
    for update in updates:
        ask(update)
    return (time.perf_counter() - began) / len(updates) * 1e6


def at_once(ask: Callable[[Any], Any]) -> float:
    """Return the milliseconds of a million updates in one array."""
    began = time.perf_counter()
    np.asarray(ask(MANY))
    return (time.perf_counter() - began) * 1e3


def competitors() -> dict[str, Callable[[], Any]]:
    """Return what makes each object, by its name."""
    makes: dict[str, Callable[[], Any]] = {}
    for name, schedule in SCHEDULES.items():
        makes[f"{name}, ours"] = lambda s=schedule: dataclasses.replace(s)
        makes[f"{name}, MXNet's"] = lambda s=schedule: s.to_mxnet()
    if importlib.util.find_spec("torch"):
        makes["cosine, PyTorch's"] = torch_scheduler
    if importlib.util.find_spec("optax"):
        makes["cosine, Optax's"] = optax_schedule
    return makes


def main() -> None:
    """Time everybody in turn, write the results, print medians and ranges."""
    makes = competitors()
    found: dict[str, dict[str, list[float]]] = {name: {} for name in makes}

    def note(name: str, what: str, value: float) -> None:
        found[name].setdefault(what, []).append(round(value, 4))

    for _ in range(ROUNDS):
        for name, make in makes.items():
            made = make()
            note(name, "first pass", in_order(made))
            again = make() if "PyTorch" in name else made
            note(name, "again", in_order(again))
            if "ours" in name or "MXNet" in name:
                note(name, "training", in_order(make(), times=3))
            if "ours" in name or "Optax" in name:
                note(name, "at once", at_once(made))
    packages = [name for name in ("mxnet", "torch", "optax") if importlib.util.find_spec(name)]
    results = {**surroundings(*packages), "found": found}
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    print("| schedule | first pass, µs | again, µs | training, µs | a million at once, ms | n |")
    print("|---|---|---|---|---|---|")
    for name, columns in found.items():
        cells = [
            f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}"
            f"..{max(values):.{digits}f})"
            if (values := columns.get(what))
            else "–"
            for what, digits in (("first pass", 2), ("again", 2), ("training", 2), ("at once", 0))
        ]
        print(f"| {name} | {' | '.join(cells)} | {ROUNDS} |")


if __name__ == "__main__":
    main()
