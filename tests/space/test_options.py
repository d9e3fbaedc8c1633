"""Options of the task in a search space: read, sampled, on the clock of a batch size, refused."""

from __future__ import annotations

import optuna
import pytest
from optuna.trial import FixedTrial

from tuner.reading import Clock
from tuner.schedules import Cosine, Linear, MultiFactor
from tuner.space import (
    Choice,
    Float,
    Int,
    OptionsOfTask,
    parse_space,
    sampled_apart,
    sampled_options,
    written,
)

from .spaces import BASE_LR, FACTOR, FAMILY, GOOD, HEAD, THE_CHAPTERS, mistakes, parse

DECAY = '[params.task.weight_decay]\ntype = "float"\nlow = 1e-5\nhigh = 1e-1\nlog = true\n'
OPTIMIZER = '[params.task.optimizer]\ntype = "categorical"\nchoices = ["sgd", "adam"]\n'
NESTEROV = '[params.task.nesterov]\ntype = "categorical"\nchoices = [true, false]\n'
WARMUP = '[params.warmup_steps]\ntype = "int"\nlow = "0up"\nhigh = "0.2dur"\n'
COSINE = HEAD + '[fixed]\nfamily = "cosine"\n' + BASE_LR
HALF = Clock(470, 14_100, batch_size=128)  # the chapter's, of half its batch size


def test_options_are_sampled_beside_the_schedule_under_names_of_their_own() -> None:
    space = parse(GOOD + DECAY + NESTEROV)
    trial = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0)).ask()
    values = space.sample(trial)
    assert trial.params == values
    assert 1e-5 <= values["task.weight_decay"] <= 1e-1
    assert values["task.nesterov"] in (True, False)
    assert [*space.options] == ["weight_decay", "nesterov"]
    plain = {name: value for name, value in values.items() if not name.startswith("task.")}
    assert space.schedule(values) == parse(GOOD).schedule(plain)


def test_a_condition_may_be_on_an_option_or_of_one_wherever_it_stands() -> None:
    """A file has all options in one place, so the one that is asked may stand below."""
    ratio = '[params.final_lr_ratio]\ntype = "float"\nlow = 0.1\nhigh = 0.5\n'
    ratio += 'when = { family = "cosine", task.optimizer = ["adam"] }\n'
    text = HEAD + FAMILY + ratio + BASE_LR + FACTOR + OPTIMIZER + DECAY
    space = parse(text + 'when = { family = "cosine", task.optimizer = "adam" }\n')
    order = [*space.params]
    assert order.index("task.optimizer") < order.index("final_lr_ratio")
    drawn = {"family": "cosine", "base_lr": 0.5, "final_lr_ratio": 0.2, "task.weight_decay": 1e-3}
    with_adam = space.sample(FixedTrial({**drawn, "task.optimizer": "adam"}))
    with_sgd = space.sample(FixedTrial({**drawn, "task.optimizer": "sgd"}))
    assert with_adam.keys() - with_sgd.keys() == {"task.weight_decay", "final_lr_ratio"}


def test_a_schedule_keeps_its_shape_on_the_clock_of_another_batch_size() -> None:
    """Shares of the horizon and epochs stay what they are, and so do updates."""
    space = parse(COSINE + WARMUP + "[fixed.task]\nmomentum = 0.9\n")
    values = {"base_lr": 0.5, "warmup_steps": 705}  # a tenth of 7050
    assert space.schedule(values, HALF) == Cosine(base_lr=0.5, horizon=14_100, warmup_steps=1410)
    in_updates = parse(COSINE + WARMUP.replace('"0.2dur"', '"1000up"'))
    assert in_updates.schedule(values, HALF).warmup_steps == 705
    choices = WARMUP.replace('"int"', '"categorical"').replace('low = "0up"\nhigh = "0.2dur"', "")
    of_choices = parse(COSINE + choices + 'choices = ["0up", "470up", "3ep"]\n')
    moved = {w: of_choices.schedule({**values, "warmup_steps": w}, HALF) for w in (0, 470, 705)}
    assert {w: schedule.warmup_steps for w, schedule in moved.items()} == {
        0: 0,
        470: 470,
        705: 1410,
    }
    fixed = parse(HEAD + BASE_LR + '[fixed]\nfamily = "multi_factor"\ndecay_factor = 0.5\n'
                  'milestones = ["10ep", "6000up"]\n')  # fmt: skip
    assert fixed.schedule({"base_lr": 0.5}, HALF) == MultiFactor(
        base_lr=0.5, horizon=14_100, decay_factor=0.5, milestones=(4700, 6000)
    )


def test_a_baseline_has_options_of_its_own_or_the_tasks() -> None:
    entry = '[[baseline]]\nlabel = "b"\nfamily = "linear"\nbase_lr = 0.5\nwarmup_steps = "2ep"\n'
    batch = '[params.task.batch_size]\ntype = "categorical"\nchoices = [128, 256]\n'
    text = HEAD + '[fixed]\nfamily = "linear"\n' + BASE_LR + WARMUP + DECAY + batch + entry

    def read(more: str) -> object:
        import tomllib

        of_task = OptionsOfTask(
            {"batch_size": 256},
            lambda options: HALF if options["batch_size"] == 128 else THE_CHAPTERS,
        )
        return parse_space(tomllib.loads(text + more), "s", THE_CHAPTERS, of_task).baselines[0]

    own = read("[baseline.task]\nbatch_size = 128\nweight_decay = 0.01\n")
    assert own.options == {"batch_size": 128, "weight_decay": 0.01}
    assert own.schedule == Linear(base_lr=0.5, horizon=14_100, warmup_steps=940)
    assert own.values == {  # in the study's updates, as those of trials
        "base_lr": 0.5, "warmup_steps": 470, "task.weight_decay": 0.01, "task.batch_size": 128,
    }  # fmt: skip
    of_task = read("")
    assert of_task.options == {"batch_size": 256}
    assert of_task.values == {}, "the task has no weight decay, so it lies outside"
    assert of_task.schedule.horizon == 7050


def test_python_says_the_same_as_a_file() -> None:
    options = {
        "optimizer": Choice(["sgd", "adam"]),
        "beta1": Float(0.8, 0.99, when={"optimizer": ["adam"]}),
        "layers": Int(1, 3, when={"family": ["cosine"]}),
        "width": 64,
    }
    sampled, fixed = sampled_apart(options)
    assert fixed == {"width": 64}
    assert sampled["beta1"]["when"] == {"task.optimizer": ["adam"]}
    space = {"family": ["cosine", "poly"], "base_lr": 0.1, "power": 2.0}
    both = {**space, "task": {"optimizer": ["sgd", "adam"], "width": 64}}
    data = written(both, "mine")
    assert data["fixed"]["task"] == {"width": 64}
    assert parse_space(data, "mine", THE_CHAPTERS).options["optimizer"].choices == ("sgd", "adam")
    data["params"]["task"] = sampled
    assert [*parse_space(data, "mine", THE_CHAPTERS).options] == ["optimizer", "beta1", "layers"]
    assert sampled_options(data)[0]["layers"].middle() == 2


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        (GOOD + DECAY.replace("weight_decay", "base_lr"), "params.task.base_lr",
         "is a field of schedules, so no option may be called so; write base_lr in [params]"),
        (GOOD + DECAY + "[fixed.task]\nweight_decay = 0.1\n", "fixed.task.weight_decay",
         "is sampled as well; keep it in [params] or in [fixed]"),
        (GOOD + "[fixed.task]\npower = 2.0\n", "fixed.task.power", "is a field of schedules"),
        (GOOD + "[fixed.task]\nsizes = [1, 2]\n", "fixed.task.sizes", "must be a finite number"),
        (GOOD + DECAY.replace("low = 1e-5", "low = 1"), "params.task.weight_decay.low",
         "`low <= high` must hold"),
        (GOOD + DECAY.replace("float", "real"), "params.task.weight_decay.type", "must be one of"),
        (GOOD + NESTEROV + "when = { task.optimzer = ['sgd'] }\n" + OPTIMIZER,
         "params.task.nesterov.when", "did you mean 'task.optimizer'?"),
        (GOOD + "[params]\n".replace("[params]", "") + NESTEROV.replace("[true, false]", "[[1]]"),
         "params.task.nesterov.choices", "must be texts or numbers, but got [1]"),
        (HEAD + "[fixed]\nfamily = 'cosine'\n" + BASE_LR.replace("float", "categorical").replace(
            "low = 0.01\nhigh = 1.0\nlog = true", "choices = [0.1, 0.2]")
         + "when = { task.optimizer = ['sgd'] }\n" + OPTIMIZER + "when = { base_lr = 0.1 }\n",
         "params.base_lr.when", "must not go with each other in a circle: base_lr, task.opt"),
        (GOOD + DECAY + "[[baseline]]\nlabel = 'b'\nfamily = 'cosine'\nbase_lr = 0.1\n"
         "[baseline.task]\nweight_dcay = 0.1\n", "baseline[0].task.weight_dcay",
         "no option that the space samples; did you mean 'weight_decay'?"),
    ],
)  # fmt: skip
def test_mistakes(text: str, place: str, what: str) -> None:
    found = mistakes(text)
    assert [each for each, _ in found] == [place]
    assert what in found[0][1]
