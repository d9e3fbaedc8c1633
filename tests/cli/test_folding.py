"""Lines that are folded for a screen lose and break nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tuner.cli.folding import behind, fold

words = st.lists(st.text("abc-/:.", min_size=1, max_size=30), min_size=1)


@given(words, st.integers(5, 100), st.integers(0, 20))
def test_words_stay_whole_and_lines_fit(words: list[str], width: int, hang: int) -> None:
    lines = fold(" ".join(words), width, hang=hang)
    assert [word for line in lines for word in line.split()] == words
    for line in lines:
        assert len(line) <= width or len(line.split()) == 1


def test_what_is_typed_is_never_broken() -> None:
    typed = "`tuner run mine/studies/quickstart.toml --no-confirm`"
    assert typed in fold(f"Type {typed} now.", 20)


@given(words, st.integers(30, 100))
def test_a_label_stays_beside_its_text(words: list[str], width: int) -> None:
    first, *others = behind("label     ", " ".join(words), width)
    assert first.startswith(f"label     {words[0]}")
    assert all(line.startswith(" " * 10) for line in others)
