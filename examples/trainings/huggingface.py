"""A classifier with Hugging Face's Trainer: a small transformer, made here."""

import torch
from data import fashion_mnist
from transformers import Trainer, TrainingArguments, ViTConfig, ViTForImageClassification

config = ViTConfig(
    image_size=28, patch_size=7, num_channels=1, num_labels=10, hidden_size=32,
    num_hidden_layers=1, num_attention_heads=2, intermediate_size=64,
)  # fmt: skip


def dataset(images, labels):
    """Return examples by the names that the model takes them by."""
    pixels = torch.as_tensor(images).unsqueeze(1)
    return [{"pixel_values": x, "labels": int(y)} for x, y in zip(pixels, labels, strict=True)]


x_train, y_train, x_test, y_test = fashion_mnist()
train_set, eval_set = dataset(x_train, y_train), dataset(x_test, y_test)


def compute_metrics(predicted):
    """Return the accuracy."""
    return {"accuracy": (predicted.predictions.argmax(-1) == predicted.label_ids).mean()}


def train():
    """Train the classifier."""
    trainer = Trainer(
        model=ViTForImageClassification(config),
        args=TrainingArguments(
            num_train_epochs=4,
            learning_rate=1e-3,
            lr_scheduler_type="cosine",
            warmup_steps=10,
            per_device_train_batch_size=20,
            per_device_eval_batch_size=250,
            gradient_accumulation_steps=2,
            eval_strategy="epoch",
            report_to=[],
            use_cpu=True,
            disable_tqdm=True,
        ),
        train_dataset=train_set,
        eval_dataset=eval_set,
        compute_metrics=compute_metrics,
    )
    trainer.train()
