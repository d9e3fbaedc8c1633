"""Source with planted mistakes, each line of one marked, and source without any."""

from __future__ import annotations

import re
from typing import NamedTuple


class Snippet(NamedTuple):
    """A source text and the (line, rule) pairs that it must lead to."""

    text: str
    mistakes: list[tuple[int, str]]


def snippet(text: str) -> Snippet:
    """Read a text in which `#! rule` ends every line with a mistake."""
    lines = text.strip("\n").split("\n")
    marks = [
        (number, rule)
        for number, line in enumerate(lines, start=1)
        for rule in re.findall(r"#! (\S+)", line)
    ]
    return Snippet("\n".join(re.sub(r"\s*#!.*", "", line) for line in lines), marks)


# The chapter's trainings, one after the other as there, in other words.
CHAPTER = snippet("""
from mxnet import autograd, gluon, lr_scheduler, np

net = make_lenet()
batch_size = 256
train_iter, test_iter = load(batch_size)

def train(net, train_iter, test_iter, num_epochs, loss, trainer):
    for epoch in range(num_epochs):
        for X, y in train_iter:
            with autograd.record():
                l = loss(net(X), y)
            l.backward()
            trainer.step(X.shape[0])

lr, num_epochs = 0.3, 30
trainer = gluon.Trainer(net.collect_params(), 'sgd', {'learning_rate': lr})
train(net, train_iter, test_iter, num_epochs, loss, trainer)

class SquareRootScheduler:
    def __init__(self, lr=0.1):
        self.lr = lr

    def __call__(self, num_update):
        return self.lr / (num_update + 1.0) ** 0.5

scheduler = SquareRootScheduler(lr=1.0)
draw(np.arange(num_epochs), [scheduler(t) for t in range(num_epochs)])
trainer = gluon.Trainer(net.collect_params(), 'sgd',
                        {'lr_scheduler': scheduler})  #! horizon-in-epochs
train(net, train_iter, test_iter, num_epochs, loss, trainer)

class FactorScheduler:
    def __init__(self, factor=1, lowest=1e-7, base_lr=0.1):
        self.factor, self.lowest, self.base_lr = factor, lowest, base_lr

    def __call__(self, num_update):
        self.base_lr = max(self.lowest, self.base_lr * self.factor)
        return self.base_lr

scheduler = FactorScheduler(factor=0.9, lowest=1e-2, base_lr=2.0)
draw(np.arange(50), [scheduler(t) for t in range(50)])
trainer = gluon.Trainer(net.collect_params(), 'sgd', {'lr_scheduler': scheduler})  #! used-before

scheduler = lr_scheduler.MultiFactorScheduler(step=[15, 30], factor=0.5,  #! horizon-in-epochs
                                              base_lr=0.5)
draw(np.arange(num_epochs), [scheduler(t) for t in range(num_epochs)])
trainer = gluon.Trainer(net.collect_params(), 'sgd',
                        {'lr_scheduler': scheduler})  #! used-before
train(net, train_iter, test_iter, num_epochs, loss, trainer)

scheduler = lr_scheduler.CosineScheduler(max_update=20, base_lr=0.5,  #! horizon-in-epochs
                                         final_lr=0.01)
draw(np.arange(num_epochs), [scheduler(t) for t in range(num_epochs)])
trainer = gluon.Trainer(net.collect_params(), 'sgd', {'lr_scheduler': scheduler})
train(net, train_iter, test_iter, num_epochs, loss, trainer)

scheduler = lr_scheduler.CosineScheduler(20, warmup_steps=5, base_lr=0.5,  #! horizon-in-epochs
                                         final_lr=0.01)
draw(np.arange(num_epochs), [scheduler(t) for t in range(num_epochs)])
trainer = gluon.Trainer(net.collect_params(), 'sgd', {'lr_scheduler': scheduler})
train(net, train_iter, test_iter, num_epochs, loss, trainer)
""")

WRONG = {
    "MXNet: learning_rate beside, and adam's own": snippet("""
import mxnet as mx
schedule = mx.lr_scheduler.FactorScheduler(step=500, factor=0.9, base_lr=0.1)
trainer = mx.gluon.Trainer(
    params, "sgd", {"lr_scheduler": schedule, "learning_rate": 0.5}  #! learning-rate-beside
)
options = {"wd": 1e-4, "lr_scheduler": schedule}  #! learning-rate-beside
trainer = mx.gluon.Trainer(params, "adam", options)
sgd = mx.optimizer.SGD(learning_rate=1.0, lr_scheduler=schedule)  #! learning-rate-beside
more = {"lr_scheduler": schedule}  #! learning-rate-beside
more["learning_rate"] = 0.3
"""),
    "MXNet: warmup as long as the training": snippet("""
from mxnet import lr_scheduler
updates = 30 * 235
cosine = lr_scheduler.CosineScheduler(updates, warmup_steps=updates)  #! warmup-past-horizon
poly = lr_scheduler.PolyScheduler(max_update=100, warmup_steps=5 * 235)  #! warmup-past-horizon
"""),
    "PyTorch: epochs, stepped after every batch": snippet("""
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR

EPOCHS = 30
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = CosineAnnealingLR(optimizer, T_max=EPOCHS)  #! horizon-in-epochs
for epoch in range(EPOCHS):
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        scheduler.step()
"""),
    "PyTorch: updates, stepped after every epoch": snippet("""
import torch

def main(model, /, epochs=30):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    one_cycle = torch.optim.lr_scheduler.OneCycleLR(  #! horizon-in-updates
        optimizer, max_lr=0.1, total_steps=epochs * len(loader)
    )
    for epoch in range(epochs):
        for x, y in loader:
            criterion(model(x), y).backward()
            optimizer.step()
        one_cycle.step()
"""),
    "PyTorch: plotted, then trained with": snippet("""
import torch

optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=10)
rates = []
for _ in range(30):
    rates.append(scheduler.get_last_lr())
    optimizer.step()
    scheduler.step()  #! used-before
plot(rates)
for epoch in range(30):
    train_one_epoch(model, optimizer)
    scheduler.step()
"""),
    "Hugging Face: warmup and training mixed up": snippet("""
from transformers import get_linear_schedule_with_warmup

total = 1000
scheduler = get_linear_schedule_with_warmup(  #! warmup-past-horizon
    optimizer, num_warmup_steps=total, num_training_steps=500
)
"""),
    "Optax and Keras: epochs as decay steps": snippet("""
import keras
import optax

num_epochs = 90
schedule = optax.warmup_cosine_decay_schedule(0.0, 0.1, 5, num_epochs)  #! horizon-in-epochs
other = keras.optimizers.schedules.CosineDecay(0.1, decay_steps=num_epochs)  #! horizon-in-epochs
third = optax.cosine_decay_schedule(0.1, 80)  #! horizon-in-epochs
"""),
    "in a class, from the command line": snippet("""
import argparse
import mxnet as mx

parser = argparse.ArgumentParser()
parser.add_argument("--num-epochs", type=int, default=60)
args = parser.parse_args()

class Run:
    def __init__(self):
        self.scheduler = mx.lr_scheduler.MultiFactorScheduler([20, 40], 0.1)  #! horizon-in-epochs
        for update in range(50):
            show(self.scheduler(update))

    def start(self):
        return mx.gluon.Trainer(
            self.params, "nag", {"lr_scheduler": self.scheduler}  #! used-before
        )
"""),
    "this package: a horizon in epochs": snippet("""
import tuner
from tuner import Linear

epochs = 12
one = tuner.Cosine(base_lr=0.1, horizon=epochs)  #! horizon-in-epochs
two = Linear(base_lr=0.1, horizon=epochs * 235, warmup_steps=epochs)  #! horizon-in-epochs
"""),
}

RIGHT = {
    "MXNet, in updates": """
import mxnet as mx

num_epochs, batch_size = 30, 256
updates_per_epoch = len(train_iter)
schedule = mx.lr_scheduler.CosineScheduler(
    max_update=num_epochs * updates_per_epoch, base_lr=0.3, warmup_steps=5 * updates_per_epoch
)
draw([schedule(u) for u in range(num_epochs * updates_per_epoch)])
trainer = mx.gluon.Trainer(net.collect_params(), "sgd", {"lr_scheduler": schedule, "wd": 1e-4})
drops = mx.lr_scheduler.MultiFactorScheduler([15 * 235, 25 * 235], 0.5, base_lr=0.5)
options = {"lr_scheduler": drops, "learning_rate": drops.base_lr}
trainer = mx.gluon.Trainer(net.collect_params(), "adam", options)
for epoch in range(num_epochs):
    train(trainer)
""",
    "MXNet, asked by the program itself": """
import mxnet as mx

schedule = mx.lr_scheduler.CosineScheduler(max_update=30, base_lr=0.3)
trainer = mx.gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.3})
for epoch in range(30):
    trainer.set_learning_rate(schedule(epoch))
    train(trainer)
""",
    "MXNet, one for the plot and one for the training": """
from mxnet import gluon, lr_scheduler

PER_EPOCH = 235

def make():
    return lr_scheduler.FactorScheduler(step=PER_EPOCH, factor=0.9, base_lr=0.5)

shown = lr_scheduler.FactorScheduler(step=235, factor=0.9, base_lr=0.5)
draw([shown(u) for u in range(7050)])
scheduler = lr_scheduler.FactorScheduler(step=235, factor=0.9, base_lr=0.5)
trainer = gluon.Trainer(params, "sgd", {"lr_scheduler": scheduler, "learning_rate": 0.5})
for epoch in range(30):
    train(trainer)
""",
    "PyTorch, by epochs": """
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR

epochs = 30
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
warmup = LinearLR(optimizer, start_factor=0.1, total_iters=3)
cosine = CosineAnnealingLR(optimizer, T_max=epochs - 3)
scheduler = SequentialLR(optimizer, [warmup, cosine], milestones=[3])
for epoch in range(epochs):
    model.train()
    for x, y in loader:
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    scheduler.step()
    print(epoch, scheduler.get_last_lr())
""",
    "PyTorch, by updates, with gradient accumulation": """
import torch

def train(epochs: int = 3, accumulate: int = 4):
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=1e-3, epochs=epochs, steps_per_epoch=len(loader) // accumulate
    )
    drops = torch.optim.lr_scheduler.StepLR(optimizer, step_size=len(loader), gamma=0.5)
    for epoch in range(epochs):
        for i, (x, y) in enumerate(loader):
            (criterion(model(x), y) / accumulate).backward()
            if (i + 1) % accumulate == 0:
                optimizer.step()
                scheduler.step()
                drops.step()
""",
    "PyTorch, a plot alone": """
import torch

optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=30)
rates = []
for epoch in range(30):
    rates.append(optimizer.param_groups[0]["lr"])
    optimizer.step()
    scheduler.step()
""",
    "Hugging Face": """
from transformers import get_scheduler

num_epochs = 3
num_training_steps = num_epochs * len(loader)
scheduler = get_scheduler(
    "linear", optimizer=optimizer, num_warmup_steps=100, num_training_steps=num_training_steps
)
for epoch in range(num_epochs):
    for batch in loader:
        model(**batch).loss.backward()
        optimizer.step()
        scheduler.step()
""",
    "Optax and Keras": """
import keras
import optax

num_epochs, steps_per_epoch = 10, 391
total_steps = num_epochs * steps_per_epoch
schedule = optax.warmup_cosine_decay_schedule(0.0, 0.1, 2 * 391, decay_steps=total_steps)
short = optax.cosine_decay_schedule(0.1, decay_steps=total_steps)
decay = keras.optimizers.schedules.CosineDecay(0.1, steps_per_epoch * 10)
optimizer = keras.optimizers.SGD(learning_rate=decay)
""",
    "this package": """
import mxnet as mx
import torch
import tuner

epochs = 30
schedule = tuner.load_schedule("best.json", epochs=epochs, updates_per_epoch=235)
mine = tuner.Cosine(base_lr=0.3, horizon=epochs * 235, warmup_steps=235)
print(mine([1, 2, 3]))
options = {"lr_scheduler": mine, "learning_rate": mine.base_lr}
trainer = mx.gluon.Trainer(net.collect_params(), "adam", options)
layer = torch.nn.Linear(20, 10)
scheduler = mine.to_torch(optimizer)
for epoch in range(epochs):
    for x, y in loader:
        loss(layer(x), y).backward()
        optimizer.step()
        scheduler.step()
""",
}
