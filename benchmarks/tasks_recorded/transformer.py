"""A small transformer over characters, trained with AdamW, which reports by updates.

Layers are normalised after their sums, as in the first transformers, which need a warmup. The text
is what Debian's package fortunes has: `apt-get install fortunes`.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import nn

from tasks_recorded.base import RecordedTask, in_torch
from tuner.tasks import TorchTask

FOLDER = Path("/usr/share/games/fortunes")
PARTS = ("computers", "cookie", "definitions", "people", "science", "songs-poems", "work")
SHA256 = "d415bc7d0f41bb970224de854f4d89051c736bd8227850d8413caeb9e547674a"
CONTEXT, WIDTH, HEADS, LAYERS = 32, 64, 4, 2
BATCH, REPORT_EVERY, TEST = 24, 40, 300  # windows; updates; windows


def text() -> bytes:
    """Return the text, and make sure that it is the one that was recorded."""
    missing = [part for part in PARTS if not (FOLDER / part).is_file()]
    if missing:
        raise SystemExit(
            f"error: {FOLDER} must have {', '.join(missing)}. Type `apt-get install fortunes`."
        )
    found = b"".join((FOLDER / part).read_bytes() for part in PARTS)
    digest = hashlib.sha256(found).hexdigest()
    if SHA256 and digest != SHA256:
        raise SystemExit(
            f"error: {', '.join(PARTS)} of {FOLDER} must have SHA-256 {SHA256} together, but have"
            f" {digest}. Install version 1:1.99.1-7.3 of the package fortunes."
        )
    return found


class Windows:
    """Batches of windows at random places, as many as make a report."""

    def __init__(self, characters: torch.Tensor) -> None:
        self._characters = characters

    def __len__(self) -> int:
        return REPORT_EVERY

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        for _ in range(REPORT_EVERY):
            first = torch.randint(len(self._characters) - CONTEXT, (BATCH, 1))
            rows = self._characters[first + torch.arange(CONTEXT + 1)]
            yield rows[:, :-1], rows[:, 1:]


class Transformer(nn.Module):
    """Gives scores for the next character at every place, (n, characters, places)."""

    def __init__(self, characters: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(characters, WIDTH)
        self.places = nn.Parameter(0.02 * torch.randn(CONTEXT, WIDTH))
        layer = nn.TransformerEncoderLayer(
            WIDTH, HEADS, 4 * WIDTH, dropout=0.0, activation="gelu", batch_first=True
        )
        self.layers = nn.TransformerEncoder(layer, LAYERS, enable_nested_tensor=False)
        self.scores = nn.Linear(WIDTH, characters)
        mask = nn.Transformer.generate_square_subsequent_mask(CONTEXT)
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the scores."""
        hidden = self.layers(self.embedding(rows) + self.places, mask=self.mask, is_causal=True)
        return self.scores(hidden).transpose(1, 2)


def task() -> RecordedTask:
    """Return the task."""
    content = np.frombuffer(text(), np.uint8)
    kinds, coded = np.unique(content, return_inverse=True)
    # Fortunes in the order of their files: every tenth stretch of the text is for the test.
    stretches = np.array_split(coded, 200)
    held, kept = stretches[::10], [each for n, each in enumerate(stretches) if n % 10]
    test = torch.tensor(np.concatenate(held))
    first = torch.linspace(0, len(test) - CONTEXT - 1, TEST).long()[:, None]
    windows = test[first + torch.arange(CONTEXT + 1)]
    adamw = functools.partial(torch.optim.AdamW, weight_decay=0.1, betas=(0.9, 0.98))
    torch_task = TorchTask(
        net=functools.partial(Transformer, len(kinds)),
        train_data=Windows(torch.tensor(np.concatenate(kept))),
        test_data=(windows[:, :-1], windows[:, 1:]),
        optimizer=adamw, device="cpu",
    )  # fmt: skip
    labels = windows[:, 1:].flatten()
    about = {
        "data": f"Debian's fortunes 1:1.99.1-7.3: {' '.join(PARTS)}", "sha256": SHA256,
        "context": CONTEXT, "report_every": REPORT_EVERY,
        "optimizer": "adamw", "optimizer_params": {"beta2": 0.98, "weight_decay": 0.1},
    }  # fmt: skip
    chance = float(labels.bincount().max() / len(labels))
    return in_torch(torch_task, about, lr_scale=0.03, chance=round(chance, 4))
