"""Options of the built-in tasks: which there are, what they change, what is refused."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from tuner.definition import load_spec
from tuner.errors import DefinitionError, TaskError
from tuner.tasks import (
    CommandTask,
    LeNetFashionMNIST,
    LeNetFashionMNISTTorch,
    Table,
    TorchTask,
    own_options,
    with_options,
)

SPACE = """
format = "tuner.search_space/1"
name = "s"
[fixed]
family = "cosine"
[params.base_lr]
type = "float"
low = 0.01
high = 1.0
log = true
"""
STUDY = """
format = "tuner.study/1"
name = "s"
search_space = "space.toml"
[task]
name = "{}"
epochs = 2
{}
[budget]
trials = 2
"""
MAKE = """
from tuner.tasks import TrialTask
def make(decay, width=4):
    if width > 100:
        raise ValueError("too wide")
    return TrialTask(lambda trial: None, updates_per_epoch=10, params={"decay": decay})
"""


def test_lenet_has_the_parameters_of_its_optimizer() -> None:
    task = LeNetFashionMNIST(optimizer_params={"momentum": 0.9}).with_holdout(10_000)
    other = task.with_options({"batch_size": 100, "weight_decay": 1e-3})
    assert (other.updates_per_epoch, task.updates_per_epoch) == (500, 196)
    assert other.optimizer_params == {"momentum": 0.9, "wd": 1e-3}
    assert other.identity() | {"batch_size": 256, "optimizer_params": {"momentum": 0.9}} == (
        task.identity()
    )
    assert own_options(task, ["batch_size", "momentum", "weight_decay"]) == {
        "batch_size": 256, "momentum": 0.9,
    }  # fmt: skip
    torch = LeNetFashionMNISTTorch().with_options({"optimizer": "adamw", "weight_decay": 0.1})
    assert (torch.optimizer, torch.optimizer_params) == ("adamw", {"weight_decay": 0.1})


def test_a_passed_network_has_its_batch_size() -> None:
    data = np.zeros((100, 3), np.float32), np.zeros(100, np.int64)
    task = TorchTask(net=lambda: None, train_data=data, test_data=data, batch_size=50)
    assert with_options(task, {"batch_size": 10}).updates_per_epoch == 10
    two = TorchTask(net=lambda: None, train_data=data, test_data=data, batch_size=50, accumulate=2)
    other = with_options(two, {"batch_size": 10})
    assert (other.updates_per_epoch, other.batch_size) == (5, 20)
    assert own_options(other, ["batch_size"]) == {"batch_size": 10}
    with pytest.raises(TaskError, match="from 1 to 100, the examples to train on, but got 101"):
        with_options(task, {"batch_size": 101})
    with pytest.raises(TaskError, match="`width` must be its batch_size, the only option of a"):
        with_options(task, {"width": 10})


def test_a_command_has_placeholders_for_them() -> None:
    task = CommandTask(command="train {params.width}", updates_per_epoch=10, batch_size=64,
                       params={"width": 4})  # fmt: skip
    other = task.with_options({"width": 8, "batch_size": 32})
    assert (other.updates_per_epoch, other.batch_size) == (20, 32)
    assert other.params == {"width": 8, "batch_size": 32}
    assert other.identity() != task.identity()


def test_a_table_has_none() -> None:
    path = Path(__file__).parents[2] / "benchmarks" / "curves" / "lenet_10_epochs.jsonl"
    with pytest.raises(TaskError, match="a Table has none"):
        with_options(Table(path=str(path)), {"width": 1})


def option(name: str, low: object, high: object, more: str = "") -> str:
    kind = "int" if isinstance(high, int) else "float"
    return f'[params.task.{name}]\ntype = "{kind}"\nlow = {low}\nhigh = {high}\n{more}\n'


@pytest.mark.parametrize(
    ("task", "options", "expected"),
    [
        ("lenet_fashion_mnist", option("weight_dcay", 0.0, 0.1) + option("batch_sise", 1, 2),
         {"params.task.weight_dcay": "did you mean 'weight_decay'?",
          "params.task.batch_sise": "did you mean 'batch_size'?"}),
        ("lenet_fashion_mnist", option("batch_size", 16, 99_999),
         {"params.task.batch_size.high": "must be <= 60160, the examples of an epoch, but got"}),
        ("lenet_fashion_mnist", option("beta1", 0.5, 0.9),
         {"params.task": "no parameter 'beta1' of sgd"}),
        ("lenet_fashion_mnist", "[fixed.task]\noptimizer = 'adma'\n" + option("batch_size", 1, 9),
         {"study: search_space": "[fixed.task] must fit the task"}),
        ("own_options:make", option("widht", 1, 9) + option("decay", 0.0, 1.0),
         {"params.task.widht": "no argument of own_options:make; did you mean 'width'?"}),
    ],
)  # fmt: skip
def test_mistakes(tmp_path: Path, task: str, options: str, expected: dict[str, str]) -> None:
    (tmp_path / "own_options.py").write_text(MAKE)
    (tmp_path / "space.toml").write_text(SPACE + options)
    (tmp_path / "study.toml").write_text(STUDY.format(task, ""))
    with pytest.raises(DefinitionError) as caught:
        load_spec(tmp_path / "study.toml")
    where = "study: " if caught.value.where.endswith("study.toml") else ""
    found = {where + place: text for place, text in caught.value.mistakes}
    assert found.keys() == expected.keys()
    assert all(text in found[place] for place, text in expected.items())


def test_a_function_is_given_what_it_has_no_value_of(tmp_path: Path) -> None:
    """Which is the middle of a range, for a baseline and where a condition is not met."""
    (tmp_path / "own_options.py").write_text(MAKE)
    space = SPACE + option("decay", 1e-4, 1e-2, "log = true") + option("width", 2, 8)
    (tmp_path / "space.toml").write_text(
        space + '[[baseline]]\nlabel = "b"\nfamily = "cosine"\nbase_lr = 0.1\n'
    )
    (tmp_path / "study.toml").write_text(STUDY.format("own_options:make", ""))
    spec = load_spec(tmp_path / "study.toml")
    [baseline] = spec.space.baselines
    assert baseline.options == {"decay": pytest.approx(1e-3), "width": 4}
    assert spec.task.identity()["params"] == {"decay": pytest.approx(1e-3)}
    assert spec.with_options({"decay": 0.5}).task.identity()["params"] == {"decay": 0.5}
    with pytest.raises(TaskError, match="too wide"):
        spec.with_options({"width": 101})
    assert "own_options" in sys.modules
