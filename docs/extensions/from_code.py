"""Parts of pages that are made of the code when the site is built, so that they cannot get stale.

``{keys} study budget``
    A table of the keys of a file: those of ``[budget]`` of a study.
``{command} run``
    Usage, arguments and options of a command.

The schemas themselves are published beside the pages, in ``schemas/``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer.main
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from tuner.cli.main import app as commands
from tuner.cli.pages import described, shown, usage
from tuner.definition import SCHEMAS, schema, schema_text


class Generated(SphinxDirective):
    """A directive whose content is Markdown that :meth:`lines` returns."""

    required_arguments, final_argument_whitespace = 1, True

    def lines(self) -> list[str]:
        """Return the lines of Markdown."""
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        """Return what the lines say."""
        box = nodes.container()
        where = f"<{self.name} {self.arguments[0]}>"
        self.state.nested_parse(StringList(self.lines(), source=where), 0, box)
        return box.children


class Keys(Generated):
    """The keys of a table of a file."""

    def lines(self) -> list[str]:
        """Return a table: key, type, default, meaning; the required ones first."""
        name, *path = self.arguments[0].split()
        whole = schema(name)
        table = whole
        for step in path:
            table = _below(table, step)
        required = table.get("required", [])
        rows = [
            f"| `{key}` | {_type(value, whole)} | {_default(value, key in required)}"
            f" | {_text(_resolved(value, whole).get('description', ''))} |"
            for key, value in table["properties"].items()
            if "const" not in value or key not in ("name", "type")
        ]
        if not rows:
            return ["No other keys."]
        return ["| key | type | default | meaning |", "|---|---|---|---|", *rows]


def _below(table: dict[str, Any], step: str) -> dict[str, Any]:
    """Return a table in a table: by its key, or one of several by a word that it has."""
    if step in table.get("properties", {}):
        found: dict[str, Any] = table["properties"][step]
        return found
    table = table.get("items", table)
    for each in (*table.get("oneOf", ()), *table.get("anyOf", ())):
        if any(value.get("const") == step for value in each.get("properties", {}).values()):
            found = each
            return found
    raise KeyError(step)


def _resolved(value: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in value:
        return {**whole["$defs"][value["$ref"].rpartition("/")[2]], **value}
    return value


def _type(value: dict[str, Any], whole: dict[str, Any]) -> str:
    """Return the type of a value in the words of the messages."""
    value = _resolved(value, whole)
    if "const" in value:
        return f"`{json.dumps(value['const'], ensure_ascii=False)}`"
    if "enum" in value:
        return ", ".join(f"`{json.dumps(each)}`" for each in value["enum"])
    kind = value.get("type")
    if isinstance(kind, list):
        return " or ".join(_type({**value, "type": each}, whole) for each in kind)
    if kind in ("number", "integer"):
        return ("whole number" if kind == "integer" else "number") + _bounds(value)
    if kind == "array" and "prefixItems" in value:
        types = (_type({"type": each["type"]}, whole) for each in value["prefixItems"])
        return f"[{', '.join(types)}]"
    if kind == "array":
        return f"list ({_type(value['items'], whole)})" if "items" in value else "list"
    if kind is None and "anyOf" in value:
        types = (_type({"type": "object", **each}, whole) for each in value["anyOf"])
        return " or ".join(dict.fromkeys(types))
    if kind == "string" and "pattern" in value:
        return _PATTERNS.get(value["pattern"].rpartition("\\s*(")[2].partition(")")[0], "text")
    words = {"string": "text", "boolean": "`true`, `false`", "object": "table", "null": "`null`"}
    return words.get(str(kind), "any")


_PATTERNS = {
    "ep|up|dur": "duration",
    "ep|dur": "duration in `ep` or `dur`",
    "ep": "duration in `ep`",
    "[smh]": "time",
}


def _bounds(value: dict[str, Any]) -> str:
    low = value.get("minimum")
    high = value["exclusiveMaximum"] - 1 if "exclusiveMaximum" in value else value.get("maximum")
    if high is None:
        return "" if low is None else f", {low} or more"
    return f", up to {high}" if low is None else f", {low} to {high}"


def _default(value: dict[str, Any], required: bool) -> str:
    if required:
        return "required"
    return f"`{json.dumps(value['default'])}`" if "default" in value else ""


def _text(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


class Command(Generated):
    """A command as ``--help`` has it."""

    def lines(self) -> list[str]:
        """Return what it does, usage, an example, and a table of arguments and options."""
        name = self.arguments[0]
        group: Any = typer.main.get_command(commands)
        command = group.commands[name]
        context = typer.Context(command, info_name=f"tuner {name}")
        rows = [described(each) for each in shown(command, context) if "--help" not in each.opts]
        lines = [command.help or "", "", "```text", usage(command, context), "```", ""]
        lines += ["For example:", "", "```text", command.epilog, "```", ""]
        table = [f"| `{_text(what)}` | {_text(text)} |" for what, text in rows]
        return lines + (["| | |", "|---|---|", *table] if table else [])


def publish_schemas(app: Sphinx, failure: Exception | None) -> None:
    """Write the schemas beside the pages."""
    if failure is None and app.builder.format == "html":
        folder = Path(app.outdir) / "schemas"
        folder.mkdir(exist_ok=True)
        for name in SCHEMAS:
            (folder / f"{name}.json").write_text(schema_text(name), encoding="utf-8")


def leave_out(app: Sphinx, what: str, name: str, found: object, skip: bool, _: object) -> bool:
    """Leave out what says no more than that it is the field of a tuple."""
    return skip or (getattr(found, "__doc__", None) or "").startswith("Alias for field number")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    app.add_directive("keys", Keys)
    app.add_directive("command", Command)
    app.connect("build-finished", publish_schemas)
    app.connect("autodoc-skip-member", leave_out)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
