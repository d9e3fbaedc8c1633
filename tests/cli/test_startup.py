"""Commands that need no study start without what studies need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tuner.schedules import Cosine, save_schedule

pytestmark = pytest.mark.usefixtures("processes")

HEAVY = {"optuna", "sqlalchemy", "mxnet", "torch", "plotly", "numpy", "scipy", "pandas"}
COMMANDS = [
    ["-h"],
    ["run", "-h"],
    ["--version"],
    ["rnu"],
    ["run", "--wrong"],
    ["show", "best.json"],
    ["lint", "train.py"],
]


def test_help_show_and_lint_load_no_framework(tmp_path: Path) -> None:
    save_schedule(Cosine(base_lr=0.3, final_lr=0.01, horizon=100), tmp_path / "best.json")
    (tmp_path / "train.py").write_text("print('a training')\n")
    program = (
        "import sys\n"
        "from tuner.cli.main import main\n"
        f"for command in {COMMANDS!r}:\n"
        "    sys.argv = ['tuner', *command]\n"
        "    try:\n"
        "        main()\n"
        "    except SystemExit:\n"
        f"        loaded = {HEAVY!r} & {{*sys.modules}}\n"
        "        assert not loaded, (command, loaded)\n"
        "    else:\n"
        "        raise AssertionError(command)\n"
        "print('done')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout.endswith("done\n"), done.stderr
