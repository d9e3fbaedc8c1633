from __future__ import annotations

from pathlib import Path

import pytest

from tuner.definition import StudySpec

from .studies import make_spec


@pytest.fixture
def spec(tmp_path: Path) -> StudySpec:
    """A study of 4 epochs of 10 updates."""
    return make_spec(tmp_path)
