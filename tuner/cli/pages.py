"""Help as the commands print it: whole sentences, folded at the width of the screen, never cut.

Typer's own pages cut a command's sentence at the screen's edge; and what they look like, and what
a wrong argument is told, differs between its versions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import typer.core

from tuner.cli.folding import behind, fold
from tuner.cli.mistakes import explain_arguments, refuse_command, refuse_extra

# Names of options that are longer have their sentence on the next line.
_WIDEST_NAME = 24


class Command(typer.core.TyperCommand):
    """A command with a page of help; its ``epilog`` is an example of how it is typed."""

    # What is left over is refused here, in words that do not depend on Typer's version.
    allow_extra_args = True

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments; ``--debug`` is heard by :mod:`tuner.cli.exits` wherever it is."""
        with explain_arguments(ctx):
            # What is behind `--` is somebody else's.
            own = args.index("--") if "--" in args else len(args)
            typed = [word for word in args[:own] if word != "--debug"]
            rest = super().parse_args(ctx, [*typed, *args[own:]])
        if rest and not ctx.resilient_parsing:
            refuse_extra(ctx, rest[0])
        return rest

    def get_short_help_str(self, limit: int = 0) -> str:
        """Return the first sentence whole, for the menus of shells."""
        return first_sentence(self)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the page."""
        width = formatter.width
        rows = [described(each) for each in shown(self, ctx)]
        lines = [*fold(f"Usage: {usage(self, ctx)}", width, hang=7), ""]
        for paragraph in (self.help or "").split("\n\n"):
            lines += [*fold(" ".join(paragraph.split()), width, indent=2), ""]
        lines += ["Example:", f"  {self.epilog}", ""]
        for title, is_here in (("Arguments", _is_argument), ("Options", _is_option)):
            here = [described(each) for each in shown(self, ctx) if is_here(each)]
            lines += [f"{title}:", *_columns(here, width, _first_column(rows)), ""] if here else []
        formatter.write("\n".join(lines))


class Program(typer.core.TyperGroup):
    """All commands: in the groups that ``rich_help_panel`` names, each with its first sentence."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments before the command."""
        with explain_arguments(ctx):
            return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command."""
        if args and args[0] not in self.commands and not ctx.resilient_parsing:
            refuse_command(ctx, args[0], self.commands)
        return super().resolve_command(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the page."""
        width = formatter.width
        commands: list[Any] = list(self.commands.values())
        names = 2 + max(len(command.name) for command in commands)
        groups = 2 + max(len(command.rich_help_panel) for command in commands)
        lines = [f"Usage: {usage(self, ctx)}", ""]
        for paragraph in (self.help or "").split("\n\n"):
            lines += fold(" ".join(paragraph.split()), width)
        lines.append("")
        group = ""
        for command in commands:
            label = "" if command.rich_help_panel == group else command.rich_help_panel
            group = command.rich_help_panel
            start = f"{label:<{groups}}{command.name:<{names}}"
            lines += behind(start, first_sentence(command), width)
        # One screen has no room for `--show-completion`, which few type.
        here = [each for each in shown(self, ctx) if each.name != "show_completion"]
        rows = [described(each) for each in here]
        # Nor for an empty line between.
        lines += [*_columns(rows, width, _first_column(rows), indent=0), ""]
        formatter.write("\n".join(lines))


def usage(command: Any, ctx: Any) -> str:
    """Return how a command is typed: what must be there as it is, the rest in brackets."""
    pieces = [ctx.command_path]
    pieces += [described(each)[0] for each in command.params if _is_option(each) and each.required]
    pieces.append("[OPTIONS]")
    for each in command.params:
        if _is_argument(each):
            several = "..." if each.nargs != 1 else ""
            pieces.append(
                each.metavar + several if each.required else f"[{each.metavar}]{several}"
            )
    return " ".join([*pieces, *(["COMMAND ..."] if isinstance(command, Program) else [])])


def shown(command: Any, ctx: Any) -> list[Any]:
    """Return the arguments and options that are no secret."""
    return [each for each in command.get_params(ctx) if not getattr(each, "hidden", False)]


def described(parameter: Any) -> tuple[str, str]:
    """Return how an argument or option is typed, and what it does with its default."""
    if _is_argument(parameter):
        name = parameter.metavar
    else:
        name = ", ".join(sorted(parameter.opts, key=len))
        name = " / ".join([name, *parameter.secondary_opts])
        name += "" if parameter.is_flag else f" {parameter.metavar}"
    text, default = parameter.help or "", parameter.default
    if isinstance(default, (str, int, float, Path)) and not isinstance(default, bool):
        text += f" Default: {default.value if isinstance(default, Enum) else default}."
    return name, text


def first_sentence(command: Any) -> str:
    """Return what a command does in a sentence: the first paragraph of its help."""
    return " ".join((command.help or "").partition("\n\n")[0].split())


def _columns(
    rows: Iterable[tuple[str, str]], width: int, column: int, *, indent: int = 2
) -> Iterator[str]:
    for name, text in rows:
        start = " " * indent + name
        if len(start) + 2 > indent + column:
            yield start
            start = ""
        yield from behind(f"{start:<{indent + column}}", text, width)


def _first_column(rows: Sequence[tuple[str, str]]) -> int:
    return 2 + max(len(name) for name, _ in rows if len(name) <= _WIDEST_NAME)


def _is_argument(parameter: Any) -> bool:
    return bool(parameter.param_type_name == "argument")


def _is_option(parameter: Any) -> bool:
    return not _is_argument(parameter)
