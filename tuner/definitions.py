"""Reading TOML definitions so that all mistakes of a file are reported at once."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from tuner.errors import DefinitionError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

S = TypeVar("S", bound="Section")


class Section(BaseModel):
    """A table of a TOML file: no unknown keys, no silent conversions, never changed."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


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

    def read(self, section: type[S], data: object, place: str) -> S | None:
        """Return the table ``data`` as a section, or note every mistake in it."""
        if not isinstance(data, Mapping):
            self.add(place, f"must be a table, but got {data!r}")
            return None
        try:
            return section.model_validate(dict(data))
        except ValidationError as error:
            for detail in error.errors():
                where = ".".join(part for part in (place, *map(str, detail["loc"])) if part)
                self.add(where, _explain(detail, section))
            return None

    def read_tagged(self, sections: Mapping[str, type[S]], data: object, place: str) -> S | None:
        """Return ``data`` as the section that its key ``type`` names."""
        tag = data.get("type") if isinstance(data, Mapping) else None
        if isinstance(data, Mapping) and not (isinstance(tag, str) and tag in sections):
            known = ", ".join(map(repr, sections))
            got = f"but got {tag!r}" if "type" in data else "but it is missing"
            self.add(f"{place}.type", f"must be one of {known}, {got}")
            return None
        return self.read(sections[str(tag)] if tag else next(iter(sections.values())), data, place)

    def raise_if_any(self) -> None:
        """Raise everything that was noted as one :class:`DefinitionError`."""
        if self.found:
            raise DefinitionError(self.where, self.found)


def read_toml(path: str | Path) -> dict[str, Any]:
    """Return the content of a TOML file.

    Raises:
        DefinitionError: If the file is missing, unreadable, or not TOML.
    """
    try:
        content: dict[str, Any] = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        return content
    except FileNotFoundError:
        raise DefinitionError(str(path), [("file", _not_there(Path(path)))]) from None
    except OSError as error:
        raise DefinitionError(str(path), [("file", f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError:
        raise DefinitionError(str(path), [("file", "must be TOML in UTF-8, but is not")]) from None
    except tomllib.TOMLDecodeError as error:
        raise DefinitionError(str(path), [("syntax", f"must be valid TOML: {error}")]) from None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint at the nearest known word, or all of them if none is near.

    Example:
        >>> did_you_mean("fmaily", ["family", "base_lr"])
        "did you mean 'family'?"
        >>> did_you_mean("xyz", ["b", "a"])
        'known: a, b'
    """
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names)}"


def _not_there(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f"does not exist, nor does its folder {folder}"
    near = difflib.get_close_matches(path.name, sorted(p.name for p in folder.glob("*.toml")), n=1)
    return "does not exist" + (f"; did you mean {folder / near[0]}?" if near else "")


def _explain(detail: ErrorDetails, section: type[Section]) -> str:
    code, value = detail["type"], detail["input"]
    if code == "extra_forbidden":
        return f"unknown key; {did_you_mean(str(detail['loc'][-1]), section.model_fields)}"
    if code == "missing":
        return "is required, but missing"
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Input ")
    if code == "value_error":  # from our own validators, which name the value themselves
        return message
    return f"{message[:1].lower()}{message[1:]}, but got {value!r}"
