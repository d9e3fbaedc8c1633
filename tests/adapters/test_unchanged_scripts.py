"""Scripts that nobody changed, in PyTorch and Keras: their learning rates are the schedule's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import tuner
from tuner.errors import TaskError
from tuner.studies import run_under
from tuner.tasks import CommandTask

pytestmark = pytest.mark.usefixtures("processes")

SCHEDULE = tuner.Cosine(base_lr=0.2, final_lr=0.01, horizon=30, warmup_steps=4)
# As people write it: its own scheduler, groups of different rates, clipping, accumulation.
SCRIPT = """
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
optimizer = torch.optim.{optimizer}
scheduler = torch.optim.lr_scheduler.{scheduler}
inputs = torch.randn(400, 4)
targets = inputs.sum(1, keepdim=True)
for epoch in range(3):
    for number, batch in enumerate(torch.arange(400).split(20), start=1):
        loss = ((model(inputs[batch]) - targets[batch]) ** 2).mean()
        loss.backward()
        if number % 2 == 0:  # accumulated
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            print("rates", [group["lr"] for group in optimizer.param_groups])
            optimizer.zero_grad()
            scheduler.step()
    print(f"epoch {{epoch}}: val loss {{loss.item():.5f}}")
"""
PLAIN = "SGD(model.parameters(), lr=0.7, momentum=0.9)"
GROUPS = (
    "AdamW([{'params': model[0].parameters(), 'lr': 0.01}, {'params': model[2].parameters()}],"
    " lr=0.1)"
)
WARMUP = "LambdaLR(optimizer, lambda n: min(1, n / 10))"  # at 0 when the training begins


def run(
    folder: Path, script: str, *command: str, declared: int = 10, **options: Any
) -> tuple[list[float | None], list[list[float]]]:
    """Return the values that a script reports, and the learning rates that it prints."""
    (folder / "train.py").write_text(script)
    output = folder / "output.txt"
    output.unlink(missing_ok=True)
    task = CommandTask(
        command=[*(command or (sys.executable, "train.py"))], value="val loss ([0-9.]+)",
        updates_per_epoch=declared, folder=str(folder), **options,
    ).with_output(output)  # fmt: skip
    found = [e.record.value for e in task.train(SCHEDULE, seed=0, epochs=3)]
    lines = output.read_text().splitlines()
    return found, [eval(line[6:]) for line in lines if line.startswith("rates ")]


def test_an_unchanged_script_has_the_schedule_and_what_else_it_had(tmp_path: Path) -> None:
    """In groups that keep their ratios; beside a `sitecustomize` and a `tuner` of its own."""
    (tmp_path / "sitecustomize.py").write_text("import builtins; builtins.customized = 'yes'")
    (tmp_path / "tuner.py").write_text("mine = 'yes'")
    own = "import tuner\nassert tuner.mine == customized == 'yes'\n"
    script = own + SCRIPT.format(optimizer=GROUPS, scheduler=WARMUP) + own
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(tmp_path))
        values, rates = run(tmp_path, script)
    assert len(values) == 3
    assert len(rates) == 30
    for update, found in enumerate(rates, start=1):
        assert found == pytest.approx([SCHEDULE(update) / 10, SCHEDULE(update)], rel=1e-12)


SEVERAL = """
import torch
from torch.optim import SGD, Adam
first = SGD([torch.nn.Parameter(torch.ones(1))], lr=0.5)
second = Adam([torch.nn.Parameter(torch.ones(1))], lr=0.25)
scaler = torch.amp.GradScaler("cpu")
for epoch in range(3):
    for update in range(10):
        for optimizer in first, second:
            for group in optimizer.param_groups:
                group["params"][0].grad = torch.ones(1)
            optimizer.step()
        if update == 0:  # skipped by the scaler, so no update
            second.param_groups[0]["params"][0].grad = torch.full((1,), float("inf"))
            scaler.scale(torch.ones(1))
            scaler.step(second)
            scaler.update()
        print("rates", [first.param_groups[0]["lr"], second.param_groups[0]["lr"]])
    print("val loss 0.5")
"""


def test_one_optimizer_of_several_is_named_and_the_others_are_left_alone(tmp_path: Path) -> None:
    _, rates = run(tmp_path, SEVERAL, optimizer="Adam")
    assert rates == [[0.5, SCHEDULE(update)] for update in range(1, 31)]


def test_of_several_optimizers_one_must_be_named(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match=r"which optimizer .* 0: SGD, 1: Adam"):
        run(tmp_path, SEVERAL)


@pytest.mark.parametrize("declared", [5, 20])
def test_updates_that_are_not_those_declared_are_refused(tmp_path: Path, declared: int) -> None:
    script = SCRIPT.format(optimizer=PLAIN, scheduler="StepLR(optimizer, 3)")
    with pytest.raises(TaskError, match=r"must make the updates that it is said to make"):
        run(tmp_path, script, declared=declared)


KERAS = """
import keras
import numpy
keras.utils.set_random_seed(0)
inputs = numpy.random.normal(size=(200, 4)).astype("float32")
model = keras.Sequential([keras.layers.Dense(1)])
model.compile(optimizer=keras.optimizers.SGD(0.5, gradient_accumulation_steps=2), loss="mse")

class Printed(keras.callbacks.Callback):
    def on_train_batch_begin(self, batch, logs=None):
        print("rates", [float(self.model.optimizer.learning_rate)])

    def on_epoch_end(self, epoch, logs=None):
        print(f"val loss {logs['loss']:.5f}")

callbacks = [Printed(), keras.callbacks.ReduceLROnPlateau(monitor="loss", patience=1)]
model.fit(inputs, inputs.sum(1), batch_size=10, epochs=3, verbose=0, callbacks=callbacks)
"""


def test_an_unchanged_keras_script_trains_under_the_schedule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    values, rates = run(tmp_path, KERAS)
    assert len(values) == 3
    assert rates[::2] == [[pytest.approx(SCHEDULE(u), rel=1e-6)] for u in range(1, 31)]


RANKS = """
import os
import torch
import torch.distributed as dist

dist.init_process_group("gloo")
rank = dist.get_rank()
model = torch.nn.parallel.DistributedDataParallel(torch.nn.Linear(4, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
{begin}
for epoch in range(3):
    for update in range(10):
        loss = (model(torch.randn(8, 4)) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        {each}
        optimizer.step()
        with open(f"rank-{{rank}}.txt", "a") as file:
            file.write(repr(optimizer.param_groups[0]["lr"]) + "\\n")
    print(f"val loss {{loss.item():.5f}}")
    {end}
dist.destroy_process_group()
"""
TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2")


def test_all_ranks_of_an_unchanged_script_have_the_same_schedule(tmp_path: Path) -> None:
    script = RANKS.format(begin="", each="", end="")
    values, _ = run(tmp_path, script, *TORCHRUN, "train.py")
    assert len(values) == 3  # rank 0 alone is read
    for rank in (0, 1):
        rates = [*map(float, (tmp_path / f"rank-{rank}.txt").read_text().split())]
        assert rates == [SCHEDULE(update) for update in range(1, 31)]


def test_all_ranks_of_a_trial_stop_together(tmp_path: Path) -> None:
    script = RANKS.format(
        begin="import tuner; trial = tuner.trial(); updates = trial.updates()",
        each="optimizer.param_groups[0]['lr'] = trial.schedule(next(updates))",
        end="trial.report(loss.item())",
    )
    (tmp_path / "train.py").write_text(script)
    output = tmp_path / "output.txt"
    task = CommandTask(command=[*TORCHRUN, "train.py"], updates_per_epoch=10, folder=str(tmp_path))
    training = task.with_output(output).train(SCHEDULE, seed=0, epochs=3)
    next(training)
    next(training)
    training.close()
    for rank in (0, 1):
        rates = [*map(float, (tmp_path / f"rank-{rank}.txt").read_text().split())]
        assert rates == [SCHEDULE(update) for update in range(1, 21)]
    assert "Error" not in output.read_text()


def test_apply_knows_that_a_script_which_asks_for_its_trial_has_the_schedule(
    tmp_path: Path,
) -> None:
    script = tmp_path / "train.py"
    script.write_text(
        "import sys, tuner\ntrial = tuner.trial()\n"
        "assert tuner.trial(seed=1) is trial\n"
        "assert sum(1 for _ in trial.updates()) == 30\n"
        "assert trial.schedule == tuner.load_schedule(sys.argv[1])\n"
    )
    tuner.save_schedule(SCHEDULE, tmp_path / "best.json", updates_per_epoch=10)
    words = [sys.executable, str(script), str(tmp_path / "best.json")]
    assert run_under(tmp_path / "best.json", words) == (0, True, "")
    script.write_text("print('of no schedule')")
    assert not run_under(SCHEDULE, words).reached


def test_apply_runs_an_unchanged_script_under_the_winner(tmp_path: Path) -> None:
    tuner.save_schedule(SCHEDULE, tmp_path / "best.json")
    script = SCRIPT.format(optimizer=PLAIN, scheduler="StepLR(optimizer, 3)")
    (tmp_path / "train.py").write_text(script + "raise SystemExit(7)")
    command = [sys.executable, "-m", "tuner", "apply", "best.json", "--", sys.executable]
    done = subprocess.run(
        [*command, "train.py"], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (7, "")
    rates = [eval(line[6:]) for line in done.stdout.splitlines() if line.startswith("rates ")]
    assert rates == [[SCHEDULE(update)] for update in range(1, 31)]
