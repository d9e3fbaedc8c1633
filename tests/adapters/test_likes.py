"""What `like` gives is equal to PyTorch's, Optax's and timm's own at every update."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import optax
import pytest
import torch
from jax.experimental import enable_x64

from tuner.schedules import LIKES, like
from tuner.schedules.likes import optax as optax_likes
from tuner.schedules.likes import torch as torch_likes

from . import likes

# All three compute in double precision.
EXACT, FLOOR = 1e-12, 1e-3


@pytest.mark.parametrize(("name", "arguments"), likes.TORCH)
def test_pytorch(name: str, arguments: dict[str, Any]) -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=arguments.get("lr", 1.0))
    options = {"cycle_momentum": False} if name in ("CyclicLR", "OneCycleLR") else {}
    made = getattr(torch.optim.lr_scheduler, name)
    scheduler = made(optimizer, **likes.ours(arguments), **options)
    rates = []
    for update in range(1, likes.UPDATES + 1):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if update % arguments.get("updates_per_epoch", 1) == 0:
            scheduler.step()
    assert likes.difference(rates, f"torch.{name}", arguments, FLOOR) <= EXACT


@pytest.mark.usefixtures("seconds")
@pytest.mark.parametrize(("name", "arguments"), likes.OPTAX)
def test_optax(name: str, arguments: dict[str, Any]) -> None:
    with enable_x64():
        theirs = getattr(optax, name)(**likes.ours(arguments))
        counts = jnp.arange(likes.UPDATES, dtype="float64")
        rates = jax.vmap(lambda count: jnp.asarray(theirs(count)))(counts).tolist()
    assert likes.difference(rates, f"optax.{name}", arguments, FLOOR) <= EXACT


@pytest.mark.parametrize(("name", "arguments", "rates"), likes.TIMM)
def test_timm(name: str, arguments: dict[str, Any], rates: list[float]) -> None:
    """As recorded by ``benchmarks/timm_schedulers.py``; in updates, and in epochs."""
    assert likes.difference(rates, f"timm.{name}", arguments, FLOOR) <= EXACT


def test_noam_is_the_formula_of_the_paper() -> None:
    width, warmup = 512, 40
    schedule = like("noam", d_model=width, warmup_steps=warmup, horizon=400, factor=2.0)
    for update in (1, 2, 20, 39, 40, 41, 100, 400):
        rate = 2 * width**-0.5 * min(update**-0.5, update * warmup**-1.5)
        assert schedule(update) == pytest.approx(rate, rel=1e-12)


def test_every_scheduler_is_in_the_table_and_the_documentation_has_it() -> None:
    rows = {f"{library}.{name}" for library, rows in likes.ROWS.items() for name, _ in rows}
    assert rows | {"noam"} == set(LIKES)
    assert len(rows) >= 30
    tried = [(library, name) for library, rows in likes.ROWS.items() for name, _ in rows]
    assert not [row for row in tried if tried.count(row) < 2], "each is tried in several ways"
    assert likes.table() in likes.PAGE.read_text(), (
        "put what `python tests/adapters/likes.py` prints into docs/reference/likes.md"
    )


def test_a_longer_path_names_the_same() -> None:
    arguments = {"lr": 0.1, "gamma": 0.9, "horizon": 9}
    assert like("torch.optim.lr_scheduler.ExponentialLR", **arguments) == like(
        "torch.ExponentialLR", **arguments
    )
    steps = {"lr": 0.1, "num_warmup_steps": 5, "num_training_steps": 50}
    assert like("transformers.optimization.get_linear_schedule_with_warmup", **steps) == like(
        "transformers.linear", **steps
    )


def test_every_scheduler_of_pytorch_is_known() -> None:
    """A new one shows here, to be made or to be refused with its reason."""
    base = torch.optim.lr_scheduler.LRScheduler
    found = {
        name
        for name, value in vars(torch.optim.lr_scheduler).items()
        if isinstance(value, type) and issubclass(value, base) and not name.startswith("_")
    }
    # SWALR is in another module of PyTorch.
    assert found - {base.__name__} | {"SWALR"} == {*torch_likes.LIKES, *torch_likes.NONE}


def test_every_schedule_of_optax_is_known() -> None:
    found = {name for name in vars(optax.schedules) if name[1:].endswith("_schedule")}
    others = {"exponential_decay", "join_schedules"}
    assert found | others == {*optax_likes.LIKES, *optax_likes.NONE}
