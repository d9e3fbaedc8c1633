"""What ``tuner storage-proxy`` says; ``storage/test_postgresql.py`` has workers behind one."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ..servers import free_port

pytestmark = pytest.mark.usefixtures("processes")


def test_it_says_where_it_listens_once_it_does(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "tuner", "storage-proxy", "--port", str(port)]
    command += ["--storage", f"sqlite:///{tmp_path}/study.db"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        assert said == f"workers use --storage grpc://localhost:{port}; Ctrl-C ends it\n"
        second = subprocess.run(command, capture_output=True, text=True, check=False)
        assert second.returncode == 2
        assert f"error: localhost:{port} must be free to listen on" in second.stderr
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


def test_without_grpc_it_only_says_what_is_missing(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['grpc'] = None;"
        f"sys.argv = ['tuner', 'storage-proxy', '--storage', 'sqlite:///{tmp_path}/study.db'];"
        "from tuner.cli.main import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: A storage proxy needs grpc: ")
