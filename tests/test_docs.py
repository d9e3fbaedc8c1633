"""The documentation builds without a warning, all of its blocks run, and it leaves nothing out."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import re
import subprocess
import sys
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from sphinx.util.inventory import InventoryFile

import tuner
from tuner.cli.main import app
from tuner.definition import SCHEMAS, schema, schema_text
from tuner.schedules import FAMILIES
from tuner.tasks import FunctionTask

from .docs_page import NOT_RUN, blocks, commands, reason_not_to_run, run_page

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
# Those of `make docs`: a warning is an error, and so is a reference that leads nowhere.
OPTIONS = ("-W", "--keep-going", "-n", "-q", "-b", "html")
PAGES = sorted(DOCS.rglob("*.md"))
# Pages whose blocks run in one process, each in a folder of its own: importing MXNet takes longer
# than most of them.
TOGETHER = [
    ["index.md", "tutorial.md", "architecture.md"],
    [
        "guides/your_training.md",
        "guides/search_space.md",
        "guides/load.md",
        "guides/frameworks.md",
        "guides/transfer.md",
        "guides/lint.md",
        "reference/files.md",
        "reference/likes.md",
    ],
    ["guides/judge.md", "guides/resume_and_scale.md", "guides/watch.md", "guides/optuna.md"],
    ["install.md", "guides/scripts.md"],
    ["guides/families.md"],  # whose family must be there before the first one is looked up
]


def name_of(page: Path) -> str:
    return page.relative_to(DOCS).as_posix()


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, processes: None) -> Path:
    """The site, built as `make docs` does; without network, it names nothing outside."""
    site = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *OPTIONS, DOCS, site],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return site


def run_pages(folder: Path, *pages: Path) -> subprocess.CompletedProcess[str]:
    """Run the blocks of pages in one fresh process in which a warning is an error."""
    program = Path(__file__).with_name("docs_page.py")
    return subprocess.run(
        [sys.executable, "-W", "error", program, *pages],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize("pages", TOGETHER, ids=" ".join)
def test_every_block_runs(pages: list[str], tmp_path: Path) -> None:
    done = run_pages(tmp_path, *(DOCS / page for page in pages))
    assert done.returncode == 0, done.stderr


def test_every_page_with_blocks_is_run() -> None:
    run = [page for pages in TOGETHER for page in pages]
    with_blocks = [
        page
        for page in PAGES
        if {block.language for block in blocks(page.read_text(encoding="utf-8"))} - {"text"}
    ]
    assert sorted(run) == sorted(map(name_of, with_blocks))


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("```python\nassert 1 == 2, 'not so'\n```", "not so"),
        ("```console\n$ tuner check nowhere.toml\n```", "must end with 0, but ended with 2"),
        ("```console\n$ tuner schema study   # exit code 1\n```", "must end with 1"),
        ("```console\n$ unknown program\n```", "no way to run"),
        ("```console\n$ tuner schema study\noutput\n```", "has commands alone"),
        ("```toml\na = \n```", "Invalid value"),
        ("```{code-block} toml\n:caption: a.toml\n\nformat = 'tuner.search_space/1'\n```", "mis"),
        ("```toml\nformat = 'tuner.study/1'\n```", "has a caption"),
        ("```bash\ntuner\n```", "a block of 'bash' is not run"),
        ("```console\n$ tuner schema study\n```\n\n```text\n{\n  ... no key\n```", "was not in"),
    ],
)
def test_a_block_that_fails_is_found(
    block: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Page\n\n{block}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [])
    with pytest.raises((AssertionError, ValueError), match=said) as caught:
        run_page(page)
    assert f"{page}, line" in str(getattr(caught.value, "__notes__", f"{page}, line"))


@pytest.mark.usefixtures("processes")
def test_a_page_that_fails_ends_its_process(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Page\n\n```python\nassert 1 == 2\n```\n")
    done = run_pages(tmp_path, page)
    assert done.returncode == 1
    assert "page.md, line 4" in done.stderr


def test_every_reason_not_to_run_a_command_is_needed() -> None:
    typed = [
        command
        for page in [*PAGES, ROOT / "README.md"]
        for block in blocks(page.read_text(encoding="utf-8"))
        if block.language == "console"
        for command, _ in commands(block.text)
    ]
    left_out = {command for command in typed if reason_not_to_run(command)}
    for part in NOT_RUN:
        assert any(part in command for command in left_out), part
    assert len(left_out) < len(typed) * 0.4


# --- what is in it ---


def test_the_site_has_every_page_and_schema(built: Path) -> None:
    for page in PAGES:
        assert (built / name_of(page)).with_suffix(".html").is_file()
    for name in SCHEMAS:
        assert (built / "schemas" / f"{name}.json").read_text(encoding="utf-8") == schema_text(
            name
        )


def test_every_public_name_is_in_the_reference(built: Path) -> None:
    inventory = InventoryFile.loads((built / "objects.inv").read_bytes(), uri="")
    names = {name for kind, found in inventory.data.items() if kind[:3] == "py:" for name in found}
    assert {f"tuner.{name}" for name in tuner.__all__} - names == set()
    for module in (
        "errors", "reading.units", "search.results", "definition.schemas", "adapters.torch",
        "linting",
    ):  # fmt: skip
        assert f"tuner.{module}" in names


def test_every_command_is_in_the_reference() -> None:
    text = (DOCS / "reference" / "commands.md").read_text(encoding="utf-8")
    found = re.findall(r"^### tuner ([\w-]+)\n\n```\{command\} \1\n```$", text, re.MULTILINE)
    group: typing.Any = typer.main.get_command(app)
    assert sorted(found) == sorted(group.commands)


def test_every_family_is_in_the_reference() -> None:
    text = (DOCS / "reference" / "schedules.md").read_text(encoding="utf-8")
    for family in tuner.schedules.FAMILIES.built_in.values():
        assert f".. autoclass:: tuner.{family.__name__}\n" in text


def test_the_table_of_families_names_every_one_and_its_parameters() -> None:
    text = (DOCS / "reference" / "schedules.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \|(.*)\|$", text, re.MULTILINE)
    common = {"base_lr", "horizon", "warmup_steps", "warmup_begin_lr", "warmup_mode"}
    assert {family for _, family, _ in rows} == set(FAMILIES)
    for name, family, parameters in rows:
        assert FAMILIES[family].__name__ == name
        fields = {field.name for field in dataclasses.fields(FAMILIES[family])} - common
        assert set(re.findall(r"`(\w+)`", parameters)) == fields


def as_python(text: str) -> object:
    """Return a value of TOML's as Python's."""
    return ast.literal_eval({"true": "True", "false": "False"}.get(text, text))


@pytest.mark.parametrize("kind", ["sampler", "pruner"])
def test_the_tables_of_samplers_and_pruners_name_every_option_with_its_default(kind: str) -> None:
    text = (DOCS / "guides" / "search_space.md").read_text(encoding="utf-8")
    [table] = re.findall(rf"^\| {kind} \|.*\n((?:\|.*\n)+)", text, re.MULTILINE)
    rows = dict(re.findall(r"^\| `(\w+)` \|( .*)?\|$", table, re.MULTILINE))
    common = "".join(re.findall(r"^\| each of them \|(.*)\|$", table, re.MULTILINE))
    for section in schema("study")["properties"][kind]["oneOf"]:
        options = dict(section["properties"])
        written = dict(re.findall(r"`(\w+) = (.+?)`", rows[options.pop("type")["const"]] + common))
        defaults = {key: each["default"] for key, each in options.items() if "default" in each}
        assert {key: as_python(text) for key, text in written.items()} == defaults


def test_the_page_of_evidence_names_scripts_and_results_that_are_there() -> None:
    text = (DOCS / "evidence.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\b(?:benchmarks|tests)/[\w/]+\.\w+", text))
    assert len(named) > 20
    for path in named:
        assert (ROOT / path).is_file(), path
    # Every table has the command that prints it below it, or the one of its section.
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[2:]:
        assert re.search(r"^```text\n(?:python benchmarks|pytest)", section, re.MULTILINE), section


def test_the_map_of_the_architecture_names_packages_and_modules_that_are_there() -> None:
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    package = ROOT / "tuner"
    mapped = re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
    there = {path.stem for path in package.iterdir() if not path.stem.startswith(("_", "py"))}
    assert set(mapped) == there
    folders = "|".join(mapped)
    modules = set(re.findall(rf"`({folders})\.(\w+)`", text))
    assert len(modules) > 10
    for folder, module in modules:
        assert (package / folder / f"{module}.py").is_file(), f"{folder}.{module}"


def test_what_the_changelog_says_to_import_is_there() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    imports = re.findall(r"`from ([\w.]+) import ([\w, ]+)`", text)
    assert len(imports) > 10
    for module, names in imports:
        for name in names.split(", "):
            assert hasattr(importlib.import_module(module), name), f"{module}.{name}"


def test_the_page_of_commands_has_every_option(built: Path) -> None:
    html = (built / "reference" / "commands.html").read_text(encoding="utf-8")
    group: typing.Any = typer.main.get_command(app)
    for command in group.commands.values():
        begins = f'<section id="tuner-{command.name}">'
        [section] = re.findall(f"{begins}.*?</section>", html, re.DOTALL)
        for parameter in command.params:
            if not getattr(parameter, "hidden", False):
                is_option = parameter.param_type_name == "option"
                name = parameter.opts[-1] if is_option else parameter.metavar.strip("{}[].")
                assert re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", section), name


def test_the_provenance_of_an_export_is_described(tmp_path: Path) -> None:
    def train(schedule: tuner.Schedule, seed: int, start: object) -> Iterator[float]:
        while True:
            yield 0.5

    path = tmp_path / "study.toml"
    space = ROOT / "examples" / "space.toml"
    path.write_text(
        f'format = "tuner.study/1"\nname = "any"\nsearch_space = "{space}"\n'
        "task = { epochs = 2 }\nbudget = { trials = 3 }\nconfirm = { enabled = false }\n"
    )
    result = tuner.run_study(path, task=FunctionTask(train, updates_per_epoch=20))
    found = tuner.read_schedule_file(result.export(tmp_path / "best.json")).provenance
    text = (DOCS / "reference" / "files.md").read_text(encoding="utf-8")
    _, _, table = text.partition("### `provenance`")
    described = set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))
    # Of a confirmed winner, a schedule that was laid out anew, and a study that samples options.
    assert described == {*found, "confirm", "derived", "options"}
