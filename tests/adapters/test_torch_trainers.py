"""PyTorch's adapter in the trainers of Hugging Face and Lightning, resumed in their own way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import pytest
import torch
import transformers

from tuner.errors import ScheduleError
from tuner.schedules import Cosine, Schedule

SCHEDULE = Cosine(base_lr=0.1, horizon=8, warmup_steps=2, final_lr=0.01)
LONGER = SCHEDULE.with_horizon(12)
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


def arguments(folder: Path, epochs: int, accumulate: int = 1) -> transformers.TrainingArguments:
    return transformers.TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=epochs,
        per_device_train_batch_size=2,
        gradient_accumulation_steps=accumulate,
        save_strategy="epoch",
        report_to=[],
        use_cpu=True,
        disable_tqdm=True,
        dataloader_pin_memory=False,
    )


def dataset(examples: int) -> list[dict[str, torch.Tensor]]:
    return [{"x": torch.ones(1), "labels": torch.ones(1)}] * examples


def hugging_face(
    folder: Path,
    schedule: Schedule,
    epochs: int,
    accumulate: int = 1,
    replaces: Schedule | None = None,
) -> tuple[transformers.Trainer, Recorded]:
    model, recorded = Network(), Recorded()
    optimizer = torch.optim.SGD(model.parameters(), lr=schedule.base_lr)
    trainer = transformers.Trainer(
        model,
        arguments(folder, epochs, accumulate),
        train_dataset=dataset(EXAMPLES * accumulate),
        optimizers=(optimizer, schedule.to_torch(optimizer, replaces=replaces)),
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


def test_hugging_faces_trainer_goes_on_with_a_longer_schedule(tmp_path: Path) -> None:
    hugging_face(tmp_path, SCHEDULE, epochs=1)[0].train()
    checkpoint = str(tmp_path / "checkpoint-4")
    with pytest.raises(ScheduleError, match=r"replaces=tuner\.Cosine\(base_lr=0\.1, horizon=8"):
        hugging_face(tmp_path, LONGER, EPOCHS)[0].train(resume_from_checkpoint=checkpoint)
    for _ in range(2):  # and again, from a checkpoint of the longer one
        resumed, rest = hugging_face(tmp_path, LONGER, EPOCHS, replaces=SCHEDULE)
        resumed.train(resume_from_checkpoint=checkpoint)
        assert rest.rates == LONGER(UPDATES)[-len(rest.rates) :]
        checkpoint = str(tmp_path / "checkpoint-8")


class Scheduled(transformers.Trainer):
    """The guide's, for a model that the trainer makes itself."""

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
        self.lr_scheduler = SCHEDULE.to_torch(optimizer or self.optimizer)
        return self.lr_scheduler


def test_hugging_faces_trainer_makes_model_and_optimizer(tmp_path: Path) -> None:
    recorded = Recorded()
    trainer = Scheduled(
        args=arguments(tmp_path, EPOCHS),
        model_init=Network,
        train_dataset=dataset(EXAMPLES),
        callbacks=[recorded],
    )
    for _ in range(2):  # it makes them anew for every training
        trainer.train()
        assert recorded.rates == SCHEDULE(UPDATES)
        recorded.rates.clear()
    trainer.train(resume_from_checkpoint=str(tmp_path / "checkpoint-8"))
    assert recorded.rates == SCHEDULE(range(9, 13))


# --- Lightning ----------------------------------------------------------------------------


class Module(lightning.LightningModule):
    def __init__(self, schedule: Schedule, replaces: Schedule | None = None) -> None:
        super().__init__()
        self.network, self.schedule, self.replaces = Network(), schedule, replaces
        self.late = torch.nn.Linear(1, 1)  # frozen, except where a callback says otherwise
        self.rates: list[float] = []
        self.late_rates: list[float] = []

    def training_step(self, batch: list[torch.Tensor]) -> torch.Tensor:
        return self.network(batch[0])["loss"] + self.late(batch[0]).square().mean()

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        rates = [group["lr"] for group in optimizer.param_groups]
        self.rates.append(rates[0])
        self.late_rates += rates[1:]

    def make_scheduler(self, optimizer: torch.optim.Optimizer) -> Any:
        return self.schedule.to_torch(optimizer, replaces=self.replaces)

    def configure_optimizers(self) -> dict[str, Any]:
        optimizer = torch.optim.SGD(self.network.parameters(), lr=self.schedule.base_lr)
        scheduler = self.make_scheduler(optimizer)
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": scheduler, "interval": "step"},
        }


class Warmed(Module):
    """With a warmup of PyTorch's own before the schedule."""

    def make_scheduler(self, optimizer: torch.optim.Optimizer) -> Any:
        warmup = torch.optim.lr_scheduler.ConstantLR(optimizer, 0.1, total_iters=100)
        parts = [warmup, self.schedule.to_torch(optimizer)]
        return torch.optim.lr_scheduler.SequentialLR(optimizer, parts, milestones=[6])


class Unfreezing(lightning.callbacks.BaseFinetuning):
    """Trains the late part from the second epoch on, at a tenth."""

    def freeze_before_training(self, pl_module: Any) -> None:
        self.freeze(pl_module.late)

    def finetune_function(self, pl_module: Any, epoch: int, optimizer: Any) -> None:
        if epoch == 1:
            self.unfreeze_and_add_param_group(pl_module.late, optimizer)


def fit(
    folder: Path, module: Module, epochs: int, checkpoint: Path | None = None, **options: Any
) -> Any:
    trainer = lightning.Trainer(
        default_root_dir=folder,
        max_epochs=epochs,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        **options,
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

    @pytest.mark.parametrize("batches", [2, 3])  # of 3, the last update of an epoch has one
    def test_it_accumulates_gradients(self, tmp_path: Path, batches: int) -> None:
        module = Module(SCHEDULE)
        fit(tmp_path, module, 6, accumulate_grad_batches=batches)
        assert module.rates == SCHEDULE(UPDATES)

    @pytest.mark.parametrize(
        ("kind", "epochs"), [(Module, 1), (Warmed, 1), (Warmed, 2)], ids=lambda each: str(each)
    )
    def test_its_trainer_resumes(self, tmp_path: Path, kind: type[Module], epochs: int) -> None:
        whole, begun, rest = kind(SCHEDULE), kind(SCHEDULE), kind(SCHEDULE)
        fit(tmp_path, whole, EPOCHS)
        fit(tmp_path, begun, epochs).save_checkpoint(tmp_path / "begun.ckpt")
        fit(tmp_path, rest, EPOCHS, tmp_path / "begun.ckpt")
        assert begun.rates + rest.rates == whole.rates
        warmup = [pytest.approx(0.01)] * 6 if kind is Warmed else []
        assert whole.rates == warmup + SCHEDULE(range(1, 13 - len(warmup)))

    @pytest.mark.parametrize("saved_after", [1, 2])  # epochs: before and after the group is added
    def test_its_finetuning_adds_a_group(self, tmp_path: Path, saved_after: int) -> None:
        whole, begun, rest = Module(SCHEDULE), Module(SCHEDULE), Module(SCHEDULE)
        fit(tmp_path, whole, EPOCHS, callbacks=[Unfreezing()])
        assert whole.rates == SCHEDULE(UPDATES)
        assert whole.late_rates == pytest.approx([rate / 10 for rate in SCHEDULE(range(5, 13))])
        fitted = fit(tmp_path, begun, saved_after, callbacks=[Unfreezing()])
        fitted.save_checkpoint(tmp_path / "begun.ckpt")
        fit(tmp_path, rest, EPOCHS, tmp_path / "begun.ckpt", callbacks=[Unfreezing()])
        assert begun.rates + rest.rates == whole.rates
        assert begun.late_rates + rest.late_rates == whole.late_rates

    def test_it_goes_on_with_a_longer_schedule(self, tmp_path: Path) -> None:
        begun, rest = Module(SCHEDULE), Module(LONGER, replaces=SCHEDULE)
        fit(tmp_path, begun, epochs=1).save_checkpoint(tmp_path / "begun.ckpt")
        with pytest.raises(ScheduleError, match=r"to_torch\(optimizer, replaces=tuner\.Cosine"):
            fit(tmp_path, Module(LONGER), EPOCHS, tmp_path / "begun.ckpt")
        fit(tmp_path, rest, EPOCHS, tmp_path / "begun.ckpt")
        assert begun.rates + rest.rates == SCHEDULE(range(1, 5)) + LONGER(range(5, 13))
