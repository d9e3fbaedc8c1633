"""Formulas as MathML, which browsers draw by themselves: no script out of a network."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx

# LaTeX that docutils does not know, in LaTeX that it knows.
_SAME = {r"\dots": r"\ldots", r"\Big": "", r"\big": ""}


def _mathml(text: str, *, as_block: bool) -> str:
    for unknown, known in _SAME.items():
        text = text.replace(unknown, known)
    return str(tex2mathml(text, as_block=as_block))


def inline(self: Any, node: nodes.math) -> None:
    """Write a formula within a line."""
    self.body.append(_mathml(node.astext(), as_block=False))
    raise nodes.SkipNode


def block(self: Any, node: nodes.math_block) -> None:
    """Write a formula on lines of its own."""
    self.body.append(f'<div class="math">{_mathml(node.astext(), as_block=True)}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the renderer."""
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
