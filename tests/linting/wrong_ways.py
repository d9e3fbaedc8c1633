"""Source with planted mistakes, whose schedulers get to their trainings by ways of their own."""

from __future__ import annotations

from .wrong_source import snippet

WRONG_WAYS = {
    "asked by the program, and passed on all the same": snippet("""
import keras
import optax
import tuner

num_epochs = 90
decay = keras.optimizers.schedules.CosineDecay(0.1, decay_steps=num_epochs)  #! horizon-in-epochs
print(decay(0))
sgd = keras.optimizers.SGD(learning_rate=decay)
short = tuner.Cosine(base_lr=0.1, horizon=num_epochs)  #! horizon-in-epochs
print(short(0))
adam = optax.adam(short.to_optax())
third = optax.cosine_decay_schedule(0.1, num_epochs)  #! horizon-in-epochs
print(third(0))
trainer.schedule = third
"""),
    "Optax: pieces in epochs, by their names": snippet("""
import optax

num_epochs, warmup_epochs = 90, 5
up = optax.linear_schedule(0.0, 0.1, transition_steps=warmup_epochs)  #! horizon-in-epochs
down = optax.cosine_decay_schedule(0.1, num_epochs)  #! horizon-in-epochs
schedule = optax.join_schedules([up, down], [warmup_epochs])
print(schedule(0))
optimizer = optax.adam(schedule)
"""),
    "this package: in updates, stepped once an epoch": snippet("""
import tuner
from tuner import load_schedule

epochs = 30
schedule = tuner.Cosine(base_lr=0.1, horizon=epochs * len(loader))  #! horizon-in-updates
scheduler = schedule.to_torch(optimizer)
many = tuner.Linear(base_lr=0.1, horizon=7050).to_torch(optimizer)  #! horizon-in-updates
saved = load_schedule("best.json").to_torch(optimizer)  #! horizon-in-updates
for epoch in range(epochs):
    for x, y in loader:
        criterion(model(x), y).backward()
        optimizer.step()
    scheduler.step()
    many.step()
    saved.step()
"""),
    "Lightning: in updates, with no interval": snippet("""
import lightning
import torch
import tuner

class Saved(lightning.LightningModule):
    def configure_optimizers(self):
        schedule = tuner.load_schedule("best.json")  #! horizon-in-updates
        return [optimizer], [schedule.to_torch(optimizer)]

class Given(lightning.LightningModule):
    def configure_optimizers(self):
        steps = self.trainer.estimated_stepping_batches
        one = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, steps)  #! horizon-in-updates
        two = tuner.Cosine(base_lr=0.1, horizon=steps)  #! horizon-in-updates
        if self.old:
            return [optimizer], [{"scheduler": one, "name": "lr"}]
        return {"optimizer": optimizer, "lr_scheduler": two.to_torch(optimizer)}
"""),
    "PyTorch: one cycle of updates, stepped once an epoch": snippet("""
from torch.optim.lr_scheduler import OneCycleLR

epochs = 10
one = OneCycleLR(optimizer, 0.1, epochs=epochs, steps_per_epoch=len(loader))  #! horizon-in-updates
two = OneCycleLR(optimizer, 0.1, epochs=10, steps_per_epoch=235)  #! horizon-in-updates
for epoch in range(epochs):
    for x, y in loader:
        criterion(model(x), y).backward()
        optimizer.step()
    one.step()
    two.step()
"""),
    "MXNet: adam's own learning rate, however it is named": snippet("""
import mxnet as mx

drops = mx.lr_scheduler.FactorScheduler(step=500, factor=0.9, base_lr=0.1)
options = {"lr_scheduler": drops}  #! learning-rate-beside
trainer = mx.gluon.Trainer(params, optimizer="adam", optimizer_params=options)
print(options)
trainer = mx.gluon.Trainer(params, "Adam", dict(lr_scheduler=drops))  #! learning-rate-beside
name = "adam"
trainer = mx.gluon.Trainer(params, name, {"lr_scheduler": drops})  #! learning-rate-beside
one = mx.optimizer.Adam(lr_scheduler=drops)  #! learning-rate-beside
two = mx.optimizer.create("adam", lr_scheduler=drops)  #! learning-rate-beside
"""),
    "MXNet: plotted by way of map, then trained with": snippet("""
from mxnet import gluon, lr_scheduler

class ByEpoch:
    def __call__(self, epoch):
        return 0.1 / (epoch + 1)

num_epochs = 30
drops = lr_scheduler.FactorScheduler(step=1000, factor=0.9, base_lr=0.1)
draw(list(map(drops, range(7050))))
trainer = gluon.Trainer(params, "sgd", {"lr_scheduler": drops})  #! used-before
mine = ByEpoch()
draw(list(map(mine, range(num_epochs))))
trainer = gluon.Trainer(params, "sgd", {"lr_scheduler": mine})  #! horizon-in-epochs
"""),
}
