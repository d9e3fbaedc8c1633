"""What is no database of a study: why it is refused, and that it is left alone."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tuner.storage import close, open_storage

from .databases import refusal, tree, url_of


def test_a_missing_database(path: Path) -> None:
    message = refusal(url_of(path), create=False)
    assert message == (
        f"The database {path} must exist, but does not. Check the path, or start a study with"
        " `tuner run STUDY.toml`."
    )
    assert list(path.parent.iterdir()) == []


def other_sqlite(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE customers (name)")
        connection.execute("INSERT INTO customers VALUES ('Ada')")
    connection.close()


def other_sqlite_that_logs_ahead(path: Path) -> None:
    other_sqlite(path)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    connection.close()


def other_sqlite_with_a_log(path: Path) -> None:
    """Leave a write-ahead log behind, as a program that crashed does."""
    crash(path, "c.execute('PRAGMA journal_mode = WAL')", "")


def other_sqlite_with_a_journal(path: Path) -> None:
    """Leave a transaction behind that must be taken back."""
    crash(path, "c.execute('PRAGMA cache_size = 2')", "c.execute('BEGIN')")


def crash(path: Path, before: str, begin: str) -> None:
    program = f"""
import os, sqlite3, sys
c = sqlite3.connect(sys.argv[1], isolation_level=None)
c.execute("PRAGMA synchronous = OFF")
{before}
c.execute("CREATE TABLE customers (name)")
{begin}
for _ in range(2000):
    c.execute("INSERT INTO customers VALUES (?)", ("x" * 100,))
os._exit(0)
"""
    subprocess.run([sys.executable, "-c", program, path], check=True)
    assert len(list(path.parent.iterdir())) > 1


def damaged_sqlite(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 40)


def cut_off_optuna(path: Path) -> None:
    close(open_storage(url_of(path), create=True))
    path.write_bytes(path.read_bytes()[:5000])


def optuna_of_the_future(path: Path) -> None:
    close(open_storage(url_of(path), create=True))
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'v99.0.0.a'")
    connection.close()


def text_file(path: Path) -> None:
    path.write_text("a text, and a longer one than the head of an SQLite file\n")


@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (text_file, "must be an SQLite database, but is another kind of file"),
        (Path.mkdir, "must be an SQLite database, but is a folder or device"),
        (other_sqlite, "must be Optuna's or empty, but has other tables (customers)"),
        (other_sqlite_that_logs_ahead, "must be Optuna's or empty, but has other tables (cust"),
        (other_sqlite_with_a_log, "must be Optuna's or empty, but has other tables (customers)"),
        (other_sqlite_with_a_journal, "must be Optuna's or empty, but has other tables (cust"),
        (damaged_sqlite, "cannot be used: "),
        (cut_off_optuna, "cannot be used: database disk image is malformed"),
        (optuna_of_the_future, "cannot be used: "),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_is_not_a_database_of_optunas(
    tmp_path: Path, path: Path, processes: None, make: object, words: str, create: bool
) -> None:
    make(path)
    # The shared memory of the log is not content: whoever reads it marks his place there.
    before = {name: what for name, what in tree(tmp_path).items() if not name.endswith("-shm")}
    for write in (True, False):
        message = refusal(url_of(path), create=create, write=write)
        assert words in message
        assert "\n" not in message
    after = {name: what for name, what in tree(tmp_path).items() if not name.endswith("-shm")}
    assert after == before


LOOK = """
import ctypes, os, sys
import optuna
from tuner.errors import StorageError
from tuner.storage.opening import close, open_storage
url, folder, *again = sys.argv[1:]
if not again:
    storage = open_storage(url, create=True)
    optuna.create_study(study_name="s", storage=storage)
    close(storage)
    os.chmod(folder, 0o555)
    if os.getuid() == 0:
        # Root may write anywhere, if it is not started without CAP_DAC_OVERRIDE.
        assert ctypes.CDLL(None).prctl(24, 1, 0, 0, 0) == 0  # PR_CAPBSET_DROP
    os.execv(sys.executable, [*sys.orig_argv, "again"])
storage = open_storage(url, write=False)
print([study.study_name for study in storage.get_all_studies()])
close(storage)
try:
    open_storage(url)
except StorageError as error:
    print(error)
"""


@pytest.mark.usefixtures("processes")
def test_a_study_in_a_folder_that_may_not_be_written() -> None:
    """Of another user, or an archive: it can be looked at, and says why it cannot go on."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a b#é.db")
        done = subprocess.run(
            [sys.executable, "-c", LOOK, url_of(path), folder],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        Path(folder).chmod(0o755)
        assert done.returncode == 0, done.stderr
        seen, refused = done.stdout.splitlines()
        assert seen == "['s']"
        assert refused.startswith(f"The folder {folder} must be writable, because SQLite keeps")
        assert list(tree(Path(folder))) == [path.name]


def test_what_nobody_can_read_or_make(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    below = refusal(url_of(tmp_path / "file" / "a" / "study.db"))
    assert "cannot be used: Not a directory: " in below
    assert f"{tmp_path}/file" in below
    beside = refusal(url_of(tmp_path / "file" / "study.db"))
    assert f"cannot be used: File exists: {tmp_path}/file. Mend that, or name another" in beside
    # Root neither.
    assert "cannot be used: Input/output error" in refusal("sqlite:////proc/self/mem")
    assert "cannot be used: " in refusal("sqlite:////proc/nothing/study.db")
    assert "is a folder or device" in refusal("sqlite:////dev/null")
    assert tree(tmp_path) == {"file": b""}
