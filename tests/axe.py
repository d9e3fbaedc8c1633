"""What axe-core finds wrong with a page for who does not see it, or uses no pointer."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from .browser import Browser

_RUN = """
const done = arguments[0];
// What a chart draws is one picture to it, told by its label: to look into each takes ten seconds.
const options = { resultTypes: ["violations"] };
axe.run({ exclude: [".main-svg"] }, options).then((found) => done(found.violations.map((each) =>
  each.id + ": " + each.nodes.slice(0, 3).map((node) => node.target.join(" ")).join(", "))));
"""


def violations(page: Browser) -> list[str]:
    """Return the rules that the page that is open breaks, and where."""
    # The package is of another driver of browsers; of it the script alone is wanted.
    package = importlib.util.find_spec("axe_playwright_python")
    assert package is not None, "axe-core is needed: `pip install -e '.[dev]'` installs it"
    assert package.origin is not None
    script = Path(package.origin).with_name("axe.min.js").read_text(encoding="utf-8")
    page.driver.execute_script(script)
    found: list[str] = page.driver.execute_async_script(_RUN)
    return found
