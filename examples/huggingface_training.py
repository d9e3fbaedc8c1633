"""A study over a training with Hugging Face's Trainer, which gets a callback and a checkpoint.

The images are read row by row, as a text of 28 words would be, by a small transformer that is made
here, so that nothing is downloaded.

    python examples/huggingface_training.py [FOLDER]   # for the study's files; examples/studies
"""

import os
import sys
from pathlib import Path

import torch
from transformers import Trainer, TrainingArguments, ViTConfig, ViTForImageClassification

import tuner
from tuner.tasks import load_fashion_mnist

SHARE = float(os.environ.get("EXAMPLE_SHARE", "1"))  # of the data; the tests use less
EPOCHS, BATCH, COUNT, TRIALS = 3, 64, round(4000 * SHARE), max(3, round(10 * SHARE))

torch.set_num_threads(1)
images = load_fashion_mnist()
config = ViTConfig(
    image_size=28, patch_size=7, num_channels=1, num_labels=10, hidden_size=32,
    num_hidden_layers=1, num_attention_heads=2, intermediate_size=64,
)  # fmt: skip


def dataset(pictures, labels):
    """Return examples by the names that the model takes them by."""
    pixels = torch.tensor(pictures, dtype=torch.float32).unsqueeze(1) / 255
    return [{"pixel_values": x, "labels": int(y)} for x, y in zip(pixels, labels, strict=True)]


train_set = dataset(images.train_images[:COUNT], images.train_labels[:COUNT])
test_set = dataset(images.test_images[:500], images.test_labels[:500])


def compute_metrics(predicted):
    """Return the accuracy."""
    return {"accuracy": (predicted.predictions.argmax(-1) == predicted.label_ids).mean()}


def train(trial):
    """Train as before, in the hands of a trial."""
    trainer = Trainer(
        model=ViTForImageClassification(config),
        args=TrainingArguments(
            num_train_epochs=EPOCHS, learning_rate=1e-3, eval_strategy="epoch", use_cpu=True,
            per_device_train_batch_size=BATCH, per_device_eval_batch_size=250,
            report_to=[], disable_tqdm=True,
        ),
        train_dataset=train_set,
        eval_dataset=test_set,
        compute_metrics=compute_metrics,
        callbacks=[trial.huggingface()],  # changed
    )  # fmt: skip
    trainer.train(resume_from_checkpoint=trial.checkpoint)  # changed


if __name__ == "__main__":
    result = tuner.tune(
        train, epochs=EPOCHS, updates_per_epoch=-(-COUNT // BATCH), metric="accuracy",
        base_lr=1e-3, trials=TRIALS, name="huggingface", confirm=False, on_event=print,
        folder=sys.argv[1] if len(sys.argv) > 1 else Path(__file__).with_name("studies"),
    )  # fmt: skip
    print(f"best: trial {result.best.number}, {result.best.value:.4f}, {result.best_schedule!r}")
