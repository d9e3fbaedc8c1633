"""Source with planted mistakes: rates beside schedulers, drops, counts, and who steps them."""

from __future__ import annotations

from .wrong_source import snippet

WRONG_RATES = {
    "MXNet: a learning rate that has no effect, or that a warmup jumps to": snippet("""
import mxnet as mx

cosine = mx.lr_scheduler.CosineScheduler(7050, base_lr=0.5)
trainer = mx.gluon.Trainer(
    params, "sgd", {"learning_rate": 0.1, "lr_scheduler": cosine}  #! learning-rate-beside
)
poly = mx.lr_scheduler.PolyScheduler(7050)
options = {"learning_rate": 0.1, "lr_scheduler": poly}  #! learning-rate-beside
warm = mx.lr_scheduler.FactorScheduler(step=500, factor=0.9, warmup_steps=100)
sgd = mx.optimizer.SGD(learning_rate=0.5, lr_scheduler=warm)  #! learning-rate-beside
"""),
    "PyTorch and Keras: drops at every update that belong to epochs": snippet("""
import keras
import torch

epochs = 30
fast = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.95)  #! horizon-in-epochs
steps = torch.optim.lr_scheduler.StepLR(optimizer, 10)  #! horizon-in-epochs
cycle = torch.optim.lr_scheduler.CyclicLR(optimizer, 0.01, 0.1, 10)  #! horizon-in-epochs
decay = keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.95)  #! horizon-in-epochs
sgd = keras.optimizers.SGD(learning_rate=decay)
for epoch in range(epochs):
    for x, y in loader:
        criterion(model(x), y).backward()
        optimizer.step()
        fast.step()
        steps.step()
        cycle.step()
"""),
    "PyTorch: CyclicLR and OneCycleLR, which count updates, stepped once an epoch": snippet("""
from torch.optim.lr_scheduler import CyclicLR, OneCycleLR

one = CyclicLR(optimizer, base_lr=1e-4, max_lr=0.1)  #! horizon-in-updates
two = CyclicLR(optimizer, 1e-4, 0.1, step_size_up=4 * len(loader))  #! horizon-in-updates
three = OneCycleLR(optimizer, 0.1, None, args.epochs, len(loader))  #! horizon-in-updates
for epoch in range(args.epochs):
    for x, y in loader:
        criterion(model(x), y).backward()
        optimizer.step()
    one.step()
    two.step()
    three.step()
"""),
    "Keras: updates, in a callback that asks once an epoch": snippet("""
import keras

long = keras.optimizers.schedules.CosineDecay(0.1, epochs * steps_per_epoch)  #! horizon-in-updates
callback = keras.callbacks.LearningRateScheduler(long)
"""),
    "this package: asked about updates that begin at 0": snippet("""
import tuner

schedule = tuner.load_schedule("best.json")
iter_num = 0

def rate(it):
    return schedule(it)  #! counts-from-0

while True:
    lr = rate(iter_num) if decay_lr else learning_rate
    for group in optimizer.param_groups:
        group["lr"] = lr
    iter_num += 1
    if iter_num > max_iters:
        break
step = 0
for batch in loader:
    lr = schedule(step)  #! counts-from-0
    optimizer.param_groups[0]["lr"] = lr
    step += 1
for epoch in range(epochs):
    for i, batch in enumerate(loader):
        optimizer.param_groups[0]["lr"] = float(schedule(epoch * per_epoch + i))  #! counts-from-0
for update in range(7050):
    trainer.set_learning_rate(schedule(update))  #! counts-from-0
"""),
    "this package: where PyTorch multiplies": snippet("""
import tuner
from torch.optim.lr_scheduler import ChainedScheduler, LambdaLR, LinearLR

schedule = tuner.load_schedule("best.json")
warmup = LinearLR(optimizer, total_iters=500)
both = ChainedScheduler([warmup, schedule.to_torch(optimizer)])  #! multiplied
one = LambdaLR(optimizer, lr_lambda=schedule)  #! multiplied
two = LambdaLR(optimizer, lambda update: schedule(update))  #! multiplied
"""),
    "Accelerate: a scheduler that is stepped for every process": snippet("""
import tuner
from accelerate import Accelerator
from transformers import get_scheduler

accelerator = Accelerator()
mine = tuner.load_schedule("best.json").to_torch(optimizer)
model, optimizer, loader, mine = accelerator.prepare(model, optimizer, loader, mine)  #! prepared
total = epochs * len(loader)
theirs = accelerator.prepare(
    get_scheduler("cosine", optimizer, 0, num_training_steps=total)  #! prepared
)
"""),
    "gradients are accumulated: updates and batches": snippet("""
import torch
import tuner

accumulate = 4
mine = tuner.load_schedule("best.json").to_torch(optimizer)
updates = epochs * len(loader) // accumulation_steps
cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, updates)
linear = torch.optim.lr_scheduler.PolynomialLR(optimizer, epochs * len(loader))
for epoch in range(epochs):
    for i, (x, y) in enumerate(loader):
        criterion(model(x), y).backward()
        if (i + 1) % accumulate == 0:
            optimizer.step()
            linear.step()  #! accumulation
        mine.step()  #! accumulation
        cosine.step()  #! accumulation
other = tuner.load_schedule("best.json").to_torch(optimizer)
for x, y in loader:
    with accelerator.accumulate(model):
        accelerator.backward(criterion(model(x), y))
        optimizer.step()
        other.step()  #! accumulation
"""),
}
