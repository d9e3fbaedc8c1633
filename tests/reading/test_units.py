"""Durations with a unit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.errors import TunerError, UnitError
from tuner.reading import Clock, Duration

CLOCK = Clock(updates_per_epoch=235, horizon=7050)


@pytest.mark.parametrize(
    ("text", "updates"),
    [
        ("0up", 0),
        ("500up", 500),
        ("500.0up", 500),
        ("1ep", 235),
        ("1.5ep", 352),
        ("30ep", 7050),
        ("0.1dur", 705),
        ("1dur", 7050),
        ("1e-1dur", 705),
        ("1e3up", 1000),
        (" 2 ep ", 470),
    ],
)
def test_durations_in_updates(text: str, updates: int) -> None:
    found = Duration.parse(text).updates(CLOCK)
    assert found == updates
    assert type(found) is int


@pytest.mark.parametrize("value", ["500", "0.5", 500, 0.5, None, [], "1e3", "-3", "nan"])
def test_without_a_unit(value: object) -> None:
    with pytest.raises(UnitError, match=r"has no unit\. Write '.*up' \(updates\)") as caught:
        Duration.parse(value)
    assert repr(value) in str(caught.value)


def test_the_message_shows_how_to_write_the_number() -> None:
    with pytest.raises(UnitError) as caught:
        Duration.parse("470")
    assert str(caught.value) == (
        "'470' has no unit. Write '470up' (updates), '1ep' (epochs) or '0.1dur' (share of the"
        " horizon)."
    )


@pytest.mark.parametrize("text", ["-1ep", "2 epochs", "2EP", "ep", "", "1ep2", "1,5ep", "infep"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(UnitError, match=r"is not a duration of 0 or more\. Write '500up'"):
        Duration.parse(text)


@pytest.mark.parametrize("text", ["1.5up", "1e-3up"])
def test_parts_of_an_update(text: str) -> None:
    with pytest.raises(UnitError, match="is not a whole number of updates"):
        Duration.parse(text)


def test_unit_errors_are_value_errors_of_the_package() -> None:
    assert issubclass(UnitError, TunerError)
    assert issubclass(UnitError, ValueError)


@given(st.integers(0, 99_999), st.sampled_from(["ep", "up", "dur"]))
def test_text_of_a_duration_reads_back(amount: int, unit: str) -> None:
    duration = Duration.parse(f"{amount}{unit}")
    assert duration == Duration(amount, unit)
    assert Duration.parse(str(duration)) == duration
