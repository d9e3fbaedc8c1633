"""``tuner init`` writes a study that ``tuner check`` accepts, which itself changes nothing."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import tuner
from tuner.cli.main import main
from tuner.definition import schema_text

ROOT = Path(__file__).parent.parent.parent
STUDY, SPACE = Path("studies/quickstart.toml"), Path("search_spaces/chapter.toml")
SCHEMAS = [Path(f"schemas/{name}.json") for name in ("study", "search_space", "schedule")]
OUTSIDE = """
[[baseline]]
label = "too high"
family = "constant"
base_lr = 3
warmup_steps = "0up"
"""


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable:
    """Return a function that runs the command in this process: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["tuner", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), *capsys.readouterr()

    return run


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.usefixtures("training")
def test_init_writes_what_check_accepts(run: Callable, tmp_path: Path) -> None:
    code, out, err = run("init", "my project")
    assert code == 0
    folder = Path("my project")
    assert out.splitlines() == [f"wrote {folder / path}" for path in (STUDY, SPACE, *SCHEMAS)]
    assert err.splitlines() == [
        f"next  tuner check '{folder / STUDY}'",
        f"      tuner run '{folder / STUDY}'",
    ]
    assert sorted(files(tmp_path)) == sorted(
        str(folder / path) for path in (STUDY, SPACE, *SCHEMAS)
    )
    before = files(tmp_path)
    code, out, err = run("check", folder / STUDY)
    assert code == 0
    assert err == f"\nall is well. Start it with: tuner run '{folder / STUDY}'\n"
    assert files(tmp_path) == before
    assert sorted(path.name for path in folder.rglob("*") if path.is_dir()) == [
        "schemas",
        "search_spaces",
        "studies",
    ]


def test_the_templates_are_the_shipped_files() -> None:
    templates = Path(tuner.__file__).parent / "definition" / "templates"
    assert (templates / "study.toml").read_bytes() == (ROOT / STUDY).read_bytes()
    assert (templates / "search_space.toml").read_bytes() == (ROOT / SPACE).read_bytes()


def test_the_first_line_says_where_the_schema_is(tmp_path: Path) -> None:
    tuner.init_project(tmp_path)
    for path, name in ((STUDY, "study"), (SPACE, "search_space")):
        first, _, rest = (tmp_path / path).read_text().partition("\n")
        assert rest == (ROOT / path).read_text()
        assert first.startswith("#:schema ")
        schema = (tmp_path / path).parent / first.removeprefix("#:schema ")
        assert schema.read_text() == schema_text(name)


@pytest.mark.parametrize("existing", [STUDY, SPACE])
def test_init_overwrites_nothing(run: Callable, tmp_path: Path, existing: Path) -> None:
    existing.parent.mkdir(parents=True)
    existing.write_text("mine")
    code, out, err = run("init", ".")
    assert (code, out) == (2, "")
    assert err == f"error: {existing} already exists; name another folder.\n"
    assert files(tmp_path) == {str(existing): b"mine"}


def test_init_keeps_what_else_is_there(run: Callable, tmp_path: Path) -> None:
    STUDY.parent.mkdir()
    (STUDY.parent / "mine.toml").write_text("mine")
    assert run("init", ".")[0] == 0
    assert files(tmp_path)["studies/mine.toml"] == b"mine"
    assert len(files(tmp_path)) == 3 + len(SCHEMAS)


def test_init_writes_all_or_nothing(run: Callable, tmp_path: Path) -> None:
    """The study can be written, the search space cannot."""
    Path("project").mkdir()
    Path("project/search_spaces").write_text("a file where a folder should be")
    code, out, err = run("init", "project")
    assert (code, out) == (2, "")
    assert "project/search_spaces" in err
    assert "cannot be written" in err
    assert files(tmp_path) == {"project/search_spaces": b"a file where a folder should be"}
    assert not Path("project/studies").exists()


@pytest.mark.parametrize("folder", ["/proc/nowhere", "file/project"])
def test_init_where_nothing_can_be_written(run: Callable, tmp_path: Path, folder: str) -> None:
    Path("file").touch()
    code, _, err = run("init", folder)
    assert code == 2
    assert err.startswith("error: ")
    assert "cannot be written: " in err
    assert len(err.splitlines()) == 1
    assert files(tmp_path) == {"file": b""}


@pytest.mark.usefixtures("training")
def test_check_says_what_will_be_done(run: Callable) -> None:
    run("init", ".")
    with SPACE.open("a") as file:
        file.write(OUTSIDE)
    out = run("check", STUDY)[1]
    for line in (
        "study     quickstart, sqlite:///studies/quickstart/study.db",
        "task      lenet_fashion_mnist: batch_size = 256, optimizer = sgd,",
        "horizon   4 epochs x 235 updates = 940",
        "budget    16 trials, at most 64 epochs",
        "sampler   screening: seed = 0, n_startup_trials = 4, n_candidates = 64",
        "pruner    forecast: after epoch 0 keep 0.5, after epoch 1 keep 0.7; signal = averaged,"
        " control_share = 0.0, n_startup_trials = 4",
        "          base_lr: 0.01..1 (log)",
        "          warmup_steps: 0..188",
        "          power: 0.5..3   if family in poly",
        "baseline  chapter: constant 0.3: Constant(base_lr=0.3, horizon=940, warmup_steps=0,",
        "baseline  too high, outside the space: Constant(base_lr=3.0, horizon=940,",
    ):
        assert f"\n{line}" in f"\n{out}", out
    assert out.count("\nbaseline  ") == 6


@pytest.mark.usefixtures("training")
@pytest.mark.parametrize(
    ("pruner", "said"),
    [
        ('type = "halving"\nrungs = ["2ep", "0.3dur"]\nkeep = [0.5, 0.4]', "epoch 2 keep 0.4; "),
        ('type = "halving"\nrungs = ["4ep"]\nkeep = [0.5]', "no rung before the last epoch; "),
        (
            'type = "median"',
            "median: signal = averaged, control_share = 0.0, n_startup_trials = 5",
        ),
    ],
)
def test_check_says_after_which_epochs_trials_are_judged(
    run: Callable, pruner: str, said: str
) -> None:
    """Of 4 epochs: parts of one are rounded up, the stricter of two counts, the last has none."""
    run("init", ".")
    before, _, rest = STUDY.read_text().partition("[pruner]\n")
    STUDY.write_text(f"{before}[pruner]\n{pruner}\n[confirm]{rest.partition('[confirm]')[2]}")
    code, out, _ = run("check", STUDY)
    assert code == 0
    assert said in re.findall("^pruner .*$", out, re.MULTILINE)[0]


@pytest.mark.usefixtures("training")
def test_check_shows_no_password(run: Callable) -> None:
    run("init", ".")
    with STUDY.open("a") as file:
        file.write('[storage]\nurl = "postgresql+psycopg://me:secret@host/db"\n')
    code, out, err = run("check", STUDY)
    assert code == 0
    assert "postgresql+psycopg://me:***@host/db" in out
    assert "secret" not in out + err


def test_check_finds_out_that_the_data_is_missing(run: Callable, tmp_path: Path) -> None:
    run("init", ".")
    text = STUDY.read_text()
    STUDY.write_text(text.replace("epochs = 4", 'epochs = 4\ndata_dir = "nowhere"'))
    before = files(tmp_path)
    code, out, err = run("check", STUDY)
    assert (code, out) == (2, "")
    assert "nowhere: not there" in err
    assert "apt-get install dataset-fashion-mnist" in err
    assert files(tmp_path) == before


@pytest.mark.usefixtures("training")
def test_the_functions_behind_them(tmp_path: Path) -> None:
    study, space, *schemas = tuner.init_project(tmp_path)
    assert [study, space, *schemas] == [tmp_path / p for p in (STUDY, SPACE, *SCHEMAS)]
    plan = tuner.check_study(study)
    assert (plan.horizon, plan.updates_per_epoch, plan.most_epochs) == (940, 235, 64)
    with pytest.raises(
        tuner.TunerError, match=r"quickstart.toml, .*/schedule.json already exist; name"
    ):
        tuner.init_project(tmp_path)
