"""A private PostgreSQL server for a test, stopped and started as the test wants."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PASSWORD = "Ph4-se(ret"  # in a URL: Ph4-se%28ret
_ADMIN = "tuner_admin"


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _program(name: str) -> str:
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    search = os.pathsep.join([os.environ.get("PATH", ""), *map(str, places)])
    found = shutil.which(name, path=search)
    assert found, f"{name} of PostgreSQL is needed: `make postgresql` installs it"
    return found


class PostgreSQL:
    """A server with its data in a folder of its own, on a free port of this machine.

    Every role needs a password there.
    """

    def __init__(self, folder: Path, *, fsync: bool = False) -> None:
        self.folder, self.port = folder, free_port()
        self._data = folder / "data"
        password = folder / "password"
        password.write_text(PASSWORD)
        self._own(folder, password)
        self._run(
            "initdb", "-D", self._data, "-U", _ADMIN, "--auth=scram-sha-256", "--no-sync",
            "--encoding=UTF8", "--locale=C", "--pwfile", password,
        )  # fmt: skip
        with (self._data / "postgresql.conf").open("a") as file:
            file.write(
                f"port = {self.port}\nlisten_addresses = '127.0.0.1'\n"
                f"unix_socket_directories = '{folder}'\nfsync = {'on' if fsync else 'off'}\n"
            )

    @property
    def url(self) -> str:
        """The URL of its database, with the password."""
        return self.url_with(PASSWORD.replace("(", "%28"))

    def url_with(self, password: str) -> str:
        """Return its URL with another password."""
        return f"postgresql+psycopg://{_ADMIN}:{password}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._control("start", "-w", "-l", self.folder / "log")

    def stop(self, mode: str = "fast") -> None:
        """Stop it: ``"fast"`` in order, ``"immediate"`` as a crash does."""
        self._control("stop", "-w", "-m", mode)

    def renew(self) -> None:
        """Start it if it was stopped, and take all tables away."""
        import psycopg

        if not (self._data / "postmaster.pid").exists():
            self.start()
        with psycopg.connect(self.url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")

    def query(self, statement: str) -> list[tuple[object, ...]]:
        """Return the rows of a statement."""
        import psycopg

        address = self.url.replace("+psycopg", "")
        with psycopg.connect(address, autocommit=True) as connection:
            return connection.execute(statement.encode()).fetchall()

    def _control(self, *what: object) -> None:
        self._run("pg_ctl", "-D", self._data, *what)

    def _own(self, *paths: Path) -> None:
        if os.geteuid() == 0:  # PostgreSQL refuses to be run by root
            for path in paths:
                shutil.chown(path, "postgres", "postgres")

    def _run(self, program: str, *options: object) -> None:
        command = [_program(program), *map(str, options)]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        # Not into a pipe: the server would hold it open.
        with (self.folder / "commands").open("a+") as said:
            done = subprocess.run(command, cwd=self.folder, stdout=said, stderr=said, check=False)
            said.seek(0)
            assert done.returncode == 0, said.read()


@contextmanager
def postgresql(*, fsync: bool = False) -> Iterator[PostgreSQL]:
    """Give a server that runs, and stop it at the end."""
    # Not below pytest's folder, which is closed to other users such as `postgres`.
    with tempfile.TemporaryDirectory(prefix="tuner-pg-", ignore_cleanup_errors=True) as folder:
        server = PostgreSQL(Path(folder), fsync=fsync)
        server.start()
        try:
            yield server
        finally:
            if (server.folder / "data" / "postmaster.pid").exists():
                server.stop("immediate")
