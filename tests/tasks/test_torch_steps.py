"""TorchTask with batches of any kind, and with a judge of one's own."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, RandomSampler

from tuner.errors import TaskError
from tuner.tasks import TorchTask, TrainingCollapsed

from .dict_batches import (
    TEST_DICTS,
    TRAIN_DICTS,
    Make,
    Net,
    loader,
    sgd_of_groups,
    step,
    task,
)
from .networks import DATA, TEST, torch_network, trained

MODULES_OWN = torch.Generator().manual_seed(7)


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(11)


def drawing_step(chance: torch.Generator, net: Any, batch: Any) -> Any:
    return step(net, batch) * (1 + torch.rand((), generator=chance))


def drawing_judge(chance: np.random.Generator, net: Any, data: Any) -> float:
    return correct(net, data) + chance.uniform()


def correct(net: Any, data: Any) -> float:
    hits = [net(b["left"], b["inner"].right).argmax(dim=1) == b["labels"] for b in data]
    return float(torch.cat(hits).double().mean())


class NoisySGD(torch.optim.SGD):
    """Adds noise to the weights, from a generator of its own."""

    def __init__(self, parameters: Any) -> None:
        super().__init__(parameters, lr=0.1)
        self.chance = generator()

    def step(self, closure: Any = None) -> Any:
        with torch.no_grad():
            for parameter in self.param_groups[0]["params"]:
                parameter += torch.randn(parameter.shape, generator=self.chance) / 100
        return super().step(closure)


class Drawn(Net):
    """Its weights are drawn from its module's generator."""

    def __init__(self) -> None:
        super().__init__()
        nn.init.normal_(self.head.weight, generator=MODULES_OWN)


KINDS: dict[str, Make] = {
    "dataset": task,
    "accumulated": lambda: task(accumulate=4),
    "clipped": lambda: task(clip_norm=0.2),
    "bfloat16": lambda: task(amp="bfloat16", train_data=loader(shuffle=True)),
    "float16": lambda: task(amp="float16", step=lambda net, b: 1e3 * step(net, b), accumulate=2),
    "judged": lambda: task(evaluate=correct),
    "judged in bfloat16": lambda: task(evaluate=correct, amp="bfloat16"),
    "all": lambda: task(amp="float16", accumulate=3, clip_norm=0.5, evaluate=correct),
    "named parameters": lambda: task(
        optimizer=lambda net: torch.optim.AdamW(net.named_parameters(), weight_decay=0.1)
    ),
    "generators of the loader": lambda: task(
        train_data=loader(sampler=RandomSampler(TRAIN_DICTS, generator=generator())),
        test_data=DataLoader(TEST_DICTS, 7, shuffle=True, generator=generator()),
    ),
    "of the step": lambda: task(step=functools.partial(drawing_step, generator())),
    "of the judge": lambda: task(
        evaluate=functools.partial(drawing_judge, np.random.default_rng(3))
    ),
    "of the optimizer": lambda: task(optimizer=NoisySGD, optimizer_takes="parameters"),
    "of the module": lambda: task(net=Drawn),
}


@pytest.mark.parametrize("kind", KINDS)
def test_in_pieces_it_gives_the_bits_of_one_go(kind: str) -> None:
    records, states = trained(KINDS[kind](), 3)
    again, rest = trained(KINDS[kind](), 3, start=states[0])
    assert again == records[1:]
    assert rest[-1].arrays["torch"].tobytes() == states[-1].arrays["torch"].tobytes()
    one, other = (trained(KINDS[kind](), 1, seed=seed)[0] for seed in (1, 2))
    assert one == records[:1] != other


def test_every_kind_of_training_has_states_of_its_own() -> None:
    swapped = task(optimizer=lambda net: sgd_of_groups(_Swapped(net)))
    tasks = [*(make() for make in KINDS.values()), swapped, task(clip_norm=0.3)]
    identities = [each.training_identity() for each in tasks]
    assert None not in identities
    assert all(identities.count(each) == 1 for each in identities)
    assert task(accumulate=1).training_identity() == identities[0]
    options = task(accumulate=2, clip_norm=1.0, amp="bfloat16").identity()
    assert options == {
        "batch_size": 32, "train_examples": 150, "test_examples": 60, "accumulate": 2,
        "clip_norm": 1.0, "amp": "bfloat16",
    }  # fmt: skip
    assert "accumulate" not in task().identity()  # of studies of before
    assert task().versions()["code"] != task(evaluate=correct).versions()["code"]


class _Swapped:
    """A network whose parts have each other's place in the optimizer's groups."""

    def __init__(self, net: Any) -> None:
        self.body, self.head = net.head, net.body


def test_a_step_gives_the_loss_that_a_pair_gives() -> None:
    def cross_entropy(net: Any, batch: Any) -> Any:
        inputs, labels = batch
        return nn.functional.cross_entropy(net(inputs), labels)

    data: dict[str, Any] = {"train_data": DATA, "test_data": TEST, "batch_size": 16}
    of_pairs, states = trained(TorchTask(net=torch_network, **data))
    of_steps, same = trained(TorchTask(net=torch_network, step=cross_entropy, **data))
    unknown = dict.fromkeys(("train_accuracy", "test_accuracy", "averaged_accuracy"))
    assert [record._replace(**unknown) for record in of_pairs] == of_steps
    assert same[-1].arrays["torch"].tobytes() == states[-1].arrays["torch"].tobytes()


def test_what_judges_is_called_with_the_weights_and_their_average() -> None:
    lost: list[float] = []

    def losses(net: Any, data: Any) -> Any:
        assert not net.training
        assert not torch.is_grad_enabled()
        assert len(data) == len(list(data)) == 1
        lost.append(sum(float(step(net, batch)) for batch in data))
        return {"test_loss": lost[-1]}

    plain, _ = trained(task(batch_size=4))  # 152 updates, so that an average is another thing
    mapped, _ = trained(task(batch_size=4, evaluate=losses))
    assert mapped == plain
    assert lost[-2:] == pytest.approx([mapped[-1].test_loss, mapped[-1].averaged_loss])
    assert lost[-2] != lost[-1]

    def both(net: Any, data: Any) -> Any:
        return {"test_accuracy": correct(net, data), "test_loss": np.float32(1.5)}

    numbers, _ = trained(task(batch_size=4, evaluate=correct))
    named, _ = trained(task(batch_size=4, evaluate=both))
    for number, record in zip(numbers, named, strict=True):
        assert (number.value, number.averaged_value) == (
            record.test_accuracy, record.averaged_accuracy,
        )  # fmt: skip
        assert (number.test_loss, number.test_accuracy) == (None, None)
        assert (record.test_loss, record.value) == (1.5, None)


def test_a_holdout_of_batches_of_any_kind() -> None:
    seen: list[Any] = []

    def looks(net: Any, data: Any) -> float:
        seen.append([batch["labels"] for batch in data])
        return 0.0

    held = task().with_holdout(50)
    assert held.updates_per_epoch == 7
    assert task(accumulate=4).with_holdout(50).updates_per_epoch == 2
    [record], _ = trained(held, 1)
    [on_test], _ = trained(held.with_holdout(50, on_test_set=True), 1)
    assert record.train_loss == on_test.train_loss
    assert record.test_loss != on_test.test_loss
    trained(task(evaluate=looks).with_holdout(50), 1)
    assert all(torch.equal(torch.cat(labels), TRAIN_DICTS.labels[100:]) for labels in seen)


@pytest.mark.parametrize(
    ("own", "metric", "wrong"),
    [
        ({}, "test_perplexity", ""),
        ({}, "test_accuracy", "must be test_loss or test_perplexity, which the task measures"),
        ({}, "val_f1", "must be test_loss or test_perplexity"),
        ({"evaluate": correct}, "val_f1", ""),
        ({"evaluate": correct}, "test_accuracy", ""),
    ],
)
def test_a_study_may_be_judged_by_what_is_measured(
    own: dict[str, Any], metric: str, wrong: str
) -> None:
    found = task(**own).mistakes(seed=0, epochs=1, held_out=0, metric=metric)
    assert wrong in found.get("objective.metric", "")
    assert bool(found) == bool(wrong)


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ({"amp": "fp16"}, "`amp` must be 'bfloat16' or 'float16', but got 'fp16'"),
        ({"accumulate": 0}, "`accumulate` must be how many batches .* but got 0"),
        ({"accumulate": 1.5}, "`accumulate` must be .* a whole number of 1 or more, but got 1.5"),
        ({"clip_norm": 0}, "`clip_norm` must be a number above 0, .* but got 0"),
        ({"clip_norm": math.nan}, "`clip_norm` must be a number above 0, .* but got nan"),
        ({"loss": nn.MSELoss()}, "Either `loss` or `step` must be left out"),
        ({"step": "loss"}, "`step` must be a function of network and batch, but got 'loss'"),
        ({"evaluate": 0.5}, "`evaluate` must be a function of network and data, but got 0.5"),
        ({"optimizer_takes": "module"}, "'parameters' or 'net', but got 'module'"),
        ({"optimizer_takes": "parameters"}, "no attribute 'body'.*optimizer_takes='net'"),
        ({"optimizer": "adam"}, "`optimizer` must make an optimizer"),
        ({"net": functools.partial(nn.Linear, 3)}, "`net` must make the network when called with"),
        ({"net": dict}, r"`net` must make a torch.nn.Module, but made a dict"),
        ({"step": lambda net, batch: None}, "`step` must return the mean loss .* but gave None"),
        ({"step": lambda net, batch: 0.5}, "`step` must return .* but gave float"),
        ({"step": lambda net, batch: net(batch["left"], batch["inner"].right)}, r"\(16, 3\)"),
        ({"step": lambda net, batch: step(net, batch).detach()}, "no gradient follows from"),
        ({"step": None}, "A batch must be a pair .* but got dict. Of another batch `step`"),
        ({"evaluate": lambda net, data: "0.5"}, "`evaluate` must return a number, but gave a str"),
        ({"evaluate": lambda net, data: None}, "`evaluate` must return a number, but gave None"),
        ({"evaluate": lambda net, data: {}}, "but gave an empty mapping"),
        ({"evaluate": lambda net, data: {"val_f1": 1.0}}, "but gave a mapping with 'val_f1'. Ret"),
        (
            {"evaluate": lambda net, data: {"test_loss": None}},
            "number as test_loss, but gave None",
        ),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(option: dict[str, Any], words: str) -> None:
    with pytest.raises(TaskError, match=words) as refused:
        _checked_and_trained(option)
    assert "\n" not in str(refused.value)


def _checked_and_trained(option: dict[str, Any]) -> None:
    made = task(**option)
    made.check()
    trained(made, 1)


@pytest.mark.parametrize("number", [math.nan, -math.inf, 1e200])
def test_a_judge_that_gives_no_finite_number_ends_the_training(number: float) -> None:
    with pytest.raises(TrainingCollapsed, match="diverged in epoch 1: `evaluate` gave"):
        trained(task(evaluate=lambda net, data: number))


@pytest.mark.parametrize("own", [{}, {"evaluate": correct}])
def test_a_loss_that_is_not_finite_ends_the_training(own: dict[str, Any]) -> None:
    with pytest.raises(TrainingCollapsed, match="the loss is nan") as collapse:
        trained(task(step=lambda net, batch: step(net, batch) * math.nan, **own))
    assert (collapse.value.accuracy, collapse.value.loss) == (0.0, math.inf)


def test_a_batch_counts_its_examples_once() -> None:
    def sizes(net: Any, batch: Any) -> Any:
        return 0 * step(net, batch) + len(batch["labels"])

    [record], _ = trained(task(step=sizes, test_data=DataLoader(TEST_DICTS, 50)), 1)
    assert record.train_loss == pytest.approx((9 * 16**2 + 6**2) / 150)
    assert record.test_loss == pytest.approx((50**2 + 10**2) / 60)
