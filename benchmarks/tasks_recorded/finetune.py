"""Fine-tuning: a small vision transformer that knows mirrored pictures learns from a few others.

It is trained on 20 000 mirrored images of Fashion-MNIST first, from a fixed seed. What is recorded
is how it goes on with 1 000 others, which are as they are.
"""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from tasks_recorded.base import RecordedTask, in_torch
from tasks_recorded.cnn import images
from tuner import Cosine
from tuner.tasks import TorchTask, load_fashion_mnist

TRAIN, TEST, BATCH = 1000, 2000, 20
WIDTH, HEADS, LAYERS, PATCH = 64, 4, 2, 7
BEFORE, EPOCHS_BEFORE, LR_BEFORE, SEED_BEFORE = 20_000, 4, 2e-3, 1234
KEPT = Path(__file__).with_name("finetune_weights.npz")
ADAMW = functools.partial(torch.optim.AdamW, weight_decay=0.05)


class VisionTransformer(nn.Module):
    """Reads 16 patches of an image, and gives scores for ten classes."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(1, WIDTH, PATCH, stride=PATCH)
        self.places = nn.Parameter(0.02 * torch.randn((28 // PATCH) ** 2, WIDTH))
        layer = nn.TransformerEncoderLayer(
            WIDTH, HEADS, 4 * WIDTH, dropout=0.0, activation="gelu", batch_first=True,
            norm_first=True,
        )  # fmt: skip
        self.layers = nn.TransformerEncoder(layer, LAYERS, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(WIDTH)
        self.scores = nn.Linear(WIDTH, 10)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return the scores."""
        hidden = self.patches(pictures).flatten(2).transpose(1, 2) + self.places
        return self.scores(self.norm(self.layers(hidden).mean(1)))


def labels(values: Any) -> torch.Tensor:
    """Return labels as PyTorch's losses want them."""
    return torch.tensor(values).long()


def trained_before() -> dict[str, torch.Tensor]:
    """Train on mirrored images, and return the weights."""
    data = load_fashion_mnist()
    rows = slice(TRAIN, TRAIN + BEFORE)
    made: list[nn.Module] = []

    def network() -> nn.Module:
        made.append(VisionTransformer())
        return made[-1]

    task = TorchTask(
        net=network, optimizer=ADAMW, batch_size=64, device="cpu",
        train_data=(images(data.train_images[rows]).flip(3), labels(data.train_labels[rows])),
        test_data=(images(data.test_images[:TEST]).flip(3), labels(data.test_labels[:TEST])),
    )  # fmt: skip
    horizon = EPOCHS_BEFORE * task.updates_per_epoch
    schedule = Cosine(
        base_lr=LR_BEFORE, final_lr=LR_BEFORE / 100, horizon=horizon, warmup_steps=horizon // 20
    )
    for epoch in task.train(schedule, seed=SEED_BEFORE, epochs=EPOCHS_BEFORE):
        print(f"before fine-tuning, epoch {epoch.record.epoch}: {epoch.record.test_accuracy}")
    return made[-1].state_dict()


def weights() -> tuple[dict[str, torch.Tensor], str]:
    """Return the weights that fine-tuning begins with, and their digest; trained if not kept.

    Kept beside this file, with half precision: trained on another machine they would be others,
    and a table that was begun with these could not go on.
    """
    if not KEPT.exists():
        halves = {name: each.numpy().astype("float16") for name, each in trained_before().items()}
        np.savez_compressed(KEPT, **halves)
    content = hashlib.sha256()
    found = {}
    with np.load(KEPT) as arrays:
        for name in sorted(arrays):
            content.update(arrays[name].tobytes())
            found[name] = torch.tensor(arrays[name].astype("float32"))
    return found, content.hexdigest()


def task() -> RecordedTask:
    """Return the task."""
    data = load_fashion_mnist()
    begins, digest = weights()

    def network() -> nn.Module:
        net = VisionTransformer()
        net.load_state_dict(begins)
        return net

    torch_task = TorchTask(
        net=network, optimizer=ADAMW, batch_size=BATCH, device="cpu",
        train_data=(images(data.train_images[:TRAIN]), labels(data.train_labels[:TRAIN])),
        test_data=(images(data.test_images[:TEST]), labels(data.test_labels[:TEST])),
    )  # fmt: skip
    about = {
        "data": "Fashion-MNIST", "weights_sha256": digest,
        "optimizer": "adamw", "optimizer_params": {"weight_decay": 0.05},
    }  # fmt: skip
    return in_torch(torch_task, about, lr_scale=1e-3, chance=0.1)
