"""Training states are shared by trainings whose learning rates begin alike, and no others."""

from __future__ import annotations

import tempfile

from hypothesis import given, settings
from hypothesis import strategies as st

from tuner.schedules import WSD, Constant, Cosine, MultiFactor
from tuner.tasks import CheckpointStore, LeNetFashionMNIST, checkpoint_keys

from .training_states import EPOCHS, UPDATES, checkpoint, keys, same


def drop(milestones: list[int], **more: float) -> MultiFactor:
    return MultiFactor(
        base_lr=0.3, horizon=12, milestones=tuple(milestones), decay_factor=0.5, **more
    )


def test_schedules_that_begin_alike_share_what_is_alike() -> None:
    late = keys(drop([9]))
    assert keys(drop([6]))[:2] == late[:2]
    assert not {*keys(drop([6]))[2:]} & {*late}
    assert keys(Constant(base_lr=0.3, horizon=12))[:3] == late[:3]
    assert keys(Constant(base_lr=0.3, horizon=12)) == keys(Constant(base_lr=0.3, horizon=99))
    assert keys(WSD(base_lr=0.3, horizon=12, decay_steps=6))[:2] == late[:2]
    assert not {*keys(Cosine(base_lr=0.3, horizon=12))} & {*late}
    assert not {*keys(drop([9], warmup_steps=2))} & {*late}
    assert keys(drop([9], warmup_steps=1)) == late  # it differs at update 0, which trains nothing


def test_another_training_shares_nothing() -> None:
    schedule = Constant(base_lr=0.3, horizon=12)
    variants = [
        keys(schedule),
        keys(schedule, seed=1),
        keys(schedule, task=LeNetFashionMNIST(batch_size=128)),
        keys(schedule, task=LeNetFashionMNIST(train_size=500)),
        keys(schedule, task=LeNetFashionMNIST(optimizer="nag")),
        keys(schedule, task=LeNetFashionMNIST(optimizer_params={"momentum": 0.9})),
    ]
    assert len({key for variant in variants for key in variant}) == len(variants) * EPOCHS
    assert keys(schedule, task=LeNetFashionMNIST(device="cpu")) == variants[0]


def test_a_training_is_identified_by_all_that_decides_its_bits() -> None:
    identity = LeNetFashionMNIST().training_identity()
    assert identity is not None
    assert identity["training"] >= 2
    assert {"mxnet", "numpy"} <= identity["versions"].keys()
    changed = {**identity, "training": identity["training"] + 1}
    schedule = Constant(base_lr=0.3, horizon=12)
    named = [
        checkpoint_keys(who, schedule, seed=0, updates_per_epoch=UPDATES, epochs=EPOCHS)
        for who in (identity, changed)
    ]
    assert not {*named[0]} & {*named[1]}


Saved = tuple[list[int], int]  # milestones, and the epoch after which the state was saved


@settings(max_examples=60, deadline=None)
@given(
    saved=st.lists(
        st.tuples(st.lists(st.integers(1, 11), unique=True, min_size=1), st.integers(1, EPOCHS)),
        max_size=6,
    ),
    wanted=st.lists(st.integers(1, 11), unique=True, min_size=1),
)
def test_the_deepest_common_beginning_is_found(saved: list[Saved], wanted: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = CheckpointStore(folder)
        target = drop(sorted(wanted))
        expected = None
        for number, (milestones, epoch) in enumerate(saved):
            schedule = drop(sorted(milestones))
            state = checkpoint(epoch, fill=number)
            store.save(keys(schedule)[epoch - 1], state)
            updates = range(1, epoch * UPDATES + 1)
            alike = [schedule(u) for u in updates] == [target(u) for u in updates]
            if alike and (expected is None or epoch >= expected.state.epoch):
                expected = state
        assert same(store.deepest(keys(target)), expected)
