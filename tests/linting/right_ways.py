"""Source without any mistake, whose schedulers get to their trainings by ways of their own."""

from __future__ import annotations

RIGHT_WAYS = {
    "asked by the program itself, by way of a name or a function": """
import keras
import optax
from mxnet import gluon, lr_scheduler

num_epochs = 200
plotted = lr_scheduler.CosineScheduler(max_update=num_epochs, base_lr=0.3)
draw(plotted)
drops = lr_scheduler.MultiFactorScheduler(step=[100, 150], factor=0.1, base_lr=0.3)
poly = lr_scheduler.PolyScheduler(max_update=200, base_lr=0.3)
trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.3})
for epoch in range(num_epochs):
    lr = plotted(epoch)
    trainer.set_learning_rate(lr)
    other.set_learning_rate(0.5 * float(drops(epoch)))
    rate = poly(epoch) if epoch else 0.1
    for group in optimizer.param_groups:
        group["lr"] = rate
    train(trainer)
decay = keras.optimizers.schedules.CosineDecay(0.1, decay_steps=num_epochs)
steps = keras.optimizers.schedules.PiecewiseConstantDecay([100, 150], [0.1, 0.01, 0.001])
callbacks = [
    keras.callbacks.LearningRateScheduler(lambda epoch: float(decay(epoch))),
    keras.callbacks.LearningRateScheduler(lambda epoch, lr: float(steps(epoch))),
]
per_epoch = optax.cosine_decay_schedule(0.1, num_epochs)
sgd = optax.sgd(lambda count: per_epoch(count / steps_per_epoch))
up, down = optax.linear_schedule(0.0, 0.1, 5), optax.cosine_decay_schedule(0.1, num_epochs)
joined = optax.join_schedules([up, down], [5])
adam = optax.adam(lambda count: joined(count / steps_per_epoch))
""",
    "Optax, in pieces": """
import optax

num_epochs = 200
up = optax.linear_schedule(0.0, 0.1, transition_steps=500)
down = optax.polynomial_schedule(0.1, 0.0, 1, transition_steps=4000)
trapezoid = optax.join_schedules([up, optax.constant_schedule(0.1), down], [500, 43000])
pieces = [optax.linear_schedule(0.0, 0.1, 500), optax.cosine_decay_schedule(0.1, 4000)]
short = optax.join_schedules(schedules=pieces, boundaries=[500])
warm = optax.adam(optax.linear_schedule(0.0, 0.1, 500))
""",
    "this package with PyTorch": """
import torch
import tuner

epochs = 30
short = tuner.Cosine(base_lr=0.1, horizon=epochs)
other = tuner.Linear(base_lr=0.1, horizon=30).to_torch(optimizer)
one = tuner.load_schedule("best.json", epochs=epochs, updates_per_epoch=1).to_torch(optimizer)
long = tuner.Cosine(base_lr=0.1, horizon=epochs * len(loader))
shown = long.to_torch(nothing)
for _ in range(7050):
    rates.append(shown.get_last_lr())
    shown.step()
by_epoch, by_update = short.to_torch(optimizer), long.to_torch(optimizer)
for epoch in range(epochs):
    for x, y in loader:
        criterion(model(x), y).backward()
        optimizer.step()
        by_update.step()
    by_epoch.step()
    other.step()
    one.step()
all_at_once = tuner.Cosine(base_lr=0.1, horizon=epochs)
scheduler = all_at_once.to_torch(optimizer)
for epoch in range(epochs):
    criterion(model(x), y).backward()
    optimizer.step()
    scheduler.step()
""",
    "PyTorch, one cycle of epochs": """
import torch

epochs = 30
cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, epochs=epochs, steps_per_epoch=1)
for epoch in range(epochs):
    for x, y in loader:
        criterion(model(x), y).backward()
        optimizer.step()
    cycle.step()
""",
    "Lightning": """
import lightning
import torch
import tuner

class ByUpdate(lightning.LightningModule):
    def configure_optimizers(self):
        scheduler = tuner.load_schedule("best.json").to_torch(optimizer)
        if self.old:
            return [optimizer], [{"scheduler": scheduler, "interval": "step"}]
        if self.elsewhere:
            return [optimizer], [{"scheduler": scheduler, **self.config}]
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": scheduler, "interval": "step"},
        }

class ByEpoch(lightning.LightningModule):
    def configure_optimizers(self):
        max_epochs = self.trainer.max_epochs
        scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=max_epochs)
        return [optimizer], [scheduler]

class ByItself(lightning.LightningModule):
    def __init__(self):
        self.automatic_optimization = False

    def configure_optimizers(self):
        return [optimizer], [tuner.load_schedule("best.json").to_torch(optimizer)]

def configure_optimizers(model):
    return [optimizer], [tuner.load_schedule("best.json").to_torch(optimizer)]
""",
    "MXNet: optimizers with no learning rate of their own, or with the scheduler's": """
import mxnet as mx

drops = mx.lr_scheduler.FactorScheduler(step=500, factor=0.9, base_lr=0.1)
trainer = mx.gluon.Trainer(params, optimizer="sgd", optimizer_params=dict(lr_scheduler=drops))
options = dict(lr_scheduler=drops, learning_rate=drops.base_lr)
trainer = mx.gluon.Trainer(params, optimizer="adam", optimizer_params=options)
one = mx.optimizer.SGD(lr_scheduler=drops)
two = mx.optimizer.create("nag", lr_scheduler=drops)
three = mx.optimizer.Adam(lr_scheduler=drops, learning_rate=0.1)

def start(optimizer="adam"):
    return mx.gluon.Trainer(params, optimizer, {"lr_scheduler": drops})
""",
    "MXNet: plotted by way of map": """
from mxnet import gluon, lr_scheduler

shown = lr_scheduler.FactorScheduler(step=1000, factor=0.9, base_lr=0.1)
draw(list(map(shown, range(7050))))
scheduler = lr_scheduler.FactorScheduler(step=1000, factor=0.9, base_lr=0.1)
trainer = gluon.Trainer(params, "sgd", {"lr_scheduler": scheduler})
cosine = lr_scheduler.CosineScheduler(max_update=7050, base_lr=0.1)
draw(list(map(cosine, range(7050))))
trainer = gluon.Trainer(params, "sgd", {"lr_scheduler": cosine})
""",
}
