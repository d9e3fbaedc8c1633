"""How Sphinx builds the site; nothing here needs a network."""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

project = "Schedule Tuner"
copyright = "the maintainers of Schedule Tuner, MIT licence"
release = importlib.metadata.version("schedule-tuner")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "mathml",  # this and the next one are in docs/extensions/
    "from_code",
]
html_theme = "furo"
html_title = "Schedule Tuner"
html_show_sourcelink = False
html_math_renderer = "mathml"

myst_enable_extensions = ["colon_fence", "dollarmath", "deflist", "fieldlist"]
myst_heading_anchors = 3

add_module_names = False
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True  # as the source writes them, not as they print
autodoc_typehints_format = "short"
autodoc_default_options = {"members": True, "show-inheritance": True}
maximum_signature_line_length = 88
napoleon_numpy_docstring = False
napoleon_custom_sections = ["Source"]
# Optional frameworks, of which the reference needs the names alone.
autodoc_mock_imports = ["torch", "jax", "optax", "keras", "matplotlib", "IPython"]

# Every reference must lead somewhere, but those to other projects, which would need their
# inventories out of a network.
nitpicky = True
_OTHERS = (
    "abc", "collections", "dataclasses", "keras", "np", "npt", "optuna", "os", "pathlib",
    "pydantic", "torch", "types",
)  # fmt: skip
nitpick_ignore_regex = [("py:.*", rf"({'|'.join(_OTHERS)})(\..*)?")]
# Variables that stand for types have no entry of their own.
nitpick_ignore_regex.append(("py:(class|obj)", r"tuner\.[a-z_.]+\.[A-Z]"))
# What a finding is told of where it is, inside the package; and names as annotations have them.
nitpick_ignore_regex.append(("py:class", r"tuner\.linting\.places\.Place|Tried|DataFrame"))
