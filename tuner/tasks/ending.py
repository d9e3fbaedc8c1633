"""Ends all processes of a command, those that a launcher put into sessions of their own too.

Run as a program, it does so when its stdin ends: when whoever started the command is gone, even
killed. It imports nothing of the package, for it runs beside every command.
"""

from __future__ import annotations

import contextlib
import os
import sys

# The variable by which a process of a command is known.
MARK = "TUNER_TRIAL"


def end_all(mark: str, root: int, patience: float) -> None:
    """End the processes of a command: SIGTERM, and SIGKILL for those that ignore it.

    Args:
        mark: What the variable has.
        root: The number of the first process, which leads a group.
        patience: Seconds between the two.
    """
    import psutil

    def marked() -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                is_ours = process.environ().get(MARK) == mark or _group(process.pid) == root
                if is_ours and process.pid != os.getpid():
                    found.append(process)
        return found

    found = marked()
    for process in found:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    psutil.wait_procs(found, timeout=patience)
    for process in marked():
        with contextlib.suppress(psutil.Error):
            process.kill()


def _group(pid: int) -> int:
    return os.getpgid(pid) if hasattr(os, "getpgid") else 0


if __name__ == "__main__":
    while os.read(0, 1):
        pass
    end_all(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
