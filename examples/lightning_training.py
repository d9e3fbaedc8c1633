"""A study over a training in Lightning: its trainer gets a callback and goes on from a checkpoint.

python examples/lightning_training.py [FOLDER]   # for the study's files; examples/studies
"""

import os
import sys
from pathlib import Path

import lightning
import torch
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

import tuner
from tuner.tasks import load_fashion_mnist

SHARE = float(os.environ.get("EXAMPLE_SHARE", "1"))  # of the data; the tests use less
EPOCHS, BATCH, COUNT, TRIALS = 3, 64, round(8000 * SHARE), max(3, round(10 * SHARE))

torch.set_num_threads(1)
images = load_fashion_mnist()
inputs = torch.tensor(images.train_images[:COUNT], dtype=torch.float32) / 255
test_inputs = torch.tensor(images.test_images[:1000], dtype=torch.float32) / 255
labels = torch.tensor(images.train_labels[:COUNT], dtype=torch.int64)
test_labels = torch.tensor(images.test_labels[:1000], dtype=torch.int64)
train_loader = DataLoader(TensorDataset(inputs, labels), batch_size=BATCH, shuffle=True)
val_loader = DataLoader(TensorDataset(test_inputs, test_labels), batch_size=500)


class LitClassifier(lightning.LightningModule):
    """A network with its optimizer, as Lightning's documentation writes it."""

    def __init__(self):
        super().__init__()
        self.network = torch.nn.Sequential(
            torch.nn.Flatten(), torch.nn.Linear(784, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10)
        )

    def training_step(self, batch, batch_idx):
        """Return the loss of a batch."""
        x, y = batch
        return functional.cross_entropy(self.network(x), y)

    def validation_step(self, batch, batch_idx):
        """Log the accuracy."""
        x, y = batch
        self.log("val_acc", (self.network(x).argmax(dim=1) == y).float().mean())

    def configure_optimizers(self):
        """Return today's optimizer, with today's learning rate."""
        return torch.optim.SGD(self.parameters(), lr=0.05, momentum=0.9)


def train(trial):
    """Train as before, in the hands of a trial."""
    model = LitClassifier()
    trainer = lightning.Trainer(
        max_epochs=EPOCHS, accelerator="cpu", logger=False,
        enable_progress_bar=False, enable_model_summary=False,
        callbacks=[trial.lightning()],  # changed
    )  # fmt: skip
    trainer.fit(model, train_loader, val_loader, ckpt_path=trial.checkpoint)  # changed


if __name__ == "__main__":
    result = tuner.tune(
        train, epochs=EPOCHS, updates_per_epoch=len(train_loader), metric="val_acc", base_lr=0.05,
        trials=TRIALS, name="lightning", confirm=False, on_event=print,
        folder=sys.argv[1] if len(sys.argv) > 1 else Path(__file__).with_name("studies"),
    )  # fmt: skip
    print(f"best: trial {result.best.number}, {result.best.value:.4f}, {result.best_schedule!r}")
