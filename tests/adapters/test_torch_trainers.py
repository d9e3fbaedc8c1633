"""PyTorch's adapter in the trainers of Hugging Face and Lightning, resumed in their own way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import pytest
import torch
import transformers

from tuner.schedules import Cosine, Schedule

SCHEDULE = Cosine(base_lr=0.1, horizon=8, warmup_steps=2, final_lr=0.01)
EXAMPLES, EPOCHS = 8, 3  # batches of 2: 4 updates an epoch, 12 in all, 4 past the horizon
UPDATES = range(1, 13)


class Network(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(1, 1)

    def forward(self, x: torch.Tensor, labels: torch.Tensor | None = None) -> dict[str, Any]:
        return {"loss": self.linear(x).square().mean()}


# --- Hugging Face -------------------------------------------------------------------------


class Recorded(transformers.TrainerCallback):
    """The learning rates of the updates, as the optimizer has them when it makes one."""

    def __init__(self) -> None:
        self.rates: list[float] = []

    def on_pre_optimizer_step(self, *_: Any, optimizer: Any = None, **__: Any) -> None:
        self.rates.append(optimizer.param_groups[0]["lr"])


def hugging_face(
    folder: Path, schedule: Schedule, epochs: int, accumulate: int = 1
) -> tuple[transformers.Trainer, Recorded]:
    model, recorded = Network(), Recorded()
    optimizer = torch.optim.SGD(model.parameters(), lr=schedule.base_lr)
    trainer = transformers.Trainer(
        model,
        transformers.TrainingArguments(
            output_dir=str(folder),
            num_train_epochs=epochs,
            per_device_train_batch_size=2,
            gradient_accumulation_steps=accumulate,
            save_strategy="epoch",
            report_to=[],
            use_cpu=True,
            disable_tqdm=True,
            dataloader_pin_memory=False,
        ),
        train_dataset=[{"x": torch.ones(1), "labels": torch.ones(1)}] * EXAMPLES * accumulate,
        optimizers=(optimizer, schedule.to_torch(optimizer)),
        callbacks=[recorded],
    )
    return trainer, recorded


@pytest.mark.parametrize("accumulate", [1, 2])
def test_hugging_faces_trainer(tmp_path: Path, accumulate: int) -> None:
    trainer, recorded = hugging_face(tmp_path, SCHEDULE, EPOCHS, accumulate)
    trainer.train()
    assert recorded.rates == SCHEDULE(UPDATES)


def test_hugging_faces_trainer_resumes(tmp_path: Path) -> None:
    trainer, recorded = hugging_face(tmp_path, SCHEDULE, epochs=1)
    trainer.train()
    resumed, rest = hugging_face(tmp_path, SCHEDULE, EPOCHS)
    resumed.train(resume_from_checkpoint=str(tmp_path / "checkpoint-4"))
    assert recorded.rates + rest.rates == SCHEDULE(UPDATES)


# --- Lightning ----------------------------------------------------------------------------


class Module(lightning.LightningModule):
    def __init__(self, schedule: Schedule) -> None:
        super().__init__()
        self.network, self.schedule, self.rates = Network(), schedule, []

    def training_step(self, batch: list[torch.Tensor]) -> torch.Tensor:
        return self.network(batch[0])["loss"]

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        self.rates.append(optimizer.param_groups[0]["lr"])

    def configure_optimizers(self) -> dict[str, Any]:
        optimizer = torch.optim.SGD(self.parameters(), lr=self.schedule.base_lr)
        scheduler = self.schedule.to_torch(optimizer)
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": scheduler, "interval": "step"},
        }


def fit(folder: Path, module: Module, epochs: int, checkpoint: Path | None = None) -> Any:
    trainer = lightning.Trainer(
        default_root_dir=folder,
        max_epochs=epochs,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    examples = torch.utils.data.TensorDataset(torch.ones(EXAMPLES, 1))
    loader = torch.utils.data.DataLoader(examples, batch_size=2)
    trainer.fit(module, loader, ckpt_path=checkpoint)
    return trainer


# Lightning uses what PyTorch 2.13 deprecates, and advises more processes that load data.
@pytest.mark.filterwarnings(r"ignore:`isinstance\(treespec, LeafSpec\)` is deprecated")
@pytest.mark.filterwarnings("ignore:The 'train_dataloader' does not have many workers")
class TestLightning:
    def test_its_trainer(self, tmp_path: Path) -> None:
        module = Module(SCHEDULE)
        fit(tmp_path, module, EPOCHS)
        assert module.rates == SCHEDULE(UPDATES)

    def test_its_trainer_resumes(self, tmp_path: Path) -> None:
        begun = Module(SCHEDULE)
        fit(tmp_path, begun, epochs=1).save_checkpoint(tmp_path / "begun.ckpt")
        rest = Module(SCHEDULE)
        fit(tmp_path, rest, EPOCHS, tmp_path / "begun.ckpt")
        assert begun.rates + rest.rates == SCHEDULE(UPDATES)
