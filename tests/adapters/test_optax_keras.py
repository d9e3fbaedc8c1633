"""The tables of Optax and Keras: traced, differentiated, in other precisions, loaded elsewhere."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy
import optax
import pytest
from jax.experimental import enable_x64

from tuner.errors import ScheduleError, TaskError
from tuner.schedules import Constant, Cosine

pytestmark = pytest.mark.usefixtures("processes", "trainers")

SCHEDULE = Cosine(base_lr=0.1832, horizon=5000, warmup_steps=300, final_lr=0.0)
COUNTS = numpy.arange(7500)
# Of float32, the rounding alone.
EXPECTED = pytest.approx(SCHEDULE(COUNTS + 1), rel=1e-7)


def test_traced_counts_of_any_shape() -> None:
    counted = SCHEDULE.to_optax()
    counts = jnp.asarray(COUNTS)
    assert numpy.array(jax.jit(counted)(counts)) == EXPECTED
    assert numpy.array(jax.vmap(counted)(counts)) == EXPECTED
    assert numpy.array(jax.jit(jax.vmap(counted))(counts.reshape(3, -1))).ravel() == EXPECTED
    scanned = jax.lax.scan(lambda count, _: (count + 1, counted(count)), 0, length=len(COUNTS))
    assert numpy.array(scanned[1]) == EXPECTED
    assert counted(0).dtype == jnp.float32
    assert float(counted(2**31 - 1)) == 0


def test_a_formula_in_float32_would_not_do() -> None:
    """Why a table: near its end a cosine in float32 is far off."""
    own = optax.cosine_decay_schedule(1.0, 5000)
    ours = Cosine(base_lr=1.0, horizon=5001, warmup_steps=1)
    count = jnp.asarray(4998)
    assert abs(float(own(count)) / ours(4999) - 1) > 1e-3
    assert abs(float(ours.to_optax()(count)) / ours(4999) - 1) < 1e-7


def test_double_precision_is_exact() -> None:
    with enable_x64():
        assert numpy.array(jax.jit(SCHEDULE.to_optax())(COUNTS)).tolist() == SCHEDULE(
            (COUNTS + 1).tolist()
        )


def test_gradients_go_through_a_step() -> None:
    """As in meta-learning: of the loss after a step, whose length the schedule says."""
    optimizer = optax.sgd(SCHEDULE.to_optax())

    def after_a_step(weight: Any, count: Any) -> Any:
        state = optimizer.init(weight)
        state = jax.tree.map(lambda _: count, state)
        gradient = 2 * weight
        change, _ = optimizer.update(gradient, state)
        return optax.apply_updates(weight, change) ** 2

    count = jnp.asarray(299)
    lr = SCHEDULE(300)
    slope = jax.jit(jax.grad(after_a_step))(jnp.asarray(1.5), count)
    assert float(slope) == pytest.approx(2 * 1.5 * (1 - 2 * lr) ** 2, rel=1e-5)
    assert float(jax.grad(SCHEDULE.to_optax())(299.0)) == 0  # a table is flat


def test_it_injects_as_a_hyperparameter() -> None:
    optimizer = optax.inject_hyperparams(optax.adam)(learning_rate=SCHEDULE.to_optax())
    state = optimizer.init(jnp.zeros(1))
    for update in (1, 2, 3):
        _, state = jax.jit(optimizer.update)(jnp.ones(1), state)
        assert float(state.hyperparams["learning_rate"]) == pytest.approx(SCHEDULE(update))


def test_it_pickles_and_shows_itself() -> None:
    counted = SCHEDULE.to_optax()
    assert float(pickle.loads(pickle.dumps(counted))(99)) == float(counted(99))
    assert repr(counted) == f"CountedSchedule({SCHEDULE!r})"


def test_a_table_has_its_limits() -> None:
    endless = Constant(base_lr=0.1, horizon=10**9)
    for hand_over in (endless.to_optax, endless.to_keras, endless.to_csv):
        with pytest.raises(ScheduleError, match="`horizon <= 10000000` must hold for a table"):
            hand_over()


def test_keras_counts_of_any_shape() -> None:
    counted = SCHEDULE.to_keras()
    assert isinstance(counted, keras.optimizers.schedules.LearningRateSchedule)
    assert keras.ops.convert_to_numpy(counted(COUNTS)) == EXPECTED


ACCUMULATE = """
import keras, numpy
from tuner.schedules import Cosine

SCHEDULE = Cosine(base_lr=0.1832, horizon=12, warmup_steps=3)

def fitted(batches, steps, scaled=False, **options):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.layers[0].kernel.assign([[0.0]])
    optimizer = keras.optimizers.SGD(SCHEDULE.to_keras(), gradient_accumulation_steps=steps)
    if scaled:
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=1.0)
    model.compile(optimizer, lambda truth, found: keras.ops.mean(found), **options)
    ones = numpy.ones((batches, 1))
    model.fit(ones, ones, batch_size=1, verbose=0, shuffle=False)
    # Every gradient is 1, so that the weight is minus the sum of the learning rates.
    return -float(model.layers[0].kernel.numpy()[0, 0]), float(optimizer.learning_rate)

for batches, steps, options in CASES:
    updates = batches // (steps or 1)
    expected = sum(SCHEDULE(range(1, updates + 1))), SCHEDULE(updates + 1)
    found = fitted(batches, steps, **options)
    assert numpy.allclose(found, expected), (batches, steps, options, found, expected)
"""
IN_WAYS = [{"run_eagerly": True}, {"steps_per_execution": 5}, {"scaled": True}]


@pytest.mark.parametrize(
    ("backend", "cases"),
    [
        ("jax", [(5, None, {}), (11, 2, {}), *((7, 3, options) for options in IN_WAYS)]),
        ("torch", [(5, None, {}), (11, 2, {})]),
    ],
)
def test_keras_accumulates_gradients(backend: str, cases: list[Any]) -> None:
    """Keras asks with its count of batches: the schedule's is that of updates."""
    program = ACCUMULATE.replace("CASES", repr(cases))
    if backend == keras.backend.backend():
        exec(program, {})
        return
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"KERAS_BACKEND": backend}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_a_count_of_updates_is_none_of_batches() -> None:
    optimizer = keras.optimizers.SGD(SCHEDULE.to_keras(), gradient_accumulation_steps=4)
    weight = keras.Variable(numpy.zeros(1))
    optimizer.build([weight])
    for _ in range(9):
        optimizer.apply([keras.ops.ones(1)])
    counted = optimizer._learning_rate
    for rate in (optimizer.learning_rate, counted(optimizer.iterations), counted(2)):
        assert float(rate) == pytest.approx(SCHEDULE(3))


@pytest.mark.parametrize("batches", [2, 3])
def test_optax_accumulates_gradients(batches: int) -> None:
    optimizer = optax.MultiSteps(optax.sgd(SCHEDULE.to_optax()), every_k_schedule=batches)
    weight = jnp.zeros(1)
    state = optimizer.init(weight)
    changes = []
    for _ in range(3 * batches):
        change, state = jax.jit(optimizer.update)(jnp.ones(1), state)
        changes.append(-float(change[0]))
    made = [change for change in changes if change]
    assert made == pytest.approx(SCHEDULE([1, 2, 3]), rel=1e-6)


def test_optax_groups_have_the_schedule_or_a_part_of_it() -> None:
    counted = SCHEDULE.to_optax()
    optimizer = optax.multi_transform(
        {"head": optax.sgd(counted), "body": optax.sgd(lambda count: counted(count) / 10)},
        {"head": "head", "body": "body"},
    )
    state = optimizer.init({"head": jnp.zeros(1), "body": jnp.zeros(1)})
    for update in (1, 2, 3):
        change, state = optimizer.update({"head": jnp.ones(1), "body": jnp.ones(1)}, state)
        expected = [SCHEDULE(update), SCHEDULE(update) / 10]
        assert [-float(change[part][0]) for part in ("head", "body")] == pytest.approx(expected)


LOAD = """
import keras, tuner.adapters.keras
assert keras.backend.backend() == sys.argv[2]
model = keras.saving.load_model(sys.argv[1])
schedule = model.optimizer._learning_rate.schedule
rates = []
for _ in range(3):
    rates.append(float(model.optimizer.learning_rate))
    model.optimizer.apply([keras.ops.ones((1, 1))])
print(rates == [float(numpy.float32(schedule(u))) for u in (5, 6, 7)], schedule)
"""


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_a_saved_model_goes_on_elsewhere(backend: str, tmp_path: Path) -> None:
    """Trained by Keras's own loop, loaded in another process and on another backend."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(keras.optimizers.Adam(learning_rate=SCHEDULE.to_keras()), "mse")
    ones = numpy.ones((8, 1))
    model.fit(ones, ones, batch_size=2, verbose=0)
    path = tmp_path / "model.keras"
    model.save(path)
    done = subprocess.run(
        [sys.executable, "-c", "import sys, numpy" + LOAD, path, backend],
        env={"KERAS_BACKEND": backend}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, f"True {SCHEDULE!r}\n"), done.stderr


@pytest.mark.parametrize(
    ("method", "absent", "message"),
    [
        ("to_torch(None)", "torch", "PyTorch must be importable"),
        ("to_optax()", "jax", "JAX must be importable"),
        ("to_keras()", "keras", "Keras with a backend"),
    ],
)
def test_a_framework_that_is_not_there(method: str, absent: str, message: str) -> None:
    program = (
        f"import sys; sys.modules[{absent!r}] = None\n"
        "import tuner\n"
        "try:\n"
        f"    tuner.Constant(base_lr=0.1, horizon=5).{method}\n"
        "except tuner.TunerError as error:\n"
        "    print(type(error).__name__, error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert TaskError.__name__ in done.stdout
    assert message in done.stdout
    assert f"pip install {absent}" in done.stdout
