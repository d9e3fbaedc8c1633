"""Who sees colours otherwise tells the families apart, and everybody sees them on the page."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pytest

from tuner.report.figures.style import (
    ACCENT,
    COLLAPSED,
    GREY,
    SCALE,
    family_colour,
    family_dash,
    family_symbol,
)
from tuner.schedules import FAMILIES

Colour = npt.NDArray[np.float64]

PAGES = {"light": "#ffffff", "dark": "#14161a"}
IN_THE_DARK = "#e7e9ed"  # what the page makes of COLLAPSED there
# Machado, Oliveira and Fernandes 2009, severity 1, of linear RGB.
VISIONS = {
    "all colours": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
         [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
         [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
         [0.004733, 0.691367, 0.303900]]
    ),
}  # fmt: skip
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
     [0.0193339, 0.1191920, 0.9503041]]
)  # fmt: skip
NOTICED = 18.0  # CIE 1976; 2.3 is just noticeable side by side


def linear(colour: str) -> Colour:
    parts = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """Return the contrast of WCAG 2."""
    low, high = sorted(float(XYZ[1] @ linear(colour)) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(colour: str, vision: Colour) -> Colour:
    white = np.array([0.95047, 1.0, 1.08883])
    x = XYZ @ np.clip(vision @ linear(colour), 0, 1) / white
    root = np.where(x > 0.008856, np.cbrt(x), 7.787 * x + 16 / 116)
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


def apart(one: str, other: str, vision: str) -> float:
    return float(np.linalg.norm(lab(one, VISIONS[vision]) - lab(other, VISIONS[vision])))


@pytest.mark.parametrize("page", PAGES)
def test_colours_stand_out_from_the_page(page: str) -> None:
    used = {*map(family_colour, FAMILIES), ACCENT, GREY, *(colour for _, colour in SCALE)}
    faint = {colour for colour in used if contrast(colour, PAGES[page]) < 3}
    assert faint == set()


@pytest.mark.parametrize("vision", VISIONS)
def test_families_that_look_alike_are_dashed_otherwise(vision: str) -> None:
    alike = [
        (one, other)
        for one, other in itertools.combinations(FAMILIES, 2)
        if apart(family_colour(one), family_colour(other), vision) < NOTICED
    ]
    assert [pair for pair in alike if len({*map(family_dash, pair)}) == 1] == []
    assert len({*map(family_symbol, FAMILIES)}) == len(FAMILIES)


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("mark", [COLLAPSED, IN_THE_DARK])
def test_a_collapse_looks_like_no_family(vision: str, mark: str) -> None:
    assert min(apart(mark, family_colour(family), vision) for family in FAMILIES) > 25
    assert "x" not in map(family_symbol, FAMILIES)
