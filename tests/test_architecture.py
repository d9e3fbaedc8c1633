"""The layout that the design promises, read out of the source."""

from __future__ import annotations

import ast
import functools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import tuner

PACKAGE = Path(tuner.__file__).parent
# From the bottom up: a part imports itself and those before it.
ORDER = [
    "errors", "schedules", "adapters", "linting", "reading", "tasks", "storage", "space",
    "definition", "search", "repeats", "workers", "report", "integrations", "studies",
    "__init__", "cli", "__main__",
]  # fmt: skip
# A schedule hands itself over when it is called, and so does a trial. The names of the package are
# there on demand.
MAY_POINT_UP = {
    ("schedules/handover.py", "adapters"), ("tasks/callbacks.py", "integrations"),
    ("__init__.py", "cli"),
}  # fmt: skip
# Modules that are there for others as they are: each adapter and integration imports another
# framework, and the command line more than anybody else needs.
OPEN = ("tuner.adapters.", "tuner.cli.", "tuner.integrations.", "tuner.schedules.fields")
FRAMEWORKS = {"mxnet", "torch", "jax", "optax", "keras", "tensorflow", "transformers", "lightning"}
# What Optuna keeps to itself; on `self` they are names of ours.
PRIVATE = {"_trial_id", "_study_id", "_storage", "system_attrs"}


class Import(NamedTuple):
    """``from module import name``, or ``import module`` without a name."""

    file: str
    line: int
    module: str
    name: str

    @property
    def package(self) -> str:
        return self.module.partition(".")[0]

    @property
    def part(self) -> str:
        """What it imports from, if that is a part of our package."""
        inner = self.module.split(".")[1] if "." in self.module else self.name
        return "" if self.package != "tuner" else inner if inner in source().parts else "__init__"

    @property
    def is_inner(self) -> bool:
        """Whether it is from another part of our package."""
        return self.part not in ("", part_of(self.file))


class Source(NamedTuple):
    """The package's syntax trees, and what is found in them."""

    trees: dict[str, ast.Module]
    nodes: list[tuple[str, ast.AST]]
    parts: set[str]
    imports: list[Import]


@functools.cache
def source() -> Source:
    """Read the package: when a test asks, not when tests are collected."""
    trees = {
        path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(PACKAGE.rglob("*.py"))
    }
    nodes = [(file, node) for file, tree in trees.items() for node in ast.walk(tree)]
    found = [each for file, node in nodes for each in imports(file, node)]
    return Source(trees, nodes, {part_of(file) for file in trees}, found)


def part_of(file: str) -> str:
    return file.removesuffix(".py").partition("/")[0]


def imports(file: str, node: ast.AST) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        yield from (Import(file, node.lineno, each.name, "") for each in node.names)
    elif isinstance(node, ast.ImportFrom):
        module = "." * node.level + (node.module or "")
        yield from (Import(file, node.lineno, module, each.name) for each in node.names)


def face(part: str) -> set[str]:
    """Return the names that a package gives to others."""
    lists = [
        node.value
        for node in source().trees[f"{part}/__init__.py"].body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    return {name for found in lists for name in ast.literal_eval(found)}


def test_the_source_is_found() -> None:
    assert len(source().imports) > 1000
    assert any(found.is_inner and found.part == "schedules" for found in source().imports)
    assert "load_schedule" in face("schedules")


def test_the_package_is_seen_at_a_glance() -> None:
    assert len(source().parts) <= 18
    assert sorted(source().parts - {*ORDER}) == []  # put it into the order


def test_imports_point_down() -> None:
    """So there are no circles."""
    upward = [
        found
        for found in source().imports
        if found.is_inner
        and ORDER.index(found.part) > ORDER.index(part_of(found.file))
        and (found.file, found.part) not in MAY_POINT_UP
    ]
    assert upward == []


def test_a_package_is_imported_by_its_face() -> None:
    faces = {
        part: face(part) for part in source().parts if f"{part}/__init__.py" in source().trees
    }
    behind = [
        found
        for found in source().imports
        if found.is_inner
        and found.part in faces
        and not found.module.startswith(OPEN)
        and not (found.module == f"tuner.{found.part}" and found.name in faces[found.part])
    ]
    assert behind == []


def test_a_trial_imports_its_callbacks_when_called() -> None:
    at_once = [
        found
        for node in source().trees["tasks/callbacks.py"].body
        for found in imports("tasks/callbacks.py", node)
        if found.part == "integrations"
    ]
    assert at_once == []


def test_the_hand_over_imports_when_called() -> None:
    """And not when the module is imported: loading a schedule needs the standard library alone."""
    at_once = [
        found
        for file, tree in source().trees.items()
        if part_of(file) == "schedules"
        for node in tree.body
        for found in imports(file, node)
        if found.package not in sys.stdlib_module_names
        and found.part not in ("errors", "schedules")
    ]
    assert at_once == []


def test_schedules_import_the_standard_library_alone() -> None:
    foreign = [
        found
        for found in source().imports
        if part_of(found.file) == "schedules"
        and found.package not in {*sys.stdlib_module_names, "tuner"}
    ]
    assert foreign == []


def test_frameworks_are_imported_in_their_places_alone() -> None:
    found = {each.file for each in source().imports if each.package in FRAMEWORKS}
    assert {part_of(file) for file in found} <= {"adapters", "tasks", "integrations"}
    assert {each.file for each in source().imports if each.package == "mxnet"} == {
        "adapters/mxnet_import.py"  # which prepares for it what a current NumPy lacks
    }


def test_only_the_command_line_prints() -> None:
    printing = {
        file
        for file, node in source().nodes
        if (isinstance(node, ast.Name) and node.id == "print")
        or (isinstance(node, ast.Attribute) and ast.unparse(node) == "sys.stdout")
    } | {
        found.file for found in source().imports if (found.module, found.name) == ("sys", "stdout")
    }
    assert {part_of(file) for file in printing} <= {"cli"}


def test_one_module_knows_what_optuna_keeps_to_itself() -> None:
    private = {
        f.file
        for f in source().imports
        if f.package == "optuna" and "._" in f"{f.module}.{f.name}"
    }
    private |= {
        file
        for file, node in source().nodes
        if isinstance(node, ast.Attribute)
        and node.attr in PRIVATE
        and ast.unparse(node.value) != "self"
    }
    assert private == {"storage/optuna_internals.py"}


def test_nothing_is_imported_relatively() -> None:
    assert [found for found in source().imports if found.module.startswith(".")] == []
