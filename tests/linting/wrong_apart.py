"""Source with planted mistakes: schedulers made in one function or class, stepped in another."""

from __future__ import annotations

from .wrong_source import snippet

WRONG_APART = {
    "made in one function, stepped in another": snippet("""
from torch.optim.lr_scheduler import CosineAnnealingLR, StepLR

EPOCHS = 30

def make_scheduler(optimizer, name, length):
    if name == "cosine":
        return CosineAnnealingLR(optimizer, T_max=length)  #! horizon-in-epochs
    return StepLR(optimizer, step_size=10, gamma=0.5)  #! horizon-in-epochs

def train_one_epoch(model, loader, optimizer, scheduler):
    for x, y in loader:
        criterion(model(x), y).backward()
        optimizer.step()
        scheduler.step()

def main():
    scheduler = make_scheduler(optimizer, args.name, EPOCHS)
    for epoch in range(EPOCHS):
        train_one_epoch(model, loader, optimizer, scheduler)

if __name__ == "__main__":
    main()
"""),
    "one batch a function, and one epoch a function": snippet("""
import torch

def update(model, batch, optimizer, scheduler):
    model(batch).backward()
    optimizer.step()
    scheduler.step()

def run_epoch(model, loader, optimizer):
    for batch in loader:
        model(batch).backward()
        optimizer.step()

def main(epochs=30):
    short = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)  #! horizon-in-epochs
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR
    long = cosine(optimizer, len(loader))  #! horizon-in-updates
    for epoch in range(epochs):
        for batch in loader:
            update(model, batch, optimizer, short)
    for epoch in range(epochs):
        run_epoch(model, loader, optimizer)
        long.step()
"""),
    "methods, of a class that is made and of one that is not": snippet("""
import torch

class Learner:
    def __init__(self, model, epochs):
        self.epochs = epochs
        self.setup()

    def setup(self):
        self.scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(  #! horizon-in-epochs
            self.optimizer, T_max=self.epochs
        )

    def fit(self):
        for epoch in range(self.epochs):
            self.epoch()

    def epoch(self):
        for batch in self.loader:
            self.model(batch).backward()
            self.scheduler.step()

class Loaded:
    def __init__(self, scheduler):
        self.scheduler = scheduler

    def fit(self, epochs):
        for epoch in range(epochs):
            for batch in loader:
                model(batch).backward()
            self.scheduler.step()

long = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, 90 * len(loader))  #! horizon-in-updates
Loaded(long).fit(90)
"""),
    "a schedule of one epoch in a training of several": snippet("""
import torch

def train(model, loader, optimizer, epochs):
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, len(loader))  #! one-epoch
    for epoch in range(epochs):
        for batch in loader:
            model(batch).backward()
            optimizer.step()
            scheduler.step()
"""),
    "Lightning: an interval of steps, an interval elsewhere": snippet("""
import lightning
import torch

class Module(lightning.LightningModule):
    def configure_optimizers(self):
        cosine = torch.optim.lr_scheduler.CosineAnnealingLR(  #! horizon-in-epochs
            self.optimizer, T_max=self.trainer.max_epochs
        )
        config = {"scheduler": cosine, "interval": "step"}
        return {"optimizer": self.optimizer, "lr_scheduler": config}

class Cyclic(lightning.LightningModule):
    def configure_optimizers(self):
        cycle = torch.optim.lr_scheduler.CyclicLR(optimizer, 1e-4, 0.1)  #! horizon-in-updates
        return [optimizer], [dict(scheduler=cycle, interval="epoch")]
"""),
    "PyTorch: pieces, in a SequentialLR": snippet("""
from torch.optim import lr_scheduler as schedulers

def train(epochs, warmup_epochs):
    warmup = schedulers.LinearLR(  #! horizon-in-epochs
        optimizer, 0.1, total_iters=warmup_epochs
    )
    cosine = schedulers.CosineAnnealingLR(optimizer, epochs)  #! horizon-in-epochs
    both = schedulers.SequentialLR(  #! horizon-in-epochs
        optimizer, [warmup, cosine], milestones=[warmup_epochs]
    )
    for epoch in range(epochs):
        for batch in loader:
            model(batch).backward()
            optimizer.step()
            both.step()
"""),
    "PyTorch: in a list or a loop": snippet("""
import torch

epochs = 30
one = torch.optim.lr_scheduler.CosineAnnealingLR(first, epochs)  #! horizon-in-epochs
two = torch.optim.lr_scheduler.CosineAnnealingLR(second, epochs)  #! horizon-in-epochs
schedulers = [one, two]
for epoch in range(epochs):
    for batch in loader:
        model(batch).backward()
        for scheduler in schedulers:
            scheduler.step()
"""),
}
