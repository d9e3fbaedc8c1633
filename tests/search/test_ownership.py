"""Whether the process of a trial is there."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import optuna
import psutil
import pytest

from tuner.definition import Objective
from tuner.search import summary, trial_rows
from tuner.search.ownership import OWNER, Owner, this_process
from tuner.search.processes import start_of, this_machine
from tuner.storage import set_system_attribute, storage_of


@pytest.mark.usefixtures("processes")
def test_a_killed_process_is_gone_before_anybody_waited_for_it() -> None:
    """As in a container whose first process does not ask how others ended."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        seen = psutil.Process(process.pid)
        owner = Owner("here", process.pid, start_of(seen))
        assert owner.is_alive()
        assert not owner._replace(started=owner.started - 60).is_alive()
        process.kill()
        while seen.status() != psutil.STATUS_ZOMBIE:
            pass
        assert not owner.is_alive()
    assert not owner.is_alive()


on_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux alone has")


@on_linux
def test_a_start_does_not_depend_on_the_clock() -> None:
    """It is counted from the machine's start, which nobody can set."""
    ago = time.clock_gettime(time.CLOCK_BOOTTIME) - this_process().started
    assert ago == pytest.approx(time.time() - psutil.Process().create_time(), abs=2)
    assert this_process().started < time.clock_gettime(time.CLOCK_BOOTTIME)


@pytest.mark.usefixtures("processes")
@on_linux
def test_two_machines_of_one_name_are_two(tmp_path: Path) -> None:
    """Cloned images have one host name, and process numbers of their own."""
    other = tmp_path / "boot_id"
    other.write_text("00000000-0000-4000-8000-000000000000\n")
    show = "from tuner.search.processes import this_machine; print(this_machine())"
    mount = f"mount --bind {other} /proc/sys/kernel/random/boot_id"
    alone = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    command = [
        "unshare",
        *alone,
        "--mount",
        "sh",
        "-c",
        f'{mount} && exec "$@"',
        "-",
        sys.executable,
    ]
    seen = subprocess.run([*command, "-c", show], capture_output=True, text=True, check=True)
    name, boot, space = seen.stdout.split()
    mine = this_machine().split()
    assert (name, space) == (mine[0], mine[2])
    assert boot != mine[1]


def test_a_trial_whose_process_is_gone_is_interrupted(tmp_path: Path) -> None:
    """As after a `kill -9`: to Optuna it is running for ever."""
    made = optuna.create_study(
        study_name="killed", storage=f"sqlite:///{tmp_path / 'a.db'}", direction="maximize"
    )
    storage = storage_of(made)
    me = this_process()
    gone = me._replace(started=me.started - 60)
    elsewhere = gone._replace(machine="another")
    for owner in (me, gone, elsewhere):
        number = made.ask()._trial_id
        set_system_attribute(storage, number, OWNER, owner._asdict())
    assert [row.state for row in trial_rows(made)] == ["running", "interrupted", "running"]
    assert summary("killed", trial_rows(made), 4, Objective()).states == {
        "running": 2,
        "interrupted": 1,
    }
