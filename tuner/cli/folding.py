"""Lines that fit the screen: folded between words, never within one, as a terminal does."""

from __future__ import annotations

import textwrap

# Stands for a space at which no line is folded.
_TIED = "\N{NO-BREAK SPACE}"


def fold(text: str, width: int, *, indent: int = 0, hang: int = 0) -> list[str]:
    """Return a text as lines, none of which breaks a word or what is in backticks.

    Args:
        text: One paragraph.
        width: How long a line may be. A longer word is left whole.
        indent: Spaces in front of every line.
        hang: More of them from the second line on.

    Example:
        >>> fold("Type `tuner init mine` first.", 18)
        ['Type', '`tuner init mine`', 'first.']
    """
    parts = text.split("`")
    parts[1::2] = [part.replace(" ", _TIED) for part in parts[1::2]]
    lines = textwrap.wrap(
        "`".join(parts),
        width,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + hang),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(_TIED, " ") for line in lines] or [""]


def behind(start: str, text: str, width: int) -> list[str]:
    """Return a text behind the start of its first line, and below itself on the others.

    Example:
        >>> behind("best  ", "trial 7, test accuracy 0.91", 26)
        ['best  trial 7, test', '      accuracy 0.91']
    """
    first, *others = fold(text, max(width - len(start), 20))
    return [(start + first).rstrip(), *(" " * len(start) + line for line in others)]
