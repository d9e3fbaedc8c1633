"""A training by Accelerate as the guide has it, for a process of its own or several.

Arguments: the folder of the state, which is loaded if it is there, and the updates to make. It
prints the learning rates of the updates, and what a prepared scheduler says.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from accelerate import Accelerator

from tuner.errors import ScheduleError
from tuner.schedules import Cosine

SCHEDULE = Cosine(base_lr=0.1, horizon=8, warmup_steps=2, final_lr=0.01)


def main(folder: Path, updates: int) -> None:
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=2)
    model = torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=SCHEDULE.base_lr)
    loader = torch.utils.data.DataLoader(torch.ones(64, 1), batch_size=2)
    model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
    scheduler = SCHEDULE.to_torch(optimizer)
    accelerator.register_for_checkpointing(scheduler)
    if folder.exists():
        accelerator.load_state(folder)

    rates: list[float] = []
    batches = iter(loader)
    while len(rates) < updates:
        with accelerator.accumulate(model):
            accelerator.backward(model(next(batches)).mean())
            if accelerator.sync_gradients:
                rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            if accelerator.sync_gradients and not accelerator.optimizer_step_was_skipped:
                scheduler.step()
            optimizer.zero_grad()
    accelerator.save_state(folder)

    # What becomes of it if Accelerate prepares it all the same.
    prepared = accelerator.prepare(scheduler)
    optimizer.step()
    try:
        prepared.step()
        said = f"at {scheduler.last_epoch}"
    except ScheduleError as error:
        said = f"at {scheduler.last_epoch}: {error}"
    if accelerator.is_main_process:
        print(rates)
        print(said)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
