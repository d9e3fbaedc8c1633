"""The same small training in three frameworks' own trainers, with all that makes a resume hard.

That is a shuffled order, dropout, an optimizer with a state, gradients that are accumulated over
two batches, and a scheduler of the script's own. 16 examples in batches of 2 are 4 updates an
epoch.
"""

from __future__ import annotations

from typing import Any

import keras
import lightning
import numpy as np
import torch
import transformers

import tuner

EPOCHS, UPDATES = 3, 4  # of each epoch
BODY = 0.1  # of the head's learning rate
# What each update was made with: of the head and of the body, where there are two groups.
RATES: list[tuple[float, ...]] = []
# What else a training tells a test.
LOGGED: list[Any] = []

_rng = np.random.default_rng(0)
INPUTS = _rng.normal(size=(16, 4)).astype("float32")
TARGETS = INPUTS.sum(axis=1, keepdims=True)


def optimizer_of(head: torch.nn.Module, *bodies: torch.nn.Module) -> torch.optim.Optimizer:
    groups: list[dict[str, Any]] = [{"params": head.parameters()}]
    groups += [{"params": body.parameters(), "lr": 0.05 * BODY} for body in bodies]
    optimizer = torch.optim.SGD(groups, lr=0.05, momentum=0.9)
    optimizer.register_step_post_hook(
        lambda made, *_: RATES.append(tuple(group["lr"] for group in made.param_groups))
    )
    return optimizer


class Module(lightning.LightningModule):
    """As in Lightning's documentation."""

    def __init__(self) -> None:
        super().__init__()
        self.body = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Dropout(0.3))
        self.head = torch.nn.Linear(8, 1)

    def loss(self, batch: list[torch.Tensor]) -> torch.Tensor:
        return torch.nn.functional.mse_loss(self.head(self.body(batch[0])), batch[1])

    def training_step(self, batch: list[torch.Tensor], batch_idx: int) -> torch.Tensor:
        return self.loss(batch)

    def validation_step(self, batch: list[torch.Tensor], batch_idx: int) -> None:
        self.log("val_loss", self.loss(batch))

    def configure_optimizers(self) -> Any:
        optimizer = optimizer_of(self.head, self.body)
        return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)]


def in_lightning(
    trial: tuner.Trial,
    metric: str | None = None,
    *,
    module: Module | None = None,
    optimizer: int | None = None,
    accumulate_grad_batches: int = 2,
    **options: Any,
) -> None:
    data = torch.utils.data.TensorDataset(torch.tensor(INPUTS), torch.tensor(TARGETS))
    loader = torch.utils.data.DataLoader(data, batch_size=2, shuffle=True)
    validation = torch.utils.data.DataLoader(data, batch_size=16)
    trainer = lightning.Trainer(
        max_epochs=EPOCHS,
        accumulate_grad_batches=accumulate_grad_batches,
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[trial.lightning(metric, optimizer=optimizer)],
        **options,
    )
    trainer.fit(module or Module(), loader, validation, ckpt_path=trial.checkpoint)


def in_huggingface(trial: tuner.Trial, metric: str | None = None, **options: Any) -> None:
    # Its weights are saved under other names than the model's.
    config = transformers.ViTConfig(
        image_size=2, patch_size=1, num_channels=1, hidden_size=8, num_hidden_layers=1,
        num_attention_heads=1, intermediate_size=8, num_labels=2, hidden_dropout_prob=0.3,
    )  # fmt: skip
    model = transformers.ViTForImageClassification(config)
    optimizer = optimizer_of(model.classifier, model.vit)
    data = [
        {"pixel_values": torch.tensor(row).reshape(1, 2, 2), "labels": int(row[0] > row[1])}
        for row in INPUTS
    ]
    arguments = transformers.TrainingArguments(
        **{
            "output_dir": "nowhere",
            "num_train_epochs": EPOCHS,
            "per_device_train_batch_size": 2,
            "gradient_accumulation_steps": 2,
            "eval_strategy": "epoch",
            "logging_steps": 1,
            "report_to": [],
            "use_cpu": True,
            "disable_tqdm": True,
            "dataloader_pin_memory": False,
            **options,
        }
    )
    trainer = transformers.Trainer(
        model,
        arguments,
        train_dataset=data,
        eval_dataset=data,
        optimizers=(optimizer, None),
        callbacks=[trial.huggingface(metric)],
    )
    trainer.remove_callback(transformers.PrinterCallback)
    trainer.train(resume_from_checkpoint=trial.checkpoint)
    LOGGED.extend(trainer.state.log_history)
    LOGGED.append({"seed": trainer.args.seed})


def in_keras(trial: tuner.Trial, metric: str | None = None, **options: Any) -> None:
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(8, activation="relu"),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(1),
        ]
    )
    model.compile(keras.optimizers.SGD(0.05, 0.9, gradient_accumulation_steps=2), "mse")
    given = {"batch_size": 2, "validation_data": (INPUTS, TARGETS), "verbose": 0, **options}
    model.fit(INPUTS, TARGETS, epochs=EPOCHS, callbacks=[trial.keras(metric)], **given)


TRAININGS = {"Lightning": in_lightning, "Hugging Face": in_huggingface, "Keras": in_keras}
