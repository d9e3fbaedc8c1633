"""A PyTorch training of one's own, tuned in one file: a function of a trial.

Stop it at any time and start it again: it goes on where it was, with the same numbers.

    python examples/torch_tuning.py [FOLDER]   # for the study's folder; examples
"""

import os
import sys
from pathlib import Path

import torch
from torch import nn

import tuner
from tuner.tasks.fashion_mnist import load_fashion_mnist

SHARE = float(os.environ.get("EXAMPLE_SHARE", "1"))  # of the data; the tests use less
COUNT, BATCH = round(6000 * SHARE), 50
images = load_fashion_mnist()
inputs = torch.tensor(images.train_images[:COUNT], dtype=torch.float32).flatten(1) / 255
labels = torch.tensor(images.train_labels[:COUNT], dtype=torch.int64)
test_inputs = torch.tensor(images.test_images[:2000], dtype=torch.float32).flatten(1) / 255
test_labels = torch.tensor(images.test_labels[:2000], dtype=torch.int64)


def train(trial: tuner.Trial) -> None:
    """Train a network with dropout under the trial's schedule."""
    network = nn.Sequential(
        nn.Linear(784, 64), nn.ReLU(), nn.Dropout(trial.params["dropout"]), nn.Linear(64, 10)
    )
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=0.01)
    scheduler = trial.schedule.to_torch(optimizer)
    trial.restore(network=network, optimizer=optimizer, scheduler=scheduler)
    for _ in trial.epochs():
        network.train()
        for chosen in torch.randperm(COUNT).split(BATCH):
            loss = nn.functional.cross_entropy(network(inputs[chosen]), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
        network.eval()
        with torch.no_grad():
            right = (network(test_inputs).argmax(1) == test_labels).float().mean()
        trial.report(right, train_loss=loss)


if __name__ == "__main__":
    result = tuner.tune(
        train,
        name="torch_tuning",
        folder=sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent,
        epochs=4,
        updates_per_epoch=-(-COUNT // BATCH),
        metric="accuracy",
        base_lr=1e-3,  # today's
        params={"dropout": 0.2},
        trials=12,
        confirm={"top": 2, "seeds": 2, "max_seeds": 4},
        on_event=print,
    )
    print(result)
