"""What a training keeps: one seed is one training, whole or in pieces, whatever it is made of."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

import tuner
from tuner import Trial
from tuner.errors import TaskError
from tuner.tasks import State, TrialTask

SCHEDULE = tuner.Cosine(base_lr=0.2, final_lr=0.01, horizon=40, warmup_steps=5)
EPOCHS = 4
SHUFFLED = DataLoader(
    TensorDataset(torch.arange(8.0)), shuffle=True, generator=torch.Generator(), batch_size=8
)


class Ran(NamedTuple):
    """What a training reported, and its states after each epoch."""

    values: list[float]
    states: list[State | None]


class Stateful:
    def __init__(self, content: Any) -> None:
        self.content = content

    def state_dict(self) -> Any:
        return self.content

    def load_state_dict(self, content: Any) -> None:
        self.content = content


def ran(train: Callable[[Trial], Any], start: State | None = None, seed: int = 3) -> Ran:
    task = TrialTask(train, updates_per_epoch=10)
    values, states = [], []
    for epoch in task.train(SCHEDULE, seed=seed, epochs=EPOCHS, start=start):
        values.append(epoch.record.value)
        states.append(epoch.state())
    return Ran(values, states)


def disturb() -> None:
    """Leave the generators elsewhere, as what is trained in between does."""
    random.seed(99)
    np.random.seed(99)
    torch.manual_seed(99)


def numpy_training(trial: Trial) -> None:
    generator, shuffler = np.random.default_rng(trial.seed), random.Random(trial.seed)
    weights = trial.restore(weights=np.ones(3), rng=generator, shuffler=shuffler)["weights"]
    for epoch in trial.epochs():
        for update in trial.updates_of(epoch):
            noise = np.random.normal(size=3) + generator.normal(size=3) + shuffler.gauss(0, 1)
            weights = weights - trial.schedule(update) * (weights + noise + random.gauss(0, 1))
        trial.save(weights=weights)
        trial.report(np.abs(weights).sum())


def torch_training(trial: Trial) -> None:
    model = torch.nn.Sequential(
        torch.nn.Linear(4, 8),
        torch.nn.Dropout(0.5),
        torch.nn.BatchNorm1d(8),
        torch.nn.Linear(8, 1),
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    scheduler = trial.schedule.to_torch(optimizer)
    order = torch.Generator().manual_seed(trial.seed)
    inputs = torch.arange(80.0).reshape(20, 4) / 40 - 1
    trial.restore(model=model, optimizer=optimizer, scheduler=scheduler, order=order)
    for _ in trial.epochs():
        for batch in [*torch.randperm(20).split(4), *torch.randperm(20, generator=order).split(4)]:
            loss = (model(inputs[batch]) - inputs[batch].sum(1, keepdim=True)).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
        trial.report(loss.detach())


def optax_training(trial: Trial) -> None:
    params = {"net": [{"w": jnp.ones((2, 2)), "b": jnp.zeros(2, jnp.bfloat16)}], "scale": (1.0,)}
    optimizer = optax.adam(trial.schedule.to_optax())
    begun = {"params": params, "state": optimizer.init(params), "key": jax.random.PRNGKey(7)}
    params, state, key = trial.restore(**begun).values()
    for epoch in trial.epochs():
        for _ in trial.updates_of(epoch):
            key, noise = jax.random.split(key)
            target = jax.random.normal(noise, (2,))

            def loss(params: Any, target: Any = target) -> Any:
                net = params["net"][0]
                return ((net["w"].sum(0) * params["scale"][0] + net["b"] - target) ** 2).sum()

            value, gradients = jax.value_and_grad(loss)(params)
            changes, state = optimizer.update(gradients, state, params)
            params = optax.apply_updates(params, changes)
        trial.save(params=params, state=state, key=key)
        trial.report(value)


def folder_training(trial: Trial) -> None:
    folder = trial.folder / "checkpoints"
    trial.restore(folder=folder)
    last = folder / "deep" / "last.txt"
    total = float(last.read_text()) if last.exists() else 0.0
    for epoch in trial.epochs():
        total += sum(map(trial.schedule, trial.updates_of(epoch)))
        last.parent.mkdir(parents=True, exist_ok=True)
        last.write_text(repr(total))
        (folder / f"epoch-{epoch}").touch()
        trial.report(total + len([*folder.iterdir()]))


def loader_training(trial: Trial) -> None:
    trial.restore(net=torch.nn.Linear(1, 1))
    for _ in trial.epochs():
        (batch,) = next(iter(SHUFFLED))
        trial.report((batch * torch.arange(8)).sum())


def update_training(trial: Trial) -> None:
    kept = trial.restore(weight=1.0, history=np.zeros(0), name="sgd", best=None)
    for update in trial.updates():
        kept["weight"] -= trial.schedule(update) * (kept["weight"] + random.random())
        if trial.is_due(update):
            kept["history"] = np.append(kept["history"], kept["weight"])
            trial.save(**kept)
            trial.report(kept["history"].sum() + len(kept["name"]))


@pytest.mark.parametrize(
    "train",
    [
        numpy_training, torch_training, optax_training, folder_training, loader_training,
        update_training,
    ],
    ids=lambda train: train.__name__,
)  # fmt: skip
def test_one_seed_is_one_training_whole_or_in_pieces(train: Callable[[Trial], Any]) -> None:
    whole = ran(train)
    assert len({*whole.values}) == EPOCHS
    for done, state in enumerate(whole.states[:-1], 1):
        disturb()
        assert ran(train, state).values == whole.values[done:]
    disturb()
    assert ran(train).values == whole.values


@pytest.mark.parametrize("train", [numpy_training, torch_training, loader_training])
def test_another_seed_is_another_training(train: Callable[[Trial], Any]) -> None:
    assert ran(train, seed=3).values != ran(train, seed=4).values


@pytest.mark.usefixtures("processes")
def test_without_pytorch_objects_are_kept_and_pytorch_that_comes_later_is_seeded(
    tmp_path: Path,
) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\n"
        "import numpy as np\n"
        "import tuner\n"
        "from tuner.tasks import TrialTask\n"
        "\n"
        "class Own:\n"
        "    total = np.zeros(2)\n"
        "    def state_dict(self):\n"
        "        return {'total': self.total}\n"
        "    def load_state_dict(self, state):\n"
        "        self.total = state['total']\n"
        "\n"
        "def alone(trial):\n"
        "    own = Own()\n"
        "    trial.restore(own=own)\n"
        "    for epoch in trial.epochs():\n"
        "        own.total = own.total + trial.schedule(10 * epoch + 10)\n"
        "        trial.report(own.total.sum())\n"
        "\n"
        "def lazy(trial):\n"
        "    import torch\n"
        "    for epoch in trial.epochs():\n"
        "        trial.report(float(torch.rand(())) + trial.schedule(10 * epoch + 10))\n"
        "\n"
        "def values(train, start=None):\n"
        "    schedule = tuner.Linear(base_lr=0.5, final_lr=0.1, horizon=30)\n"
        "    task = TrialTask(train, updates_per_epoch=10)\n"
        "    epochs = task.train(schedule, seed=3, epochs=3, start=start)\n"
        "    return [*zip(*[(epoch.record.value, epoch.state()) for epoch in epochs])]\n"
        "\n"
        "whole, states = values(alone)\n"
        "assert 'torch' not in sys.modules\n"
        "assert values(alone, states[0])[0] == whole[1:]\n"
        "assert values(lazy) == values(lazy)\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_pytree_is_kept_alike_whether_or_not_jax_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Pair(NamedTuple):
        first: Any
        second: Any

    def train(trial: Trial) -> None:
        given = {"b": Pair(1.0, [np.zeros(2)]), "a": (np.ones(2), None), "c": 2}
        tree = trial.restore(tree=given)["tree"]
        for _ in trial.epochs():
            tree["b"].second[0][:] += 1
            trial.save(tree=tree)
            trial.report(float((tree["a"][0] - 3 * tree["b"].second[0]).sum()) + tree["c"])

    whole = ran(train)
    monkeypatch.delitem(sys.modules, "jax")
    assert ran(train, whole.states[0]).values == whole.values[1:]
    assert ran(train).values == whole.values


# --- what cannot be kept ---


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        (print, "'thing' is a builtin_function_or_method and cannot be kept"),
        ({"deep": [object()]}, "'thing' is a dict and cannot be kept .*NumPy cannot hold it"),
        ("a\0", "'thing' is a str and cannot be kept .*makes a of it"),
        (b"bytes", "'thing' is a bytes and cannot be kept .*zeros at its end"),
        (Stateful({"f": Path()}), "'thing' is a Stateful and cannot be kept"),
        (Path("checkpoints"), "trial.folder or a folder in it, .*, but got 'checkpoints'"),
        (Path(), r"trial.folder or a folder in it, .*, but got '\.' as 'thing'"),
    ],
)
def test_what_cannot_be_kept_is_told_in_the_first_epoch(thing: Any, words: str) -> None:
    def train(trial: Trial) -> None:
        trial.restore(thing=thing)
        for _ in trial.epochs():
            trial.report(0.5)

    with pytest.raises(TaskError, match=f"trial.restore must get .*{words}"):
        ran(train)


def test_a_thing_under_another_name_or_of_another_form_is_told_in_a_sentence() -> None:
    def train(trial: Trial, **things: Any) -> None:
        trial.restore(**things)
        for _ in trial.epochs():
            trial.save(**{name: thing for name, thing in things.items() if name == "weights"})
            trial.report(0.5)

    def training(**things: Any) -> Callable[[Trial], None]:
        return lambda trial: train(trial, **things)

    def optimizer(size: int) -> Any:
        net = torch.nn.Sequential(*[torch.nn.Linear(1, 1) for _ in range(size)])
        return torch.optim.SGD(net.parameters(), lr=0.1)

    state = ran(training(weights=np.ones(2), optimizer=optimizer(1))).states[0]
    for things, words in [
        ({"model": torch.nn.Linear(1, 1)}, "what was kept, 'optimizer', 'weights', .* 'model'"),
        ({"optimizer": optimizer(2)}, "'optimizer' in the form .*doesn't match the size"),
        ({"weights": {"a": 1}}, "'weights' in the form .*its part .* is in one of the two alone"),
    ]:
        with pytest.raises(TaskError, match=f"trial.restore must get {words}"):
            ran(training(**things), state)


def test_a_value_that_is_not_saved_again_is_told_rather_than_put_back_old() -> None:
    def forgets(trial: Trial) -> None:
        weight = trial.restore(weight=1.0)["weight"]
        for epoch in trial.epochs():
            weight -= trial.schedule(10 * epoch + 10)
            trial.report(weight)

    def never_restores(trial: Trial) -> None:
        for _ in trial.epochs():
            trial.save(model=torch.nn.Linear(1, 1))
            trial.report(0.5)

    def grows(trial: Trial) -> None:
        history = trial.restore(history=[])["history"]
        for _ in trial.epochs():
            history.append(0.5)
            trial.save(history=history)
            trial.report(0.5)

    for train, words in [
        (forgets, "trial.save must be given each value before .* never given 'weight'"),
        (never_restores, "what trial.restore was given .*, nothing, but got 'model'"),
        (grows, "'history' in the form .* has 1 parts and had 0. A list that grows must be one"),
    ]:
        with pytest.raises(TaskError, match=words):
            ran(train)


def test_a_folder_is_gone_when_its_training_is_over() -> None:
    seen: list[Path] = []

    def train(trial: Trial) -> Iterator[None] | None:
        seen.append(trial.folder)
        (trial.folder / "file").touch()
        for _ in trial.epochs():
            trial.report(0.5)
        return None

    ran(train)
    ran(train)
    assert seen[0] != seen[1]
    assert not any(folder.exists() for folder in seen)
