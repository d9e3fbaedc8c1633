"""Source with planted mistakes, each line of one marked, and the chapter's own."""

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
    "PyTorch: a warmup in epochs and others in updates, by their names": snippet("""
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, PolynomialLR

warmup = LinearLR(optimizer, total_iters=args.warmup_epochs)  #! horizon-in-epochs
cosine = CosineAnnealingLR(optimizer, T_max=args.max_steps)  #! horizon-in-updates
power = PolynomialLR(optimizer, total_iters=args.num_iters)  #! horizon-in-updates
for epoch in range(args.epochs):
    for x, y in loader:
        criterion(model(x), y).backward()
        warmup.step()
    cosine.step()
    power.step()
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
    "PyTorch: plotted with restarts, then trained with all data at once": snippet("""
import torch

scheduler = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=10)
for i in range(10 * restarts):
    rates[i] = optimizer.param_groups[0]["lr"]
    scheduler.step()  #! used-before
for epoch in range(30):
    criterion(model(x), y).backward()
    optimizer.step()
    scheduler.step()
"""),
    "this package: a learning rate beside a schedule": snippet("""
import mxnet as mx
import tuner

schedule = tuner.Cosine(base_lr=0.3, horizon=7050)
options = {"lr_scheduler": schedule, "learning_rate": 0.1}  #! learning-rate-beside
trainer = mx.gluon.Trainer(params, "sgd", options)
"""),
    "this package: a horizon in epochs": snippet("""
import tuner
from tuner import Linear

epochs = 12
one = tuner.Cosine(base_lr=0.1, horizon=epochs)  #! horizon-in-epochs
two = Linear(base_lr=0.1, horizon=epochs * 235, warmup_steps=epochs)  #! horizon-in-epochs
"""),
}
