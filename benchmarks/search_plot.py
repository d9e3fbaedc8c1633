"""The plot of benchmarks/search.py, as SVG."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 820, 460, 70, 20, 50
PLOT = 480
COLOURS = (
    "#e0652b", "#3b82d6", "#8a8f98", "#2f9e5b", "#a05fd0", "#1f9aa8", "#d6569a", "#b98a12",
    "#d64545", "#444444", "#7d5a3c", "#9aa83a",
)  # fmt: skip


def svg(grid: Sequence[float], curves: Mapping[str, Sequence[float | None]], target: float) -> str:
    """Return regrets over epochs spent, with a line at the target."""
    high = max([y for curve in curves.values() for y in curve if y], default=0) or 1.0
    bottom = HEIGHT - BOTTOM

    def x(epochs: float) -> float:
        return LEFT + PLOT * epochs / grid[-1]

    def y(regret: float) -> float:
        return bottom - (bottom - TOP) * regret / high

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
        ' font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<path d="M{LEFT},{TOP} V{bottom} H{LEFT + PLOT}" fill="none" stroke="black"/>',
        _text(LEFT + PLOT / 2, HEIGHT - 12, "epochs spent", "middle"),
        _text(LEFT, TOP - 6, "median regret, points of test accuracy", "start"),
    ]
    for share in (0.25, 0.5, 0.75, 1.0):
        parts.append(_text(x(share * grid[-1]), bottom + 18, f"{share * grid[-1]:.0f}", "middle"))
    for step in range(5):
        regret = high * step / 4
        parts.append(_text(LEFT - 6, y(regret) + 4, f"{100 * regret:.2g}", "end"))
    parts.append(
        f'<path d="M{LEFT},{y(target):.1f} H{LEFT + PLOT}" stroke="#bbb" stroke-dasharray="4"/>'
    )
    for number, (name, curve) in enumerate(curves.items()):
        colour = COLOURS[number % len(COLOURS)]
        points = [(x(e), y(r)) for e, r in zip(grid, curve, strict=True) if r is not None]
        line = " ".join(f"{px:.1f},{py:.1f}" for px, py in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        height = TOP + 10 + 20 * number
        parts.append(f'<circle cx="{LEFT + PLOT + 18}" cy="{height - 4}" r="5" fill="{colour}"/>')
        parts.append(_text(LEFT + PLOT + 28, height, name, "start"))
    return "\n".join([*parts, "</svg>\n"])


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html.escape(words)}</text>'
