"""Trials that find their schedules: as PyTorch decides, the same when interrupted, and plain."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest

import tuner
from tuner.definition import StudySpec, make_spec
from tuner.errors import DefinitionError, StudyError
from tuner.schedules import MultiFactor, Plateau
from tuner.search import RULE, SCHEDULE, TrialRow, enqueue_missing, trial_rows
from tuner.search.trial import Outcome, Stopped, run_trial
from tuner.space import written
from tuner.studies import StudyResult
from tuner.tasks import CheckpointStore, Table, Task, TrialTask

EPOCHS, SIZE = 12, 5
TABLE = Path(__file__).parents[2] / "benchmarks" / "curves" / "lenet_10_epochs.jsonl"
SPACE = {
    "family": ["plateau", "cosine"],
    "base_lr": [0.5, 1.0],
    "decay_factor": tuner.Float(0.1, 0.7),
    "patience": [0, 1],
    "cooldown": [0, 1],
    "min_delta": 0.01,
    "final_lr_ratio": 0.05,
}
ONE = {"family": "plateau", "base_lr": 1.0, "decay_factor": 0.5, "patience": 0}
TRAIN = """
import numpy as np

def train(trial):
    # A parabola under noise: the loss falls until the noise rules, which goes with the rate.
    weight = trial.restore(weight=np.array(3.0))["weight"]
    for epoch in trial.epochs():
        noise = np.random.default_rng((trial.seed, epoch))
        losses = []
        for update in trial.updates_of(epoch):
            losses.append(float(weight**2))
            weight = weight - trial.schedule(update) * (weight + noise.normal())
        trial.save(weight=weight)
        trial.report(float(weight**2), train_loss=float(np.mean(losses)))
"""


@pytest.fixture
def train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[tuner.Trial], None]:
    (tmp_path / "parabola.py").write_text(TRAIN)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "parabola", raising=False)
    import parabola

    function: Callable[[tuner.Trial], None] = parabola.train
    return function


def spec_of(task: Task | Callable[[tuner.Trial], None], space: dict[str, Any]) -> StudySpec:
    """A study of a function, or of another task, without files."""
    made = task if isinstance(task, Table) else TrialTask(task, updates_per_epoch=SIZE)
    metric = "test_accuracy" if isinstance(task, Table) else "loss"
    data = {
        "format": "tuner.study/1", "name": "found", "search_space": "space.toml",
        "task": {"epochs": 10 if isinstance(task, Table) else EPOCHS},
        "objective": {"metric": metric}, "budget": {"trials": 8},
        "sampler": {"type": "random"}, "confirm": {"enabled": False},
    }  # fmt: skip
    return make_spec(
        data, written(space, "found"), where="study.toml", space_where="space.toml",
        folder=Path.cwd(), stem="study", task=made,
    )  # fmt: skip


class Search:
    """Trials one after the other, in this process and in memory."""

    def __init__(self, task: Any, folder: Path, space: dict[str, Any], *, prunes: bool) -> None:
        self.spec = spec_of(task, space)
        self.store = CheckpointStore(folder)
        self.study = optuna.create_study(
            direction=self.spec.objective.optuna_direction,
            sampler=self.spec.optuna_sampler(),
            pruner=optuna.pruners.MedianPruner(4) if prunes else optuna.pruners.NopPruner(),
        )
        enqueue_missing(self.study, self.spec.space)

    def run(self, trials: int = 8, after: Callable[[], object] | None = None) -> list[TrialRow]:
        """Train so many; with ``after``, stopped and gone on with after every epoch."""
        for _ in range(trials):
            trial = self.study.ask()
            outcome = None
            while outcome is None:
                outcome = self._go_on(trial, stops=after is not None)
                if outcome is None and after is not None:
                    after()
                trial = optuna.trial.Trial(self.study, trial._trial_id)
            trial.set_user_attr("reason", outcome.reason)
            self.study.tell(trial, outcome.value, outcome.state)
        return trial_rows(self.study)

    def _go_on(self, trial: optuna.Trial, *, stops: bool) -> Outcome | None:
        def has_a_new_epoch() -> bool:
            return stops and len(trial.user_attrs["records"]) > done

        done = len(trial.user_attrs.get("records", []))
        try:
            return run_trial(trial, self.spec, self.store, lambda _: None, has_a_new_epoch)
        except Stopped:
            return None


def comparable(rows: list[TrialRow]) -> list[TrialRow]:
    return [
        row._replace(records=tuple(r._replace(seconds=0.0) for r in row.records), epochs_given=0)
        for row in rows
    ]


def found_by(rows: list[TrialRow]) -> list[TrialRow]:
    return [row for row in rows if row.rule is not None]


def torchs(row: TrialRow, values: list[float]) -> list[float]:
    """The LR of each epoch, as PyTorch's own object has it."""
    torch = pytest.importorskip("torch")
    assert row.rule is not None
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=row.rule.base_lr)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, factor=row.rule.decay_factor, patience=row.rule.patience,
        threshold=row.rule.min_delta, cooldown=row.rule.cooldown, min_lr=row.rule.final_lr,
    )  # fmt: skip
    rates = []
    for value in values:
        rates.append(optimizer.param_groups[0]["lr"])
        scheduler.step(value)
    return rates


@pytest.mark.parametrize("on", ["train_loss", "metric"])
def test_trials_decide_as_pytorch_and_keep_a_plain_schedule(train, tmp_path, on):
    rows = Search(train, tmp_path, {**SPACE, "on": on}, prunes=True).run(16)
    assert {row.family for row in rows} == {"plateau", "cosine"}
    assert {row.state for row in rows} == {"complete", "pruned"}
    rows = found_by(rows)
    assert sum(len(row.schedule.milestones) for row in rows) > len(rows) > 4
    for row in rows:
        values = [r.train_loss if on == "train_loss" else r.value for r in row.records]
        rates = torchs(row, values)
        np.testing.assert_allclose([r.lr_begin for r in row.records], rates, rtol=1e-12)
        np.testing.assert_allclose([r.lr_end for r in row.records], rates, rtol=1e-12)
        # It is a MultiFactor that needs no metric, also of what was pruned.
        assert type(row.schedule) is MultiFactor
        assert row.schedule == row.rule.after(values, updates_per_report=SIZE)
        assert row.schedule_text.endswith(f"found by {row.rule!r}")
        assert row.note.startswith(("dropped after update ", "no drop"))


@pytest.mark.usefixtures("seconds")
@pytest.mark.parametrize("forgets", [False, True])
def test_interrupted_after_every_epoch_it_decides_the_same(train, tmp_path, forgets):
    whole = Search(train, tmp_path / "whole", SPACE, prunes=True).run(6)
    folder = tmp_path / "pieces"

    def forget() -> None:
        if forgets:
            shutil.rmtree(folder, ignore_errors=True)

    pieces = Search(train, folder, SPACE, prunes=True).run(6, after=forget)
    assert comparable(pieces) == comparable(whole)
    assert len(found_by(pieces)) > 1


def test_a_trial_whose_last_decision_was_not_kept_makes_it_again(train, tmp_path):
    # Killed between the record and the schedule that follows from it.
    whole = Search(train, tmp_path / "whole", ONE, prunes=False).run(1)
    search = Search(train, tmp_path / "pieces", ONE, prunes=False)

    def lose() -> None:
        trial = optuna.trial.Trial(search.study, 0)
        made = trial.user_attrs[SCHEDULE]
        made["params"]["milestones"] = [EPOCHS * SIZE]
        trial.set_user_attr(SCHEDULE, made)

    assert comparable(search.run(1, after=lose)) == comparable(whole)


def test_a_killed_study_ends_with_the_same_trials(compared, tmp_path, processes):
    text = compared.read_text().replace('"none"', '"median"\nn_startup_trials = 2')
    compared.write_text(text.replace("[confirm]", "[confirm]\nenabled = false"))
    whole = tuner.run_study(compared)
    # The versions name the code, which is to kill.
    expected = [row._replace(versions={}) for row in comparable(whole.trials)]
    assert "pruned" in {row.state for row in expected}
    shutil.rmtree(whole.folder)
    (compared.parent / "parabola.py").write_text(
        TRAIN.replace(
            "        trial.save",
            "        import os, pathlib\n"
            f"        killed = pathlib.Path({str(tmp_path)!r}, f'killed-{{epoch}}')\n"
            "        if epoch in (4, 7) and not killed.exists():\n"
            "            killed.touch()\n"
            "            os.kill(os.getpid(), 9)\n"
            "        trial.save",
        )
    )
    command = [sys.executable, "-m", "tuner", "run", str(compared)]
    ends = []
    while not ends or ends[-1] == -signal.SIGKILL:
        ends.append(subprocess.run(command, capture_output=True, check=False).returncode)
    assert ends == [-signal.SIGKILL, -signal.SIGKILL, 0]
    result = tuner.open_study(compared)
    assert [row._replace(versions={}) for row in comparable(result.trials)] == expected
    assert result.best_schedule == whole.best_schedule


def test_trials_that_begin_alike_share_their_states(train, tmp_path):
    space = {**ONE, "min_delta": 0.01, "patience": [0, 1, 2]}
    rows = Search(train, tmp_path, space, prunes=False).run()
    first = {row.rule.patience: row for row in reversed(rows)}
    assert len(first) == 3
    for row in rows[1:]:
        assert row.epochs_given > 0
        if row.number != first[row.rule.patience].number:  # the same again, to its end
            assert row.epochs_given == EPOCHS
            assert row.schedule == first[row.rule.patience].schedule


def test_pytorchs_scheduler_has_each_rate_in_time(tmp_path):
    torch = pytest.importorskip("torch")
    used: list[float] = []

    def train(trial: tuner.Trial) -> None:
        optimizer = torch.optim.SGD(
            [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": 0.1},
             {"params": [torch.nn.Parameter(torch.zeros(1))]}], lr=1.0,
        )  # fmt: skip
        scheduler = trial.schedule.to_torch(optimizer)
        trial.restore(optimizer=optimizer, scheduler=scheduler)
        for epoch in trial.epochs():
            for _ in trial.updates_of(epoch):
                optimizer.step()
                used.append(optimizer.param_groups[1]["lr"])
                assert optimizer.param_groups[0]["lr"] == pytest.approx(used[-1] / 10)
                scheduler.step()
            trial.report(1.0, train_loss=1.0)

    space = {**ONE, "patience": [1, 3]}
    search = Search(train, tmp_path, space, prunes=False)
    [row] = search.run(1, after=lambda: None)
    assert row.schedule.milestones == (
        (15, 25, 35, 45, 55) if row.rule.patience == 1 else (25, 45)
    )
    assert used == row.schedule.learning_rates()
    # The next one goes on from a state that was saved with the scheduler of the other rule.
    used.clear()
    other = search.run(1)[-1]
    while other.rule.patience == row.rule.patience:
        other = search.run(1)[-1]
    assert 0 < other.epochs_given < EPOCHS
    assert used == other.schedule.learning_rates()[other.epochs_given * SIZE :]


@pytest.mark.parametrize("on", ["train_loss", "metric"])
def test_a_loss_that_is_never_given_is_said_at_the_first_report(tmp_path, on):
    def train(trial: tuner.Trial) -> None:
        for epoch in trial.epochs():
            trial.report(sum(map(trial.schedule, trial.updates_of(epoch))) - epoch)

    [row] = Search(train, tmp_path, {**ONE, "on": on}, prunes=False).run(1)
    if on == "metric":
        assert row.state == "complete"
        return
    assert (row.state, row.epochs) == ("failed", 1)
    assert "'plateau' with on = \"train_loss\" must be told that after every report" in row.reason
    assert "trial.report(value, train_loss=...)" in row.reason


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda schedule: schedule.learning_rates(), "cannot be made a table"),
        (lambda schedule: schedule(range(1, 61)), "update 6 is not decided yet"),
        (lambda schedule: schedule(np.arange(1, 61)), "update 6 is not decided yet"),
        (lambda schedule: tuner.save_schedule(schedule, "x.json"), "of a known family is needed"),
    ],
)
def test_a_training_that_wants_all_rates_in_advance_fails_in_words(tmp_path, ask, said):
    def train(trial: tuner.Trial) -> None:
        ask(trial.schedule)

    [row] = Search(train, tmp_path, ONE, prunes=False).run(1)
    assert row.state == "failed"
    assert said in row.reason


def test_a_command_is_refused_before_anything_is_trained():
    with pytest.raises(DefinitionError, match="must have no family plateau for a command"):
        tuner.tune(
            {"command": "python train.py"}, space=ONE, metric="loss", epochs=2,
            updates_per_epoch=2, name="x",
        )  # fmt: skip


def test_plain_optuna_is_refused_in_words():
    trial = optuna.trial.FixedTrial({})
    with pytest.raises(StudyError, match=r"must have no family plateau.* Use tuner\.tune"):
        tuner.suggest_schedule(trial, ONE, epochs=2, updates_per_epoch=2)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"patience": -1}, "`patience >= 0` must hold"),
        ({"patience": [1, -1]}, "`patience >= 0` must hold"),
        ({"patience": "2ep"}, "must be a whole number"),
        ({"decay_factor": tuner.Float(0.5, 1.0)}, "`0 < decay_factor < 1` must hold"),
        ({"on": "test_loss"}, "must be one of 'train_loss', 'metric'"),
        ({"final_lr": 2.0}, "`0 <= final_lr <= base_lr` must hold"),
        ({"n_milestones": 2}, "unknown parameter"),
    ],
)
def test_a_wrong_space_is_refused_in_words(train, wrong, said):
    with pytest.raises(DefinitionError) as error:
        spec_of(train, {**ONE, **wrong})
    assert said in str(error.value)


BASELINES = """
format = "tuner.search_space/1"
name = "compared"
[fixed]
base_lr = 1.0
[params.family]
type = "categorical"
choices = ["plateau", "cosine"]
[params.decay_factor]
when = { family = "plateau" }
type = "float"
low = 0.1
high = 0.7
[params.patience]
when = { family = "plateau" }
type = "int"
low = 0
high = 3
[[baseline]]
label = "on a plateau"
family = "plateau"
decay_factor = 0.3
patience = 0
[[baseline]]
label = "constant"
family = "constant"
"""


@pytest.fixture
def compared(train: object, tmp_path: Path) -> Path:
    (tmp_path / "space.toml").write_text(BASELINES)
    (tmp_path / "study.toml").write_text(
        'format = "tuner.study/1"\nname = "study"\nsearch_space = "space.toml"\n'
        f'[task]\nname = "parabola:train"\nepochs = {EPOCHS}\nupdates_per_epoch = {SIZE}\n'
        '[objective]\nmetric = "loss"\n[pruner]\ntype = "none"\n'
        "[budget]\ntrials = 8\n[workers]\ncount = 1\n"
        "[confirm]\nseeds = 2\nmax_seeds = 2\ntop = 1\n"
    )
    return tmp_path / "study.toml"


def test_compared_each_training_finds_its_own(compared: Path, processes: None) -> None:
    found = tuner.compare_study(compared, seeds=3).comparison
    assert found is not None
    [plateau, constant] = found.schedules
    assert (plateau.label, plateau.given.family, constant.given.family) == (
        "on a plateau", "plateau", "constant",
    )  # fmt: skip
    assert isinstance(plateau.rule, Plateau)
    assert len(plateau.repeats) == len(constant.repeats) == 3
    schedules = [repeat.schedule for repeat in plateau.repeats]
    assert len(set(schedules)) == 3
    assert plateau.schedule == schedules[0]
    assert plateau.note.startswith("seed 1 dropped after update ")
    assert constant.note == ""
    for repeat in plateau.repeats:
        losses = [record.train_loss for record in repeat.records]
        assert repeat.schedule == plateau.rule.after(losses, updates_per_report=SIZE)
    # Again, there is nothing left to train.
    again = tuner.compare_study(compared, seeds=3).comparison
    assert again == found


def test_confirmed_is_what_was_found_and_exported_plain(
    compared: Path, tmp_path: Path, processes: None
) -> None:
    result = tuner.run_study(compared)
    confirmed = result.confirmed
    assert confirmed is not None
    own = {row.baseline: row for row in result.trials if row.baseline}
    baselines = {c.label: c for c in confirmed.candidates if c.is_baseline}
    assert baselines["on a plateau"].schedule == own["on a plateau"].schedule
    assert type(own["on a plateau"].schedule) is MultiFactor
    assert len(baselines["on a plateau"].values) == 2
    assert all(candidate.rule is None for candidate in confirmed.candidates)
    # The trainings of the confirm have the schedule, and no rule.
    repeats = optuna.load_study(study_name="study.confirm", storage=result.study._storage)
    assert not any(RULE in trial.user_attrs for trial in repeats.trials)
    assert tuner.open_study(compared).confirmed == confirmed
    assert confirmed.winner is not None
    schedule = tuner.load_schedule(result.folder / "best.json")
    assert schedule == confirmed.winner.schedule
    assert_exported_everywhere(result, tmp_path)


def assert_exported_everywhere(result: StudyResult, folder: Path) -> None:
    row = next(row for row in found_by(result.trials) if len(row.schedule.milestones) > 1)
    path = result.export(folder / "found.json", trial=row.number)
    assert tuner.read_schedule_file(path).provenance["found_by"] == repr(row.rule)
    schedule = tuner.load_schedule(path)
    assert type(schedule) is MultiFactor
    rates = schedule.learning_rates()
    assert rates[SIZE - 1 :: SIZE] == [record.lr_end for record in row.records]
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=schedule.base_lr)
    scheduler = schedule.to_torch(optimizer)
    for rate in rates:
        assert optimizer.param_groups[0]["lr"] == rate
        optimizer.step()
        scheduler.step()
    native = schedule.to_mxnet()
    np.testing.assert_allclose([native(u) for u in range(1, schedule.horizon + 1)], rates)


def test_the_database_has_plain_data(train, tmp_path):
    search = Search(train, tmp_path, ONE, prunes=False)
    search.run(1)
    [trial] = search.study.trials
    assert trial.user_attrs[RULE]["family"] == "plateau"
    assert trial.user_attrs[SCHEDULE]["family"] == "multi_factor"


def test_a_table_replays_what_is_nearest_as_it_is_known(tmp_path):
    space = {**ONE, "base_lr": tuner.Float(0.05, 0.5, log=True), "min_delta": 0.2}
    table = Table(path=str(TABLE))
    whole = Search(table, tmp_path, space, prunes=False).run(4)
    for row in whole:
        losses = [record.train_loss for record in row.records]
        assert row.schedule == row.rule.after(losses, updates_per_report=235)
    assert any(row.records[-1].lr_end < row.rule.base_lr for row in whole)
    pieces = Search(table, tmp_path, space, prunes=False).run(4, after=lambda: None)
    assert comparable(pieces) == comparable(whole)
