"""Whether the process of a trial is there."""

from __future__ import annotations

import subprocess
import sys

import psutil

from tuner.search.ownership import Owner


def test_a_killed_process_is_gone_before_anybody_waited_for_it() -> None:
    """As in a container whose first process does not ask how others ended."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        seen = psutil.Process(process.pid)
        owner = Owner("here", process.pid, seen.create_time())
        assert owner.is_alive()
        assert not owner._replace(started=owner.started - 60).is_alive()
        process.kill()
        while seen.status() != psutil.STATUS_ZOMBIE:
            pass
        assert not owner.is_alive()
    assert not owner.is_alive()
