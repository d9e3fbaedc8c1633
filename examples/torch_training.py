"""A PyTorch training of one's own under a schedule file.

python examples/torch_training.py             # under examples/schedule.json
python examples/torch_training.py best.json   # under one that `tuner run` exported
"""

import os
import sys
from pathlib import Path

import torch
from torch import nn

import tuner
from tuner.tasks.fashion_mnist import load_fashion_mnist

SHARE = float(os.environ.get("EXAMPLE_SHARE", "1"))  # of the data; the tests use less
EPOCHS, BATCH = 3, 64

torch.manual_seed(0)
torch.set_num_threads(1)
images = load_fashion_mnist()
count = round(8000 * SHARE)
inputs = torch.tensor(images.train_images[:count], dtype=torch.float32).unsqueeze(1) / 255
labels = torch.tensor(images.train_labels[:count], dtype=torch.int64)
test_inputs = torch.tensor(images.test_images[:2000], dtype=torch.float32).unsqueeze(1) / 255
test_labels = torch.tensor(images.test_labels[:2000], dtype=torch.int64)
network = nn.Sequential(
    nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(16 * 49, 64), nn.ReLU(), nn.Linear(64, 10),
)  # fmt: skip
optimizer = torch.optim.SGD(network.parameters(), lr=0.0, momentum=0.9)

path = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).with_name("schedule.json")
schedule = tuner.load_schedule(path)
# The file's schedule may be laid out for another number of updates than this training has.
batches = -(-count // BATCH)
schedule = schedule.with_horizon(EPOCHS * batches)
print(f"{schedule!r}")

update = 0
for epoch in range(1, EPOCHS + 1):
    order = torch.randperm(count)
    for chosen in order.split(BATCH):
        update += 1  # the first update is 1
        for group in optimizer.param_groups:
            group["lr"] = schedule(update)
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(inputs[chosen]), labels[chosen]).backward()
        optimizer.step()
    with torch.no_grad():
        right = (network(test_inputs).argmax(1) == test_labels).float().mean().item()
    print(f"epoch {epoch}: LR {schedule(update):.5f}, test accuracy {right:.4f}")
