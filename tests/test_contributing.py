"""What CONTRIBUTING.md says of a package of one's own is done as it says, and works."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tuner.reading import read_toml

from .docs_page import blocks
from .own_packages import run_beside

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
# A recorded training stands where the study trains a network, so that it takes seconds.
TABLE = ROOT / "benchmarks" / "curves" / "lenet_10_epochs.jsonl"
TASK = f'name = "table"\npath = "{TABLE}"\nepochs = 10\n[workers]\ncount = 1\n'
# What the trials of a study are.
ROWS = """
import sys, tuner
for study in sys.argv[1:]:
    rows = tuner.open_study(study).trials
    print([(row.state, row.value, repr(row.schedule)) for row in rows])
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, processes: None) -> Path:
    """The package of CONTRIBUTING.md, installed into a folder beside its study."""
    folder = tmp_path_factory.mktemp("own")
    for block in blocks(TEXT):
        named = re.match(r"# (\S+\.(?:py|toml))\n", block.text)
        if named:
            (folder / named[1]).parent.mkdir(exist_ok=True)
            (folder / named[1]).write_text(block.text, encoding="utf-8")
    study = (folder / "study.toml").read_text()
    study = study.replace('name = "lenet_fashion_mnist"\nepochs = 4\n', TASK)
    assert TASK in study
    (folder / "study.toml").write_text(study + "[confirm]\nenabled = false\n")
    (folder / "stopped.toml").write_text((folder / "study.toml").read_text())
    quiet = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--target", "site"]
    install = [sys.executable, "-m", "pip", "install", *quiet, "."]
    subprocess.run(install, cwd=folder, check=True, capture_output=True)
    return folder / "site"


def test_a_study_of_a_family_sampler_and_pruner_of_ones_own(site: Path) -> None:
    folder = site.parent
    plan = run_beside(site, "-m", "tuner", "check", "study.toml")
    assert "sampler   uniform: seed = 1\n" in plan
    assert "pruner    hopeless: signal = averaged, control_share = 0.0, below = 0.6\n" in plan
    run_beside(site, "-m", "tuner", "run", "study.toml")
    # Stopped and gone on with in other processes, it is the same study.
    run_beside(site, "-m", "tuner", "run", "stopped.toml", "--trials", "5")
    run_beside(site, "-m", "tuner", "resume", "--storage", f"sqlite:///{folder}/stopped/study.db")
    whole, stopped = run_beside(site, "-c", ROWS, "study.toml", "stopped.toml").splitlines()
    assert whole == stopped
    assert "Sawtooth(" in whole
    assert {"'complete'", "'collapsed'"} <= {*re.findall(r"'\w+'", whole)}
    page = (folder / "study" / "report.html").read_text(encoding="utf-8")
    assert all(word in page for word in ("sawtooth", "uniform", "hopeless"))
    schedules = [schedule for _, _, schedule in ast.literal_eval(whole)]
    trial = next(n for n, schedule in enumerate(schedules) if schedule.startswith("Sawtooth"))
    run_beside(site, "-m", "tuner", "export", "study.toml", "--trial", trial, "-o", "saw.json")
    assert run_beside(site, "-m", "tuner", "show", "saw.json").startswith("saw.json: sawtooth\n")


def test_the_schemas_have_them(site: Path) -> None:
    for kind, file in (("study", "study.toml"), ("search_space", "space.toml")):
        schema = json.loads(run_beside(site, "-m", "tuner", "schema", kind))
        data = read_toml(site.parent / file)
        assert [*Draft202012Validator(schema).iter_errors(data)] == []
        if kind == "study":
            wrong = {**data, "pruner": {**data["pruner"], "below": 2}}
            assert [*Draft202012Validator(schema).iter_errors(wrong)] != []
            assert "A trial that is judged to be worth less ends." in json.dumps(schema)


def test_everything_that_is_named_is_there() -> None:
    named = set(re.findall(r"`((?:tuner|tests|docs)/[\w/.]+)`", TEXT))
    assert len(named) > 30
    for path in named:
        assert (ROOT / path).exists(), path
    for folder, file in (("tests/schedules", "test_conditions.py"), ("tests/schedules",
        "strategies.py"), ("tests/schedules", "expected.py"), ("tests/linting", "right_ways.py"),
    ):  # fmt: skip
        assert f"`{file}`" in TEXT
        assert (ROOT / folder / file).is_file()
    headings = {
        re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-")
        for line in re.findall(r"^## (.*)$", TEXT, re.MULTILINE)
    }
    assert set(re.findall(r"\(#([\w-]+)\)", TEXT)) == headings


def test_the_names_of_its_lines_are_there() -> None:
    for name, file in re.findall(r"`([A-Z]\w+)` in\s+`(tuner/[\w/]+\.py)`", TEXT):
        assert re.search(rf"^(class )?{name}\b", (ROOT / file).read_text(), re.MULTILINE), name
    assert len(re.findall(r"^## An? ", TEXT, re.MULTILINE)) == 7
