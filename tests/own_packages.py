"""Packages of one's own, really in a folder, and programs that run beside them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def write_package(site: Path, module: str, source: str, points: dict[str, list[str]]) -> None:
    """Put a module, and what it registers in each group, into a folder for packages."""
    site.mkdir(exist_ok=True)
    (site / f"{module}.py").write_text(source)
    info = site / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    lines = [line for group, names in points.items() for line in (f"[{group}]", *names)]
    (info / "entry_points.txt").write_text("\n".join(lines))


def run_beside(site: Path, *program: object) -> str:
    """Run Python beside the packages of a folder, in the folder around it; return what it prints.

    Raises:
        AssertionError: If it does not end well.
    """
    path = os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH", "")]))
    done = subprocess.run(
        [sys.executable, *map(str, program)],
        cwd=site.parent, env=os.environ | {"PYTHONPATH": path},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout
