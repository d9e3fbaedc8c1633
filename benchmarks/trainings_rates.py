"""Runs a training as it is, and writes the learning rate of each of its updates, one line each.

    python benchmarks/trainings_rates.py torch rates.jsonl train.py --seed 0
    python benchmarks/trainings_rates.py optax rates.jsonl -c "import train; ..."

What is written is what the step that was made multiplied with, not what somebody set: in PyTorch
the rates of all parameter groups when a step is over, in Keras and Optax the value within the
compiled step.
"""

from __future__ import annotations

import json
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Tell = Callable[..., None]


def in_torch(tell: Tell) -> None:
    """Tell the rates of the groups after each step of an optimizer."""
    from torch.optim.optimizer import register_optimizer_step_post_hook

    register_optimizer_step_post_hook(
        lambda optimizer, *_: tell(*(group["lr"] for group in optimizer.param_groups))
    )


def in_keras(tell: Tell) -> None:
    """Tell the rate that each step gets, from within the compiled one."""
    import jax
    from keras.src.optimizers.base_optimizer import BaseOptimizer

    before = BaseOptimizer._backend_update_step

    def update_step(self: Any, grads: Any, variables: Any, learning_rate: Any) -> None:
        jax.debug.callback(tell, jax.numpy.asarray(learning_rate), ordered=True)
        before(self, grads, variables, learning_rate)

    BaseOptimizer._backend_update_step = update_step


def in_optax(tell: Tell) -> None:
    """Tell what each step is scaled by, from within the compiled one; with a minus, as it is."""
    import jax
    from optax._src import transform

    before = transform.scale_by_schedule

    def scale_by_schedule(step_size: Callable[[Any], Any]) -> Any:
        def told(count: Any) -> Any:
            size = step_size(count)
            jax.debug.callback(lambda size: tell(-size), size, ordered=True)
            return size

        return before(told)

    transform.scale_by_schedule = scale_by_schedule


RECORDERS = {"torch": in_torch, "keras": in_keras, "optax": in_optax}


def main() -> None:
    """Register what records, and be the training."""
    framework, path, script, *sys.argv[1:] = sys.argv[1:]
    with Path(path).open("w") as file:
        RECORDERS[framework](lambda *rates: print(json.dumps([*map(float, rates)]), file=file))
        sys.path[0] = ""
        if script == "-c":
            exec(compile(sys.argv.pop(1), "<training>", "exec"), {"__name__": "__main__"})
        else:
            sys.argv[0] = script
            runpy.run_path(script, run_name="__main__")
        if framework != "torch":
            import jax

            jax.effects_barrier()


if __name__ == "__main__":
    main()
