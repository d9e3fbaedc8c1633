"""The layout that the design promises, read out of the source."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import tuner

PACKAGE = Path(tuner.__file__).parent
FRAMEWORKS = {"mxnet", "torch", "jax", "optax", "keras", "tensorflow", "transformers", "lightning"}

# From the top down: a part may import itself, its own row, and the rows below.
ROWS: list[set[str]] = [
    {"__init__", "__main__"},
    {"cli"},
    {"api", "project", "repeating"},
    {"dashboard", "naming"},
    {"running"},
    {"study_result"},
    {"report", "workers", "proxy", "clusters", "cluster_crew", "cluster_task"},
    {"search"},
    {
        "checkpoints",
        "comparison",
        "confirmation",
        "definitions",
        "objective",
        "passed_task",
        "racing",
        "patience",
        "results",
        "schemas",
        "space",
        "space_baselines",
        "space_files",
        "space_params",
        "space_reading",
        "space_values",
        "spec",
        "spec_checks",
        "spec_search",
        "spec_sections",
        "spec_space",
        "spec_task",
        "sqlite",
        "storage",
        "storage_errors",
        "storage_urls",
        "tasks",
        "templates",
    },
    {"adapters", "checks"},
    {"schedules"},
    {"units"},
    {"compat", "errors"},
]
# A schedule's methods that hand it to a framework are the imports that point up.
UPWARD = {
    ("schedules/handover.py", f"tuner.adapters{framework}")
    for framework in ("", ".keras", ".matplotlib", ".mxnet", ".optax", ".torch")
}


class Import(NamedTuple):
    file: str
    line: int
    module: str


def sources() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        yield name, ast.parse(path.read_text(encoding="utf-8"), filename=name)


SOURCES = dict(sources())


def imports(file: str, tree: ast.Module) -> Iterator[Import]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(file, node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno} imports relatively"
            assert node.module is not None
            for alias in node.names:
                part = f"{node.module}.{alias.name}"
                # `from tuner import spec` imports the module tuner.definition.spec.
                yield Import(file, node.lineno, part if node.module == "tuner" else node.module)


IMPORTS = [found for file, tree in SOURCES.items() for found in imports(file, tree)]


def part_of(file: str) -> str:
    return file.removesuffix(".py").partition("/")[0]


def row_of(part: str) -> int:
    return next(number for number, row in enumerate(ROWS) if part in row)


def test_the_source_is_found() -> None:
    assert "schedules/base.py" in SOURCES
    assert Import("schedules/registry.py", 5, "dataclasses") in IMPORTS


@pytest.mark.parametrize("file", sorted(SOURCES))
def test_every_part_has_its_row(file: str) -> None:
    assert any(part_of(file) in row for row in ROWS), f"put {part_of(file)} into a row"


def test_imports_point_down() -> None:
    upward = [
        found
        for found in IMPORTS
        if found.module.startswith("tuner.")
        and part_of(found.file) != found.module.split(".")[1]
        and row_of(found.module.split(".")[1]) < row_of(part_of(found.file))
        and (found.file, found.module) not in UPWARD
    ]
    assert upward == []


def test_schedules_import_the_standard_library_alone() -> None:
    foreign = [
        found
        for found in IMPORTS
        if part_of(found.file) == "schedules"
        and found.module.partition(".")[0] not in sys.stdlib_module_names
        and not found.module.startswith(("tuner.schedules", "tuner.errors"))
        and (found.file, found.module) not in UPWARD
    ]
    assert foreign == []


def test_the_upward_imports_happen_when_called() -> None:
    """And not when the module is imported."""
    at_the_top = [
        node for node in SOURCES["schedules/handover.py"].body if isinstance(node, ast.ImportFrom)
    ]
    assert at_the_top
    assert not any((node.module or "").startswith("tuner.adapters") for node in at_the_top)


def test_frameworks_are_imported_in_their_places_alone() -> None:
    elsewhere = [
        found
        for found in IMPORTS
        if found.module.partition(".")[0] in FRAMEWORKS
        and part_of(found.file) not in ("compat", "tasks", "adapters")
    ]
    assert elsewhere == []


def test_mxnet_is_imported_by_one_module() -> None:
    """Beside a current NumPy it needs the preparation that is there."""
    assert {found.file for found in IMPORTS if found.module.split(".")[0] == "mxnet"} == {
        "compat.py"
    }


def test_only_the_command_line_prints() -> None:
    printing = [
        f"{file}:{node.lineno}"
        for file, tree in SOURCES.items()
        if part_of(file) != "cli"
        for node in ast.walk(tree)
        if (isinstance(node, ast.Name) and node.id == "print")
        or (
            isinstance(node, ast.Attribute)
            and node.attr == "stdout"
            and isinstance(node.value, ast.Name)
            and node.value.id == "sys"
        )
        or (
            isinstance(node, ast.ImportFrom)
            and node.module == "sys"
            and any(alias.name == "stdout" for alias in node.names)
        )
    ]
    assert printing == []
