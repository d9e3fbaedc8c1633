"""Processes and machines as two sightings tell them apart, without a clock that can be set.

A host name is no machine: cloned images, replicas and every other laptop have the same one. And a
start in seconds since 1970 is counted from the machine's clock of today, so that it changes when
the clock does.
"""

from __future__ import annotations

import os
import socket
import uuid
from contextlib import suppress
from pathlib import Path

import psutil

# After the command's name, in parentheses, which may hold anything; see proc(5), field 22.
_START_FIELD = 22 - 3


def this_machine() -> str:
    """Name the space of this process's number: containers can share a machine, and its name.

    On Linux that is the kernel's boot: who finds another one was elsewhere, or before a restart.
    Elsewhere it is the address of the network card.
    """
    parts = [socket.gethostname()]
    try:
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
    except OSError:
        parts.append(f"{uuid.getnode():012x}")
    with suppress(OSError):
        parts.append(str(Path("/proc/self/ns/pid").readlink()))
    return " ".join(parts)


def start_of(process: psutil.Process) -> float:
    """Return when a process started, in seconds; since the machine's own start on Linux.

    To be compared with another start on the same machine alone.

    Raises:
        psutil.NoSuchProcess: If it is gone.

    Example:
        >>> start_of(psutil.Process()) == start_of(psutil.Process())
        True
    """
    with suppress(OSError, ValueError, IndexError):
        text = Path(f"/proc/{process.pid}/stat").read_text()
        ticks = int(text.rpartition(")")[2].split()[_START_FIELD])
        return ticks / os.sysconf("SC_CLK_TCK")
    return float(process.create_time())
