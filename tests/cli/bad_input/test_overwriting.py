"""Files that hold something else: no command writes over a study's database or definition."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import tuner as library
from tuner.schedules import Cosine, Schedule, save_schedule, write_whole
from tuner.tasks import FunctionTask

from .refusals import DONE, refused, tree

SPACE = Path(library.__file__).parents[1] / "search_spaces" / "chapter.toml"
PASSED = """
format = "tuner.study/1"
name = "passed"
search_space = "space.toml"
task = { epochs = 2 }
objective = { metric = "height", direction = "minimize" }
budget = { trials = 1 }
confirm = { enabled = false }
"""


def heights(schedule: Schedule, seed: int, start: object) -> Iterator[float]:
    while True:
        yield schedule(1)


@pytest.fixture(scope="module")
def run_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("passed")
    shutil.copy(SPACE, folder / "space.toml")
    (folder / "passed.toml").write_text(PASSED)
    library.run_study(folder / "passed.toml", task=FunctionTask(heights, updates_per_epoch=10))
    return folder


@pytest.fixture
def study(run_once: Path, folder: Path) -> Path:
    """Return the file of a study that was run."""
    shutil.copytree(run_once, folder, dirs_exist_ok=True)
    return folder / "passed.toml"


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ("export passed.toml -o passed/study.db --format json", "a database"),
        ("export passed.toml -o passed/study.db --format csv", "a database"),
        ("report passed.toml -o passed/study.db", "a database"),
        ("export passed.toml -o passed.toml --format json", "a TOML file"),
        ("export passed.toml -o space.toml --format json", "a TOML file"),
        ("report passed.toml -o space.toml", "a TOML file"),
    ],
)
def test_a_study_is_not_written_over(
    tuner: Callable, study: Path, arguments: str, kind: str
) -> None:
    kept = [path for path in study.parent.rglob("*") if path.suffix in (".db", ".toml")]
    before = [path.read_bytes() for path in kept]
    target = arguments.split("-o ")[1].split()[0]
    words = f"{target} cannot be written: it must be another file, for this one is {kind}"
    refused(tuner(*arguments.split()), words)
    assert [path.read_bytes() for path in kept] == before
    assert tuner("status", study).code == DONE


@pytest.mark.parametrize("option", ["--svg", "--png"])
@pytest.mark.parametrize("target", ["study.toml", "text.db", "text.db-wal", "plain", "link"])
def test_a_picture_is_none_of_them(
    tuner: Callable, folder: Path, target: str, option: str
) -> None:
    """The log of a database neither, nor one that is named otherwise or by a link."""
    Path("text.db-wal").touch()
    shutil.copy("other.db", "plain")
    Path("link").symlink_to("other.db")
    before = tree(folder)
    words = f"{target} cannot be written: it must be another file, for this one is a"
    refused(tuner("show", "best.json", option, target), words)
    assert tree(folder) == before


@pytest.mark.parametrize("option", ["--svg", "--png"])
@pytest.mark.parametrize("target", ["best.json", "link.json"])
def test_a_picture_is_not_its_schedules_file(
    tuner: Callable, folder: Path, target: str, option: str
) -> None:
    Path("link.json").symlink_to("best.json")
    before = tree(folder)
    words = f"{target} cannot be written: it must be another file than the schedule's"
    refused(tuner("show", "best.json", option, target), words)
    assert tree(folder) == before


@pytest.mark.parametrize("name", ["new.json", "new", "new.csv", "new.html"])
def test_what_was_made_before_is_made_again(folder: Path, name: str) -> None:
    save_schedule(Cosine(base_lr=0.3, horizon=10), name)
    write_whole(b"again", name)
    assert Path(name).read_bytes() == b"again"
