"""JSON as files are written in: read strictly, and with a digest of its content."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from tuner.errors import ScheduleFileError

LARGEST_FILE = 16 * 2**20


def json_object(content: bytes, where: str) -> dict[str, Any]:
    """Read one JSON object, without repeated keys, NaN and infinity.

    Raises:
        ScheduleFileError: If it is none, with the reason.
    """
    if len(content) > LARGEST_FILE:
        raise ScheduleFileError(
            f"{where} is larger than {LARGEST_FILE} bytes, which no schedule file is."
        )
    if not content.strip():
        raise ScheduleFileError(f"{where} is empty. Export the schedule again.")
    try:
        document = json.loads(
            content.decode("utf-8"),
            object_pairs_hook=unique_keys,
            parse_constant=_refuse_number,
            parse_float=_finite_number,
        )
    except UnicodeDecodeError as error:
        raise ScheduleFileError(f"{where} is not text, so not a schedule file.") from error
    except ValueError as error:
        raise ScheduleFileError(
            f"{where} is not valid JSON, or was cut off: {error}. Export the schedule again."
        ) from error
    if not isinstance(document, dict):
        raise ScheduleFileError(
            f"{where} holds no JSON object but a {type(document).__name__}, so no schedule."
        )
    return document


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object's keys and values; a key that is there twice is a :class:`ValueError`."""
    document = dict(pairs)
    if len(document) < len(pairs):
        names = sorted(name for name, _ in pairs)
        twice = next(name for name, after in pairwise(names) if name == after)
        raise ValueError(f"the key {twice!r} is there twice")
    return document


def _refuse_number(text: str) -> float:
    raise ValueError(f"{text} is not a number that JSON has")


def _finite_number(text: str) -> float:
    return float(text) if math.isfinite(float(text)) else _refuse_number(text)


def digest(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of everything in a document but the digest itself."""
    content = {key: value for key, value in document.items() if key != "sha256"}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()
