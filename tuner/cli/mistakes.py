"""What is said of arguments that are wrong or missing, in the words of the other messages."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import typer

from tuner.errors import TunerError

# The class of all such mistakes of Typer's, which has no public name in every version.
_Mistake: type[Exception] = typer.BadParameter.__mro__[1]


class ArgumentsError(TunerError):
    """The command line itself is wrong."""


@contextmanager
def explain_arguments(ctx: Any) -> Iterator[None]:
    """Turn a mistake of the arguments into an error of the project's.

    Args:
        ctx: The command that they are for, as Typer knows it.

    Raises:
        ArgumentsError: Saying what must hold, what was received and what to do.
    """
    try:
        yield
    except _Mistake as mistake:
        raise ArgumentsError(_explained(mistake, ctx)) from mistake


def refuse_command(ctx: Any, name: str, known: Iterable[str]) -> NoReturn:
    """Refuse a command that does not exist."""
    raise ArgumentsError(
        f"{ctx.command_path} has no command {name!r}{_near(name, known)}\n"
        f"`{ctx.command_path} -h` says what each command does."
    )


def refuse_extra(ctx: Any, word: str) -> NoReturn:
    """Refuse an argument that a command has no place for."""
    raise ArgumentsError(
        f"{ctx.command_path} has no place for the argument {word!r}.{_for_example(ctx)}"
    )


def _explained(mistake: Any, ctx: Any) -> str:
    kind = type(mistake).__name__
    if kind == "NoSuchOption":
        return _unknown(mistake.option_name, ctx)
    if kind == "BadOptionUsage":
        return _without_value(mistake.option_name, ctx)
    parameter = getattr(mistake, "param", None)
    if parameter is None:
        return f"{mistake.format_message()}{_for_example(ctx)}"
    name = _name(parameter)
    if kind == "MissingParameter":
        if parameter.param_type_name == "option":
            name += f" {parameter.metavar}"
        variable = f", or {parameter.envvar} in the environment" if parameter.envvar else ""
        return f"{ctx.command_path} needs {name}{variable}.{_for_example(ctx)}"
    text = mistake.message.removeprefix("Value error, ")
    return f"{name}{' ' if text.startswith('must ') else ': '}{text}"


def _unknown(name: str, ctx: Any) -> str:
    options = [each for each in ctx.command.get_params(ctx) if not getattr(each, "hidden", False)]
    known = [word for each in options for word in (*each.opts, *each.secondary_opts)]
    known = [word for word in known if word.startswith("-")]
    path = ctx.command_path
    end = f"`{path} -h` says what each option does."
    return f"{path} has no option {name!r}{_near(name, known)}\n{end}"


def _near(word: str, known: Iterable[str]) -> str:
    """Return how a sentence ends: with the nearest known word, if one is near."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else "."


def _without_value(name: str, ctx: Any) -> str:
    """Explain a flag that has a value, or an option that has none."""
    for each in ctx.command.get_params(ctx):
        if name in (*each.opts, *each.secondary_opts):
            if each.is_flag:
                return f"{name} takes no value: type {name} alone."
            return f"{name} needs a value: {name} {each.metavar}"
    return f"{name} was given in a wrong way.{_for_example(ctx)}"


def _name(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return str(parameter.metavar)
    return str(max(parameter.opts, key=len))


def _for_example(ctx: Any) -> str:
    example = ctx.command.epilog
    return f"\nFor example: {example}" if example else f"\nType `{ctx.command_path} -h`."
