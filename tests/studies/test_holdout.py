"""A study that is judged on training examples held out, on real data: the test set stays out."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import tuner
from tuner.cli.main import main
from tuner.definition import load_spec
from tuner.errors import DefinitionError
from tuner.schedules import Constant
from tuner.search import difference
from tuner.tasks import LeNetFashionMNIST
from tuner.tasks.fashion_mnist import load_fashion_mnist
from tuner.tasks.gluon_data import scaled

WHOLE = LeNetFashionMNIST(train_size=1500, test_size=500, batch_size=64)
SMALL = WHOLE.with_holdout(300)
HOLDOUT = '[objective]\nevaluate_on = "holdout"\nholdout_size = 300\n'
TASK = "train_size = 768\ntest_size = 300\nbatch_size = 64"


def pixels(images: np.ndarray) -> np.ndarray:
    return images[:, np.newaxis].astype(np.float32) / np.float32(255)


@pytest.mark.usefixtures("training")
def test_a_batch_of_bytes_is_scaled_to_0_to_1_by_numpys_numbers() -> None:
    images, data = load_fashion_mnist(), WHOLE.data()
    [(inputs, labels), *_] = data.batches(seed=3, epoch=2, batch_size=1500)
    order = np.random.default_rng((3, 2)).permutation(1500)
    assert data.train_inputs.dtype == np.uint8
    assert np.array_equal(inputs.asnumpy(), pixels(images.train_images[order]))
    assert np.array_equal(labels.asnumpy(), images.train_labels[order])
    assert len(np.unique(inputs.asnumpy())) == 256  # each pixel there can be


@pytest.mark.usefixtures("training")
def test_the_last_training_examples_judge() -> None:
    images, data = load_fashion_mnist(), SMALL.data()
    for found, expected in (
        (scaled(data.train_inputs), pixels(images.train_images[:1200])),
        (data.train_labels, images.train_labels[:1200]),
        (data.test_inputs, pixels(images.train_images[1200:1500])),
        (data.test_labels, images.train_labels[1200:1500]),
    ):
        assert np.array_equal(found.asnumpy(), expected)


@pytest.mark.usefixtures("training")
def test_no_example_is_in_two_of_the_three_sets() -> None:
    """At the full size: what is trained on, the holdout, and the test set that is kept."""
    images = load_fashion_mnist()
    train, holdout = images.train_images[:50_000], images.train_images[50_000:]
    data = LeNetFashionMNIST().with_holdout(10_000).data()
    assert data.train_inputs.shape[0] == 50_000
    assert np.array_equal(data.test_inputs[:2].asnumpy(), pixels(holdout[:2]))
    assert np.array_equal(data.test_inputs[-2:].asnumpy(), pixels(holdout[-2:]))
    sets = [{image.tobytes() for image in part} for part in (train, holdout, images.test_images)]
    assert [len(part) for part in sets] == [50_000, 10_000, 10_000]
    assert not sets[0] & sets[1]
    assert not sets[0] & sets[2]
    assert not sets[1] & sets[2]


@pytest.mark.usefixtures("training")
def test_it_trains_as_without_the_held_out_examples_and_is_judged_on_them() -> None:
    schedule = Constant(base_lr=0.1, horizon=19)
    [held] = SMALL.train(schedule, seed=0, epochs=1)
    fewer = WHOLE.model_copy(update={"train_size": 1200})
    [plain] = fewer.train(schedule, seed=0, epochs=1)
    assert held.record.train_loss == plain.record.train_loss
    assert held.record.test_loss != plain.record.test_loss
    assert held.record.test_accuracy * 300 == pytest.approx(round(held.record.test_accuracy * 300))


def test_the_task_goes_back_to_the_test_set() -> None:
    assert (SMALL.updates_per_epoch, WHOLE.updates_per_epoch) == (19, 24)
    assert SMALL != WHOLE
    assert SMALL.with_holdout(0) == WHOLE
    assert SMALL.training_identity() != WHOLE.training_identity()
    assert SMALL.with_holdout(0).training_identity() == WHOLE.training_identity()


def test_the_holdout_decides_trials(write_study: Callable) -> None:
    on_test = load_spec(write_study(task=TASK))
    held = load_spec(write_study(task=TASK, more=HOLDOUT))
    other = load_spec(write_study(task=TASK, more=HOLDOUT.replace("300", "250")))
    assert len({spec.fingerprint() for spec in (on_test, held, other)}) == 3
    lines = [re.sub(r" +", " ", line) for line in difference(on_test, held)]
    assert " objective.evaluate_on test -> holdout" in lines
    assert " task.holdout_size (absent) -> 300" in lines
    assert held.space.clock.horizon == 2 * 8


@pytest.mark.parametrize(
    ("more", "place", "words"),
    [
        ('evaluate_on = "train"', "evaluate_on", "must be 'test' or 'holdout', but got 'train'"),
        ('evaluate_on = "holdout"', "holdout_size", "must be < 384, the examples to train on,"),
        ('evaluate_on = "holdout"\nholdout_size = 0', "holdout_size", "must be >= 1, but got 0"),
        ("holdout_size = 300", "", "holdout_size goes with evaluate_on = 'holdout'"),
    ],
)
def test_mistakes(write_study: Callable, more: str, place: str, words: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        load_spec(write_study(more=f"[objective]\n{more}\n"))
    [(where, text)] = caught.value.mistakes
    assert where == f"objective.{place}".rstrip(".")
    assert words in text


def test_a_task_has_no_holdout_of_its_own(write_study: Callable) -> None:
    with pytest.raises(DefinitionError, match=r"holdout_size +unknown key"):
        load_spec(write_study(task="train_size = 1500\nholdout_size = 300"))


def test_everything_says_holdout(
    write_study: Callable, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path: Path = write_study(trials=3, task=TASK, more=HOLDOUT)
    for command in ("check", "run"):
        monkeypatch.setattr("sys.argv", ["tuner", command, str(path)])
        with pytest.raises(SystemExit):
            main()
    said = capsys.readouterr()
    assert "judged by test_accuracy on 300 training examples, held out, after the" in said.out
    assert "holdout_size = 300" in said.out
    assert re.search(r"best +trial \d( \[.*\])?, holdout accuracy 0\.\d{4}", said.out)
    assert "epoch 2/2: holdout accuracy 0." in said.err
    result = tuner.open_study(path)
    page = (result.folder / "report.html").read_text(encoding="utf-8")
    sentence = re.search(r'id="verdict">(.*?)</p>', page)
    assert sentence
    assert "with a holdout accuracy of" in sentence[1]
    assert "chosen by its accuracy on training examples that were held out –" in sentence[1]
    # But for the place of the confirm, which is judged on the test set.
    page = page.replace("Test accuracy of every training on fresh seeds", "")
    assert "est accuracy" not in re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    assert '"name":"holdout accuracy"' in page
    origin = tuner.read_schedule_file(result.folder / "best.json")
    assert origin.updates_per_epoch == 8
    assert origin.provenance["objective"]["evaluate_on"] == "holdout"
    assert origin.provenance["task"]["holdout_size"] == 300
