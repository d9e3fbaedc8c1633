"""Trained images per second: ours, the chapter's loop, PyTorch's eager loop, the arithmetic limit.

    python benchmarks/epoch.py                   # all of them in turn, 5 rounds
    python benchmarks/epoch.py --rounds 7 --only ours chapter

Every figure is an epoch of LeNet on the 60 000 images of Fashion-MNIST with its evaluation on the
10 000 test images, the second epoch of a process of its own: the first one warms up. `machine`
runs use all cores: ours as one process for each, as a study does, the chapter's loop with its
four loader processes. `core` runs use one thread. The limit is as much arithmetic in products of
large matrices. Competitors take turns, and what is printed are ratios within a round. Writes
benchmarks/results/epoch.json.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from surroundings import surroundings

RESULTS = Path(__file__).parent / "results" / "epoch.json"
IMAGES, BATCH = 60_000, 256
LR = 0.1  # a third of the chapter's, at which now and then a training collapses
# Multiplications and additions of an image's way through the layers. Back again it is twice as
# many, but that nobody needs the gradient of the pixels. Test images are judged twice, by the
# weights and by their average.
CONVOLUTION_1 = 2 * 28 * 28 * 6 * 25
FORWARD = CONVOLUTION_1 + 2 * (10 * 10 * 16 * 150 + 400 * 120 + 120 * 84 + 84 * 10)
OPERATIONS = IMAGES * (3 * FORWARD - CONVOLUTION_1) + 2 * 10_000 * FORWARD


def ours() -> None:
    """Train as a study's worker does, averaged weights included."""
    import tuner
    from tuner.tasks import LeNetFashionMNIST

    schedule = tuner.Constant(base_lr=LR, horizon=470)
    for epoch in LeNetFashionMNIST().train(schedule, seed=0, epochs=2):
        print(epoch.record.seconds, flush=True)


def chapter() -> None:
    """Train with the loop of the chapter: a data loader, a look at every batch."""
    from tuner import import_mxnet
    from tuner.tasks.fashion_mnist import load_fashion_mnist
    from tuner.tasks.lenet import lenet

    mx = import_mxnet()
    gluon, data = mx.gluon, load_fashion_mnist()

    def loader(images: Any, labels: Any, shuffle: bool) -> Any:
        pairs = gluon.data.ArrayDataset(mx.nd.array(images[..., None], dtype="uint8"), labels)
        first = pairs.transform_first(gluon.data.vision.transforms.ToTensor())
        return gluon.data.DataLoader(first, BATCH, shuffle=shuffle, num_workers=4)

    train = loader(data.train_images, data.train_labels.astype("int32"), True)
    test = loader(data.test_images, data.test_labels.astype("int32"), False)
    net, loss_of = lenet(), gluon.loss.SoftmaxCrossEntropyLoss()
    net.hybridize()
    net.initialize(mx.init.Xavier())
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": LR})

    def hits(batch: Any) -> float:
        inputs, labels = (array.as_in_context(mx.cpu()) for array in batch)
        return float((net(inputs).argmax(axis=1).astype("int32") == labels).sum().asscalar())

    for _ in range(2):
        began = time.perf_counter()
        loss_sum = right = count = 0.0
        for batch in train:
            inputs, labels = (array.as_in_context(mx.cpu()) for array in batch)
            with mx.autograd.record():
                outputs = net(inputs)
                loss = loss_of(outputs, labels)
            loss.backward()
            trainer.step(inputs.shape[0])
            loss_sum += float(loss.sum().asscalar())
            right += float((outputs.argmax(axis=1).astype("int32") == labels).sum().asscalar())
            count += inputs.shape[0]
        accuracy = sum(hits(batch) for batch in test) / 10_000
        assert count == IMAGES
        assert accuracy > 0.5
        print(time.perf_counter() - began, flush=True)


def pytorch() -> None:
    """Train the same network in eager PyTorch, the data in memory."""
    import numpy as np
    import torch
    from torch import nn

    from tuner.tasks.fashion_mnist import load_fashion_mnist

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    data = load_fashion_mnist()
    inputs, test = (
        torch.from_numpy(images[:, None].astype(np.float32) / 255)
        for images in (data.train_images, data.test_images)
    )
    labels, test_labels = (
        torch.from_numpy(each.astype(np.int64)) for each in (data.train_labels, data.test_labels)
    )
    net = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84),
        nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip
    for layer in net:
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.xavier_uniform_(layer.weight)
    loss_of = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(net.parameters(), lr=LR)
    for _ in range(2):
        began = time.perf_counter()
        losses, right = [], []
        order = torch.randperm(IMAGES)
        for first in range(0, IMAGES, BATCH):
            chosen = order[first : first + BATCH]
            outputs = net(inputs[chosen])
            loss = loss_of(outputs, labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
            right.append((outputs.argmax(1) == labels[chosen]).sum())
        with torch.no_grad():
            answers = torch.cat([net(test[i : i + 250]) for i in range(0, 10_000, 250)])
        assert float((answers.argmax(1) == test_labels).float().mean()) > 0.5
        print(time.perf_counter() - began, flush=True)


def limit() -> None:
    """Multiply large matrices, and print how long an epoch's arithmetic takes at that speed."""
    import numpy as np

    size = 2048
    matrix = np.ones((size, size), dtype=np.float32)
    for _ in range(2):
        began = time.perf_counter()
        for _ in range(10):
            matrix @ matrix
        print((time.perf_counter() - began) * OPERATIONS / (10 * 2 * size**3), flush=True)


RUNS: dict[str, Callable[[], None]] = {
    "ours": ours, "chapter": chapter, "pytorch": pytorch, "limit": limit,
}  # fmt: skip


def images_per_second(name: str, processes: int, threads: int) -> float:
    """Return the speed of the second epoch, summed over processes that run at once."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    command = [sys.executable, __file__, "--run", name]
    crew = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    speed = 0.0
    for process in crew:
        said, _ = process.communicate()
        if process.returncode != 0:
            raise SystemExit(f"{name} failed with exit code {process.returncode}")
        speed += IMAGES / float(said.split()[-1])
    return speed


def main() -> None:
    """Run everybody in turn, write the results, print ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=RUNS, default=list(RUNS))
    parser.add_argument("--run", choices=RUNS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        return RUNS[options.run]()
    cores = os.cpu_count() or 1
    runs = {
        "ours, machine": ("ours", cores, 1),
        "chapter, machine": ("chapter", 1, cores),
        "ours, core": ("ours", 1, 1),
        "pytorch, core": ("pytorch", 1, 1),
        "pytorch, machine": ("pytorch", 1, cores),
        "limit, core": ("limit", 1, 1),
    }
    runs = {label: run for label, run in runs.items() if run[0] in options.only}
    speeds: dict[str, list[float]] = {label: [] for label in runs}
    for number in range(options.rounds):
        for label, run in runs.items():
            speeds[label].append(round(images_per_second(*run), 1))
            print(f"round {number + 1}, {label}: {speeds[label][-1]:.0f} images/s", flush=True)
    packages = ["mxnet", "numpy", *(["torch"] if "pytorch" in options.only else [])]
    results = {**surroundings(*packages), "images_per_second": speeds}
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    print("| ratio | median (range) | n |\n|---|---|---|")
    for a, b in (
        ("ours, machine", "chapter, machine"),
        ("ours, core", "pytorch, core"),
        ("ours, machine", "pytorch, machine"),
        ("ours, core", "limit, core"),
    ):
        if a in speeds and b in speeds:
            ratios = [x / y for x, y in zip(speeds[a], speeds[b], strict=True)]
            spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f}..{max(ratios):.2f})"
            print(f"| {a} / {b} | {spread} | {len(ratios)} |")


if __name__ == "__main__":
    main()
