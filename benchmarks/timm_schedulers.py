"""The learning rates of timm's own schedulers, which schedules are held against in the tests.

timm needs torchvision, which needs its own PyTorch, so that it is no part of the development
environment. Its schedulers need neither. In an environment of its own:

    $ python -m venv /tmp/timm && /tmp/timm/bin/pip install torch numpy && \\
          /tmp/timm/bin/pip install --no-deps timm
    $ /tmp/timm/bin/python benchmarks/timm_schedulers.py

writes ``benchmarks/results/timm_schedulers.json``: the rates of every update, and the arguments.
Those are timm's by timm's names; ``lr`` is the optimizer's, and ``updates_per_epoch`` how many
updates this script made before it called ``step(epoch)``, as timm's ``train.py`` does.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import sys
import types
from pathlib import Path
from typing import Any

import torch

UPDATES = 60
RESULTS = Path(__file__).parent / "results" / "timm_schedulers.json"

WARM: dict[str, Any] = {"warmup_t": 5, "warmup_lr_init": 1e-4}
UP: dict[str, Any] = {"t_in_epochs": False}
EPOCHS: dict[str, Any] = {"updates_per_epoch": 4}
GOES_ON: dict[str, Any] = {"horizon": UPDATES}

# (what it is called, its arguments beside lr=0.3)
ROWS: list[tuple[str, dict[str, Any]]] = [
    ("CosineLRScheduler", {"t_initial": 40, **UP}),
    ("CosineLRScheduler", {"t_initial": 40, "lr_min": 1e-3, **WARM, **UP}),
    ("CosineLRScheduler", {"t_initial": 40, "lr_min": 1e-3, **WARM, "warmup_prefix": True, **UP}),
    ("CosineLRScheduler", {"t_initial": 12, "lr_min": 1e-5, **WARM, **EPOCHS}),
    ("CosineLRScheduler", {"t_initial": 9, "warmup_prefix": True, **WARM, **EPOCHS}),
    (
        "CosineLRScheduler",
        {"t_initial": 10, "cycle_limit": 4, "cycle_decay": 0.5, "lr_min": 1e-3, **WARM, **UP},
    ),
    ("CosineLRScheduler", {"t_initial": 7, "cycle_limit": 3, "cycle_mul": 2.0, **UP}),
    ("CosineLRScheduler", {"t_initial": 4, "cycle_limit": 2, "cycle_mul": 2.0, **WARM, **EPOCHS}),
    ("TanhLRScheduler", {"t_initial": 40, **UP}),
    ("TanhLRScheduler", {"t_initial": 40, "lb": -4.0, "ub": 2.0, "lr_min": 1e-3, **WARM, **UP}),
    ("TanhLRScheduler", {"t_initial": 40, **WARM, "warmup_prefix": True, **UP}),
    ("TanhLRScheduler", {"t_initial": 12, "lr_min": 1e-5, **WARM, **EPOCHS}),
    ("PolyLRScheduler", {"t_initial": 40, **UP}),
    ("PolyLRScheduler", {"t_initial": 40, "power": 2.0, "lr_min": 1e-3, **WARM, **UP}),
    ("PolyLRScheduler", {"t_initial": 40, "power": 1.0, **WARM, "warmup_prefix": True, **UP}),
    ("PolyLRScheduler", {"t_initial": 12, "power": 0.9, **WARM, **EPOCHS}),
    ("StepLRScheduler", {"decay_t": 9, "decay_rate": 0.5, **GOES_ON, **UP}),
    ("StepLRScheduler", {"decay_t": 9, "decay_rate": 0.5, **WARM, **GOES_ON, **UP}),
    (
        "StepLRScheduler",
        {"decay_t": 3, "decay_rate": 0.7, **WARM, "warmup_prefix": False, **GOES_ON, **UP},
    ),
    ("StepLRScheduler", {"decay_t": 3, "decay_rate": 0.5, **WARM, **GOES_ON, **EPOCHS}),
    ("MultiStepLRScheduler", {"decay_t": [1, 20, 33], "decay_rate": 0.5, **GOES_ON, **UP}),
    ("MultiStepLRScheduler", {"decay_t": [10, 20], "decay_rate": 0.1, **WARM, **GOES_ON, **UP}),
    (
        "MultiStepLRScheduler",
        {"decay_t": [4, 20], "decay_rate": 0.1, **WARM, "warmup_prefix": False, **GOES_ON, **UP},
    ),
    ("MultiStepLRScheduler", {"decay_t": [6, 11], "decay_rate": 0.1, **GOES_ON, **EPOCHS}),
    ("cosine", {"num_epochs": 12, **EPOCHS}),
    ("cosine", {"num_epochs": 12, "warmup_epochs": 3, "min_lr": 1e-5, **EPOCHS}),
    ("cosine", {"num_epochs": 12, "warmup_epochs": 3, "step_on_epochs": False, **EPOCHS}),
    ("cosine", {"num_epochs": 6, "cycle_limit": 2, "warmup_epochs": 2, **EPOCHS}),
    ("tanh", {"num_epochs": 12, "warmup_epochs": 3, "step_on_epochs": False, **EPOCHS}),
    ("tanh", {"num_epochs": 12, "min_lr": 1e-4, **EPOCHS}),
    ("poly", {"num_epochs": 12, "warmup_epochs": 3, "decay_rate": 0.9, **EPOCHS}),
    ("poly", {"num_epochs": 12, "decay_rate": 1.5, "step_on_epochs": False, **EPOCHS}),
    ("step", {"num_epochs": 15, "decay_epochs": 4, "step_on_epochs": False, **EPOCHS}),
    (
        "step",
        {"num_epochs": 15, "decay_epochs": 4, "decay_rate": 0.5, "warmup_epochs": 3, **EPOCHS},
    ),
    ("multistep", {"num_epochs": 15, "decay_milestones": [5, 9], **EPOCHS}),
    (
        "multistep",
        {"num_epochs": 15, "decay_milestones": [5, 9], "step_on_epochs": False, **EPOCHS},
    ),
]


def schedulers() -> Any:
    """Return ``timm.scheduler``, without the models that ``import timm`` imports."""
    spec = importlib.util.find_spec("timm")
    if spec is None or spec.submodule_search_locations is None:
        raise SystemExit(__doc__)
    package = types.ModuleType("timm")
    package.__path__ = list(spec.submodule_search_locations)
    sys.modules["timm"] = package
    return importlib.import_module("timm.scheduler")


def rates(timm: Any, name: str, arguments: dict[str, Any]) -> list[float]:
    """Return the learning rates that an optimizer had in a training of so many updates."""
    given = {key: value for key, value in arguments.items() if key not in ("lr", "horizon")}
    per_epoch = given.get("updates_per_epoch", UPDATES)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=arguments["lr"])
    if hasattr(timm, name):
        given.pop("updates_per_epoch", None)
        scheduler = getattr(timm, name)(optimizer, **given)
    else:
        scheduler, _ = timm.create_scheduler_v2(optimizer, sched=name, **given)
    found = []
    for update in range(1, UPDATES + 1):
        found.append(optimizer.param_groups[0]["lr"])
        scheduler.step_update(num_updates=update)
        if update % per_epoch == 0:
            scheduler.step(update // per_epoch)
    return found


def main() -> None:
    """Record every row."""
    timm = schedulers()
    rows = []
    for name, arguments in ROWS:
        given = {"lr": 0.3, **arguments}
        rows.append({"name": name, "arguments": given, "rates": rates(timm, name, given)})
    versions = {name: importlib.metadata.version(name) for name in ("timm", "torch")}
    lines = ",\n".join(json.dumps(row) for row in rows)
    RESULTS.write_text(f'{{"versions": {json.dumps(versions)}, "rows": [\n{lines}\n]}}\n')
    print(f"{len(rows)} rows of timm {versions['timm']} to {RESULTS}")


if __name__ == "__main__":
    main()
