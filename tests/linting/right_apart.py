"""Source without any mistake: what looks like those that are planted elsewhere, and is right."""

from __future__ import annotations

RIGHT_APART = {
    "MXNet: its own idiom, no base_lr beside learning_rate": """
import mxnet as mx

drops = mx.lr_scheduler.MultiFactorScheduler([3525, 5000], 0.1)
trainer = mx.gluon.Trainer(params, "sgd", {"learning_rate": 0.03, "lr_scheduler": drops})
one = mx.lr_scheduler.FactorScheduler(step=500, factor=0.9)
sgd = mx.optimizer.SGD(learning_rate=0.03, lr_scheduler=one)
adam = mx.gluon.Trainer(params, "adam", {"lr_scheduler": drops})
lr = args.lr
cosine = mx.lr_scheduler.CosineScheduler(7050, base_lr=args.lr)
nag = mx.gluon.Trainer(params, "nag", {"learning_rate": lr, "lr_scheduler": cosine})
""",
    "drops at every update that are meant": """
import keras
import mxnet as mx
import optax
import torch

epochs = 30
drops = mx.lr_scheduler.FactorScheduler(1, 0.9999, base_lr=0.1)
low = mx.lr_scheduler.FactorScheduler(1, 0.9, stop_factor_lr=0.001, base_lr=0.1)
slow = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.9999)
same = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9999)
decay = keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.9999)
time = keras.optimizers.schedules.InverseTimeDecay(0.1, 1, 0.5)
gentle = optax.exponential_decay(0.1, 1, 0.9999)
for epoch in range(epochs):
    for x, y in loader:
        criterion(model(x), y).backward()
        optimizer.step()
        slow.step()
        same.step()
""",
    "Optax and Keras: all data at once, an update an epoch": """
import jax
import keras
import optax

num_epochs = 90
schedule = optax.cosine_decay_schedule(0.1, num_epochs)
optimizer = optax.adam(schedule)

@jax.jit
def update(params, state):
    grads = jax.grad(loss)(params)
    updates, state = optimizer.update(grads, state, params)
    return optax.apply_updates(params, updates), state

for epoch in range(num_epochs):
    params, state = update(params, state)
decay = keras.optimizers.schedules.CosineDecay(0.1, decay_steps=num_epochs)
model.compile(keras.optimizers.SGD(learning_rate=decay))
model.fit(x, y, epochs=num_epochs, batch_size=len(x))
""",
    "Keras: epochs, in a callback that asks once an epoch": """
import keras

epochs = 90
decay = keras.optimizers.schedules.CosineDecay(0.1, epochs)
callback = keras.callbacks.LearningRateScheduler(decay)
direct = keras.callbacks.LearningRateScheduler(
    keras.optimizers.schedules.CosineDecay(0.1, decay_steps=epochs)
)
""",
    "functions and classes, by epochs and by updates": """
import torch

def make(optimizer, length):
    return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=length)

def run_epoch(model, loader, scheduler=None):
    for batch in loader:
        model(batch).backward()
        optimizer.step()
        if scheduler is not None:
            scheduler.step()

def main(epochs=30):
    by_epoch, by_update = make(optimizer, epochs), make(optimizer, epochs * len(loader))
    for epoch in range(epochs):
        run_epoch(model, loader, by_update)
        by_epoch.step()

class Whole:
    def __init__(self, epochs):
        self.scheduler = make(self.optimizer, epochs)

    def fit(self):
        for epoch in range(self.epochs):
            model(data).backward()
            self.scheduler.step()

def restart(epochs):
    for epoch in range(epochs):
        scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, len(loader))
        for batch in loader:
            model(batch).backward()
            scheduler.step()

def plot(scheduler):
    scheduler.step()
""",
    "classes of others, with names that are known": """
from paddle.optimizer.lr import PolynomialDecay
from .schedulers import CosineAnnealingLR

epochs = 30
one = PolynomialDecay(0.1, decay_steps=epochs)
two = CosineAnnealingLR(optimizer, T_max=epochs)
for epoch in range(epochs):
    for batch in loader:
        model(batch).backward()
        one.step()
        two.step()
""",
    "this package: asked about updates that begin at 1, or by its own ways": """
import tuner
from torch.optim.lr_scheduler import ChainedScheduler, LambdaLR, LinearLR, SequentialLR

schedule = tuner.load_schedule("best.json")
iter_num = 0
while iter_num < max_iters:
    iter_num += 1
    optimizer.param_groups[0]["lr"] = schedule(iter_num)
for i, batch in enumerate(loader):
    optimizer.param_groups[0]["lr"] = schedule(i + 1)
for i, batch in enumerate(loader, start=1):
    optimizer.param_groups[0]["lr"] = schedule(i)
for update in range(1, 7051):
    trainer.set_learning_rate(schedule(update))
plot([schedule(update) for update in range(7050)])
share = LambdaLR(optimizer, lambda update: schedule(update + 1) / schedule.base_lr)
both = SequentialLR(
    optimizer, [LinearLR(optimizer), schedule.to_torch(optimizer)], milestones=[500]
)
alone = ChainedScheduler([schedule.to_torch(optimizer)])
""",
    "Accelerate: in its own way": """
import tuner
from accelerate import Accelerator
from transformers import get_scheduler

accelerator = Accelerator(gradient_accumulation_steps=4)
total = epochs * len(loader) // 4
theirs = get_scheduler("cosine", optimizer, 0, num_training_steps=total)
model, optimizer, loader, theirs = accelerator.prepare(model, optimizer, loader, theirs)
more = get_scheduler(
    "cosine", optimizer, 0, num_training_steps=len(loader) * accelerator.num_processes
)
more = accelerator.prepare(more)
mine = tuner.load_schedule("best.json").to_torch(optimizer)
for batch in loader:
    with accelerator.accumulate(model):
        accelerator.backward(model(batch))
        optimizer.step()
        if accelerator.sync_gradients:
            mine.step()
""",
    "Accelerate: told to step once an update": """
import tuner
from accelerate import Accelerator

accelerator = Accelerator(step_scheduler_with_optimizer=False)
mine = accelerator.prepare(tuner.load_schedule("best.json").to_torch(optimizer))
""",
    "epochs of another function, a floor by a condition, batches of an update put back": """
import keras
import torch

def one():
    model.fit(x, y, epochs=500)

def other():
    return keras.optimizers.SGD(keras.optimizers.schedules.PolynomialDecay(0.1, 300))

def train(epochs=100):
    low = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.95)
    updates = epochs * len(loader) // accumulation_steps
    linear = torch.optim.lr_scheduler.PolynomialLR(optimizer, updates * accumulation_steps)
    for epoch in range(epochs):
        for i, batch in enumerate(loader):
            model(batch).backward()
            if i % accumulation_steps == 0:
                optimizer.step()
            if optimizer.param_groups[0]["lr"] > args.minimum_lr:
                low.step()
            linear.step()
""",
}
