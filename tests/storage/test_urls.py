"""Storage URLs: which are refused, where they lead, and passwords that nobody is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from tuner.errors import StorageError
from tuner.storage import default_url, hide_password, output_folder, resolve_url, storage_errors

from .databases import refusal


@pytest.mark.parametrize(
    ("url", "folder", "resolved"),
    [
        ("sqlite:///a.db", "studies", "sqlite:///studies/a.db"),
        ("sqlite:///b/a.db", "/srv", "sqlite:////srv/b/a.db"),
        ("sqlite:////srv/a.db", "studies", "sqlite:////srv/a.db"),
        ("sqlite+pysqlite:///a.db", "x", "sqlite+pysqlite:///x/a.db"),
        ("sqlite:///a.db?timeout=9", "x", "sqlite:///x/a.db?timeout=9"),
        (
            "postgresql+psycopg://me:pw@host:5432/db",
            "x",
            "postgresql+psycopg://me:pw@host:5432/db",
        ),
        ("mysql+pymysql://me@host/db", "x", "mysql+pymysql://me@host/db"),
    ],
)
def test_relative_paths(url: str, folder: str, resolved: str) -> None:
    assert resolve_url(url, Path(folder)) == resolved


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("study.db", "must be a storage URL such as 'sqlite:///study.db', but got 'study.db'"),
        ("", "must be a storage URL such as 'sqlite:///path/to/study.db' or 'postgresql+psycopg:"),
        ("sqlite:/a.db", "must be a storage URL such as 'sqlite:///path/to/study.db'"),
        ("postgresql://host:port/db", "must be a storage URL"),
        ("redis://host", "must be of a known kind, such as 'sqlite:///path/to/study.db' or"),
        ("sqlite+nothing:///a.db", "must be of a known kind"),
        ("sqlite://", "must be a file, as in 'sqlite:///path/to/study.db', but got 'sqlite://'"),
        ("sqlite:///:memory:", "must be a file"),
        (
            "sqlite://s/study.db",
            "must be a file, as in 'sqlite:///s/study.db' (three slashes), but got 'sqlite://s/st",
        ),
        ("sqlite://study.db", "must be a file, as in 'sqlite:///study.db' (three slashes)"),
        ("sqlite+pysqlite://./a.db", "as in 'sqlite+pysqlite:///./a.db' (three slashes)"),
        ("sqlite:///file:a.db?mode=ro&uri=true", "must be a file"),
    ],
)
def test_wrong_urls(url: str, words: str) -> None:
    with pytest.raises(ValueError, match="must be") as caught:
        resolve_url(url, Path("x"))
    assert words in str(caught.value)
    assert words in refusal(url)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql+psycopg://me:secret@host/db", "postgresql+psycopg://me:***@host/db"),
        ("postgresql://me:se/cr:et@x@host:5432/db", "postgresql://me:***@host:5432/db"),
        ("postgresql://me@host:5432/db", "postgresql://me@host:5432/db"),
        ("postgresql://host/db?password=secret&a=b", "postgresql://host/db?password=***&a=b"),
        ("postgresql//me:secret@host/db", "postgresql//me:***@host/db"),
        ("me:secret@host", "me:***@host"),
        ("sqlite:////srv/study.db", "sqlite:////srv/study.db"),
        ("sqlite:///study.db", "sqlite:///study.db"),
        ("", ""),
    ],
)
def test_passwords_are_hidden(url: str, shown: str) -> None:
    assert hide_password(url) == shown


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg2://me:secret@127.0.0.1:1/db",
        "postgresql+nothing://me:secret@127.0.0.1:1/db",
        "nothing://me:secret@127.0.0.1:1/db",
        "postgresql//me:secret@127.0.0.1:1/db",
        "postgresql://me:secret@host:port/db",
        "oracle+oracledb://me:secret@127.0.0.1:1/db",
        "sqlite://me:secret@host/study.db",
    ],
)
def test_no_message_shows_a_password(url: str) -> None:
    assert "secret" not in refusal(url)
    with pytest.raises(StorageError) as caught, storage_errors(url):
        raise OSError(28, "No space left on device")
    assert "secret" not in str(caught.value)


def test_a_driver_that_is_not_installed() -> None:
    message = refusal("oracle+oracledb://me:secret@host/db")
    assert "oracle+oracledb://me:***@host/db needs a driver that is not installed" in message
    assert "pip install 'psycopg[binary]'" in message


@pytest.mark.parametrize(
    ("url", "remedy"),
    [
        ("mysql://me@localhost:1/db", "`pip install pymysql` and mysql+pymysql://"),
        (
            "postgresql+psycopg2://me@localhost:1/db",
            "`pip install 'psycopg[binary]'` and write postgresql+psycopg://",
        ),
    ],
)
def test_a_missing_driver_is_installed_and_named(url: str, remedy: str) -> None:
    """For SQLAlchemy takes another driver where none is named."""
    assert remedy in refusal(url)


def test_default_url_and_output_folder(tmp_path: Path) -> None:
    assert default_url(Path("studies"), "small") == "sqlite:///studies/small/study.db"
    assert output_folder("sqlite:////srv/a/study.db", "s") == Path("/srv/a")
    assert output_folder("postgresql://host/db", "s") == Path("s")
    assert output_folder("sqlite:////srv/all.db", "s") == Path("/srv")
    odd = tmp_path / "a b #%20"
    assert output_folder(default_url(odd, "c"), "s") == odd / "c"
