"""Classes by their word: the built-in ones, and those that other packages register.

A package registers a class by an entry point, whose name is the word. It is imported when its word
is first used, and checked then. So a file that names a word never leads to an import that no
installed package has registered, and a broken package stands in nobody's way.
"""

from __future__ import annotations

import functools
import importlib.metadata
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

from tuner.errors import TunerError, said

T = TypeVar("T")


class Registered(Mapping[str, type[T]], Generic[T]):
    """Classes by their word; those of other packages are imported when they are first used.

    A built-in one keeps its word, whatever another package registers.

    Args:
        built_in: The classes of this package, or where they are: ``"module:Class"``.
    """

    group: str
    """The group of the entry points."""
    noun: str
    """What a message calls such a class."""
    documented: str
    """Where it is said how such a class is written."""
    error: type[TunerError] = TunerError
    """What is raised if a registered class cannot be used."""

    def __init__(self, built_in: Mapping[str, type[T] | str]) -> None:
        self._built_in = dict(built_in)
        self._loaded: dict[str, type[T]] = {}

    def __getitem__(self, word: str) -> type[T]:
        """Return the class of a word.

        Raises:
            KeyError: If there is none.
            TunerError: If the class that a package registers for it cannot be one.
        """
        if word not in self._loaded:
            own = self._built_in.get(word)
            if own is None:
                self._loaded[word] = self._checked(word, _registered(self.group)[word])
            else:
                self._loaded[word] = self._imported(word, own) if isinstance(own, str) else own
        return self._loaded[word]

    def __iter__(self) -> Iterator[str]:
        yield from self._built_in
        yield from (word for word in _registered(self.group) if word not in self._built_in)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, word: object) -> bool:
        """Tell whether there is such a word, without importing its class."""
        return word in self._built_in or word in _registered(self.group)

    def usable(self) -> dict[str, type[T]]:
        """Return the classes by their word, without those whose package cannot give them."""
        found: dict[str, type[T]] = {}
        for word in self:
            try:
                found[word] = self[word]
            except TunerError:  # raised again when its word is used
                continue
        return found

    @abstractmethod
    def _conditions(self, word: str, cls: object) -> Iterator[tuple[bool, str]]:
        """Yield (does it hold, what a registered class must be)."""

    def _checked(self, word: str, values: tuple[str, ...]) -> type[T]:
        if len(values) > 1:
            raise self.error(
                f"{self.noun} {word!r} must be registered once, but got {' and '.join(values)}."
                " Uninstall one of the packages."
            )
        [value] = values
        try:
            cls = self._imported(word, value)
        except (Exception, SystemExit) as error:
            raise self.error(
                f"{self.noun} {word!r} must be importable from {value}, as its package registers"
                f" it, but: {said(error)}."
            ) from error
        wrong = [condition for holds, condition in self._conditions(word, cls) if not holds]
        if wrong:
            raise self.error(
                f"{value}, registered as {self.noun} {word!r}, must {', and must '.join(wrong)}."
                f" See {self.documented}."
            )
        return cls

    def _imported(self, word: str, value: str) -> type[T]:
        found: type[T] = importlib.metadata.EntryPoint(word, value, self.group).load()
        return found


@functools.cache
def _registered(group: str) -> Mapping[str, tuple[str, ...]]:
    """Return where the classes of each word are, as the installed packages register them."""
    found: dict[str, dict[str, None]] = {}
    for point in importlib.metadata.entry_points(group=group):
        # The same place twice, as of a package installed for editing, is one.
        found.setdefault(point.name, {})[point.value] = None
    return {word: tuple(sorted(values)) for word, values in sorted(found.items())}
