"""Reading TOML definitions so that all mistakes of a file are reported at once."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from tuner.errors import DefinitionError, TunerError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

S = TypeVar("S", bound="Section")

# The files of the project, by the word of their format.
_FILES = {
    "study": "a study; search spaces are beside it",
    "search_space": "a search space; name the study file that uses it",
    "schedule": "a schedule; `tuner show` reads it",
}
# What is noted at a place where something is needed.
MISSING = "is required, but missing"
# What pydantic appends to the location of a value that may be of several types.
_TYPES = ("bool", "float", "int", "str")
# pydantic's words for what TOML and this project call otherwise.
_WORDS = {
    "Input ": "",
    "String ": "",
    "should ": "must ",
    "a valid string": "a text",
    "a valid integer": "a whole number",
    "a valid number": "a number",
    "a valid boolean": "true or false",
    "a valid dictionary": "a table",
    "a valid list": "a list",
    "greater than or equal to": ">=",
    "greater than": ">",
    "less than or equal to": "<=",
    "less than": "<",
}


class Section(BaseModel):
    """A table of a TOML file: no unknown keys, no silent conversions, never changed.

    The text below a key says what it means: in JSON Schemas, and so in editors, and in the docs.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    def wrong(self) -> Mapping[str, str]:
        """Return what is wrong with its values, by dotted key, beyond what their types say."""
        return {}


class Mistakes:
    """Collects what is wrong with a definition, to be raised as one error.

    Args:
        where: What the definition is, usually the path of its file.
    """

    def __init__(self, where: str) -> None:
        self.where = where
        self.found: list[tuple[str, str]] = []

    def add(self, place: str, text: str) -> None:
        """Note one mistake at a dotted place of the file."""
        if (place, text) not in self.found:
            self.found.append((place, text))

    def table(self, data: object, place: str) -> Mapping[str, Any]:
        """Return ``data`` if it is a table, or note that it is none and return an empty one."""
        if isinstance(data, Mapping):
            return data
        self.add(place, f"must be a table, but got {data!r}")
        return {}

    def read(
        self, section: type[S], data: object, place: str, *, also_known: Iterable[str] = ()
    ) -> S | None:
        """Return the table ``data`` as a section, or note every mistake in it.

        Args:
            section: What the table must be.
            data: The table as read.
            place: Where it is in the file; ``""`` is the file itself.
            also_known: Keys of the table that are read apart, for hints at misspelt ones.
        """
        if not isinstance(data, Mapping):
            self.table(data, place)
            return None
        try:
            found = section.model_validate(dict(data))
        except ValidationError as error:
            known = [*section.model_fields, *also_known]
            for location, text in _explained(error.errors(), known):
                self.add(".".join(part for part in (place, *location) if part), text)
            return None
        wrong = found.wrong()
        for key, text in wrong.items():
            self.add(f"{place}.{key}" if place else key, text)
        return None if wrong else found

    def read_tagged(self, sections: Mapping[str, type[S]], data: object, place: str) -> S | None:
        """Return the table ``data`` as the section that its key ``type`` names."""
        if not isinstance(data, Mapping):
            self.table(data, place)
            return None
        tag = data.get("type")
        if isinstance(tag, str) and tag in sections:
            try:
                section = sections[tag]
            except TunerError as error:  # of a package that registers it
                self.add(f"{place}.type", str(error))
                return None
            return self.read(section, data, place)
        known = ", ".join(map(repr, sections))
        got = f"but got {tag!r}" if "type" in data else "but it is missing"
        self.add(f"{place}.type", f"must be one of {known}, {got}")
        return None

    def raise_if_any(self) -> None:
        """Raise everything that was noted as one :class:`~tuner.errors.DefinitionError`."""
        # A misspelt key is one mistake, though its right name is missing as well.
        found = [
            (place, text)
            for place, text in self.found
            if not (text.startswith("is required") and self._is_misspelt(place))
        ]
        if found:
            raise DefinitionError(self.where, found)

    def _is_misspelt(self, missing: str) -> bool:
        table, _, key = missing.rpartition(".")
        return any(
            place.rpartition(".")[0] == table and text.endswith(f"did you mean {key!r}?")
            for place, text in self.found
        )


def read_toml(path: str | Path) -> dict[str, Any]:
    """Return the content of a TOML file.

    Raises:
        DefinitionError: If the file is missing, unreadable, or not TOML.
    """
    if not isinstance(path, (str, os.PathLike)):
        text = f"must be the path of a file in TOML, but got {path!r}"
        raise DefinitionError("what was given", [("file", text)])
    try:
        # Editors on Windows put a byte order mark first, which TOML does not know.
        content: dict[str, Any] = tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
        return content
    except FileNotFoundError:
        mistake = ("file", _not_there(Path(path)))
    except IsADirectoryError:
        text = "must be a file in TOML, but is a folder; of one that a study wrote, name the"
        mistake = ("file", f"{text} database: --storage sqlite:///{path}/study.db")
    except OSError as error:
        mistake = ("file", f"must be readable, but is not: {error.strerror}")
    except UnicodeDecodeError:
        mistake = ("file", "must be text in UTF-8, but is not")
        if Path(path).read_bytes().startswith(b"SQLite format 3"):
            text = "must be a file in TOML, but is a database: name it by"
            mistake = ("file", f"{text} --storage sqlite:///{path}")
    except tomllib.TOMLDecodeError as error:
        mistake = ("syntax", f"must be valid TOML: {error}")
        if Path(path).suffix == ".json":
            mistake = (
                "file",
                "must be TOML, but is named .json; `tuner show` reads schedules",
            )
    except RecursionError:
        mistake = ("syntax", "must be valid TOML, but is nested too deeply")
    except ValueError as error:  # a path that no system call takes
        mistake = ("file", f"must be a path, but has an {error}")
    raise DefinitionError(str(path), [mistake]) from None


def read_kind(path: str | Path, kind: str) -> dict[str, Any]:
    """Return the content of a TOML file, unless it says that it is one of another kind.

    Args:
        path: The file.
        kind: ``"study"`` or ``"search_space"``.

    Raises:
        DefinitionError: As :func:`read_toml`, or if the file is of another kind.
    """
    content = read_toml(path)
    found = str(content.get("format")).partition("/")[0].removeprefix("tuner.")
    if found != kind and found in _FILES:
        text = f"must be 'tuner.{kind}/1', but this file is {_FILES[found]}"
        raise DefinitionError(str(path), [("format", text)])
    return content


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint at the nearest known word, or all of them if none is near.

    Example:
        >>> did_you_mean("fmaily", ["family", "base_lr"])
        "did you mean 'family'?"
        >>> did_you_mean("xyz", ["b", "a"])
        'known: a, b'
        >>> did_you_mean("xyz", [])
        'known: none'
    """
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names) or 'none'}"


def _not_there(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f"must exist, but does not, nor does its folder {folder}"
    near = difflib.get_close_matches(path.name, sorted(p.name for p in folder.glob("*.toml")), n=1)
    return "must exist, but does not" + (f"; did you mean {folder / near[0]}?" if near else "")


def _explained(
    details: Iterable[ErrorDetails], known: Iterable[str]
) -> Iterable[tuple[list[str], str]]:
    """Yield (location, text), one for each mistake."""
    wrong_types: dict[tuple[str, ...], list[ErrorDetails]] = {}
    for detail in details:
        location = tuple(map(str, detail["loc"]))
        if detail["type"].endswith("_type"):
            # A value that may be of several types has one detail for each of them.
            place = location[:-1] if location[-1] in _TYPES else location
            wrong_types.setdefault(place, []).append(detail)
        else:
            yield list(location), _text(detail, known)
    for location, alternatives in wrong_types.items():
        conditions = dict.fromkeys(_in_our_words(detail["msg"]) for detail in alternatives)
        must = " or ".join(conditions).replace(" or must be ", " or ")
        yield list(location), f"{must}, but got {alternatives[0]['input']!r}"


def _text(detail: ErrorDetails, known: Iterable[str]) -> str:
    code, message = detail["type"], detail["msg"]
    if code == "extra_forbidden":
        return f"unknown key; {did_you_mean(str(detail['loc'][-1]), known)}"
    if code == "missing":
        return MISSING
    if code == "value_error":  # from our own validators, which name the value themselves
        return message.removeprefix("Value error, ")
    return f"{_in_our_words(message)}, but got {detail['input']!r}"


def _in_our_words(message: str) -> str:
    for theirs, ours in _WORDS.items():
        message = message.replace(theirs, ours)
    return message
