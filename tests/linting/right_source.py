"""Source without any mistake."""

from __future__ import annotations

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
    "PyTorch and others: a learning rate beside a scheduler": """
import wandb
from transformers import Trainer, get_scheduler

scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=total_steps)
wandb.init(config={"learning_rate": lr, "lr_scheduler": scheduler})
trainer = Trainer(model, optimizer=optimizer, lr_scheduler=scheduler, learning_rate=lr)
options = dict(learning_rate=5e-5, lr_scheduler=get_scheduler("linear", optimizer, 10, 5000))
""",
    "PyTorch, by epochs, with lengths from the command line": """
import torch

steps = torch.optim.lr_scheduler.StepLR(optimizer, step_size=args.lr_step_size, gamma=0.1)
drops = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=args.lr_steps, gamma=0.1)
third = torch.optim.lr_scheduler.StepLR(optimizer, args.scheduler_step_size)
for epoch in range(args.start_epoch, args.epochs):
    train_one_epoch(model, optimizer)
    steps.step()
    drops.step()
for epoch in range(args.epochs):
    train_one_epoch(model, optimizer)
    third.step()
""",
    "PyTorch, all data at once: an epoch is an update": """
import torch

epochs = 200
one = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs)
two = torch.optim.lr_scheduler.StepLR(optimizer, step_size=50)
for i in range(epochs):
    criterion(model(x), y).backward()
    optimizer.step()
    one.step()
    two.step()
three = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=200)
for epoch in range(200):
    criterion(model(x), y).backward()
    optimizer.step()
    three.step()
four = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs)
epoch = 0
while epoch < epochs:
    criterion(model(x), y).backward()
    optimizer.step()
    four.step()
    epoch += 1
""",
    "PyTorch, told where it is in epochs": """
import torch

scheduler = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=10)
for epoch in range(90):
    for i, (x, y) in enumerate(loader):
        criterion(model(x), y).backward()
        optimizer.step()
        scheduler.step(epoch + i / len(loader))
""",
    "PyTorch, a warmup of fewer updates than epochs": """
import torch

num_epochs = 1000
warmup = torch.optim.lr_scheduler.LinearLR(optimizer, total_iters=500)
for epoch in range(num_epochs):
    for x, y in loader:
        criterion(model(x), y).backward()
        optimizer.step()
        warmup.step()
""",
    "PyTorch, resumed": """
import torch

scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=30)
if resume:
    for _ in range(start_epoch):
        scheduler.step()
    for epoch in range(start_epoch):
        scheduler.step()
        print("skipped", epoch)
for _ in range(done):
    scheduler.step()
for epoch in range(start_epoch, epochs):
    train_one_epoch(model, optimizer)
    scheduler.step()
""",
    "epochs that are not the training's length": """
import optax

warmup_epochs, start_epoch, save_epoch = 100, 200, 300
schedule = optax.cosine_decay_schedule(0.1, decay_steps=250)
""",
    "this package: nothing changes": """
import tuner

num_epochs = 20
schedule = tuner.Constant(base_lr=0.1, horizon=20)
""",
}
