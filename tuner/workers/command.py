"""The command line of a process that runs ``tuner``, as the process that starts it does."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

# `python -m tuner` would run a file `tuner.py` of the current folder. So the package is loaded
# from where this process has it; modules of a study are found as they are here; and what they see
# of the command line is what they see here. The end is for whoever reads the list of processes.
_CODE = """\
import sys
arguments = sys.argv[1:]
sys.path[:], sys.argv[:] = {path!r}, {argv!r}
from importlib import util
spec = util.spec_from_file_location('tuner', {package!r})
sys.modules['tuner'] = package = util.module_from_spec(spec)
spec.loader.exec_module(package)
from tuner.__main__ import main
main(arguments) # tuner"""


def failed_option(failed: Sequence[int]) -> list[str]:
    """Return the option by which a worker knows what the one before it failed in.

    Example:
        >>> failed_option([3, 5]), failed_option([])
        (['--failed', '3,5'], [])
    """
    return ["--failed", ",".join(map(str, failed))] if failed else []


def worker_command(
    *arguments: str, argv: Sequence[str] = (), folders: Sequence[str] = ()
) -> list[str]:
    """Return the command line of a process that is ``tuner worker``.

    Args:
        *arguments: What it is to do.
        argv: What modules of a study see as ``sys.argv``; by default what they see here.
        folders: Where such modules are looked for last, beside where they are here.

    Example:
        >>> worker_command("--study", "small")[-3:]
        ['worker', '--study', 'small']
    """
    code = _CODE.format(
        path=[*sys.path, *folders],
        argv=[*(argv or sys.argv)],
        package=str(Path(__file__).resolve().parents[1] / "__init__.py"),
    )
    return [sys.executable, "-c", code, "worker", *arguments]
