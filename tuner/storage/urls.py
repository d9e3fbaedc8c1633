"""Storage URLs: reading, resolving and showing them."""

from __future__ import annotations

import re
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url

PROXY = "grpc"
_EXAMPLES = "'sqlite:///path/to/study.db' or 'postgresql+psycopg://user@host/name'"


def default_url(folder: Path, stem: str) -> str:
    """Return the URL of the SQLite file in the output folder of ``folder/stem.toml``."""
    return sqlite_url(folder / stem / "study.db")


def resolve_url(url: str, folder: Path) -> str:
    """Return a storage URL with a relative SQLite path made relative to ``folder``.

    Raises:
        ValueError: If it is no URL of a database; the message says what to write.

    Example:
        >>> resolve_url("sqlite:///a.db", Path("studies"))
        'sqlite:///studies/a.db'
    """
    parsed = parse_url(url)
    path = sqlite_path(parsed)
    if path is not None and not path.is_absolute():
        return parsed.set(database=str(folder / path)).render_as_string(hide_password=False)
    return url


def output_folder(url: str, study_name: str) -> Path:
    """Return where a study's files go: beside its SQLite file, else ``NAME/``."""
    path = sqlite_path(parse_url(url))
    return path.parent if path else Path(study_name)


def hide_password(url: str) -> str:
    """Return the URL, or what was meant as one, fit for messages, reports and files."""
    hidden = re.sub(r":(?!//).*@", ":***@", url, flags=re.DOTALL)
    return re.sub(r"(pass\w*=)[^&]*", r"\1***", hidden, flags=re.IGNORECASE)


def parse_url(url: str) -> URL:
    """Return the parts of a URL.

    Raises:
        ValueError: If it is none of a database that can be used.
    """
    hint = f"'sqlite:///{url}'" if url and not re.search(r"[:@]", url) else _EXAMPLES
    try:
        parsed = make_url(url)
        if parsed.drivername == PROXY:
            return parsed
        parsed.get_dialect()
    except sa.exc.NoSuchModuleError:
        kind = url.partition(":")[0]
        text = f"of a known kind, such as {_EXAMPLES}, but is of kind {kind!r}"
    except (sa.exc.ArgumentError, ValueError):
        text = f"a storage URL such as {hint}, but got {hide_password(url)!r}"
    except ImportError:
        return parsed  # its driver is missing, which is said when it is needed
    else:
        if "@" in (parsed.host or ""):
            text = f"a URL with '%40' for each '@' of its password, but got {hide_password(url)!r}"
            raise ValueError(f"must be {text}")
        if parsed.get_backend_name() != "sqlite":
            return parsed
        name, example = parsed.database or ":memory:", "'sqlite:///path/to/study.db'"
        if parsed.host:  # of what was meant as a path, the first folder
            example = f"{hide_password(url.replace('://', ':///', 1))!r} (three slashes)"
        elif not name.startswith((":memory:", "file:")):
            return parsed
        text = f"a file, as in {example}, but got {hide_password(url)!r}"
    raise ValueError(f"must be {text}")


def sqlite_path(url: URL) -> Path | None:
    """Return the file of an SQLite database, or None for that of a server."""
    return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None


def sqlite_url(path: Path) -> str:
    """Return the URL of an SQLite file."""
    return URL.create("sqlite", database=str(path)).render_as_string()
