"""A password is shown nowhere, wherever in a study file its URL stands, however broken it is."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

import tuner
from tuner.errors import TunerError, hide_secrets

URLS = {
    "whole": "postgresql+psycopg://me:s3cret@db/tuner",
    "with an @": "postgresql+psycopg://me:s3@cret@db/tuner",
    "without a scheme": "//me:s3cret@db/tuner",
    "with a newline": "postgresql://me:s3cret\\n@db/tuner",
    "a newline first": "\\npostgresql://me:s3cret@db/tuner",
    "without slashes": "postgresql:me:s3cret@db/tuner",
    "of another kind": "redis://me:s3cret@db/tuner",
    "with a space": "postgresql://me:s3 cret@db/tuner",
    "as a parameter": "postgresql://db/tuner?password=s3cret",
}
PLACES = {
    "storage": 'storage = "{}"',
    "storage.url": '[storage]\nurl = "{}"',
    "storage.path": '[storage]\npath = "{}"',
    "storage.url, a list": '[storage]\nurl = ["{}"]',
    "search_space": 'search_space = "{}"',
    "name": 'name = "{}"',
    "budget": '[budget]\ntrials = "{}"',
    "task": '[task]\nname = "{}"\nepochs = 1',
    "an unknown key": '[budget]\ntrials = 3\n"{}" = 1',
    "an unknown table": 'databse = "{}"',
    "no TOML": "storage = {}",
    "sampler": '[sampler]\ntype = "{}"',
    "metric": '[objective]\nmetric = "{}"',
}


@pytest.mark.parametrize(("place", "kind"), [*itertools.product(PLACES, URLS)])
def test_no_mistake_shows_a_password(place: str, kind: str, tmp_path: Path) -> None:
    study = tmp_path / "study.toml"
    study.write_text(PLACES[place].format(URLS[kind]))
    with pytest.raises(TunerError) as caught:
        tuner.check_study(study)
    shown = f"{caught.value} {caught.value!r} {getattr(caught.value, 'mistakes', '')}"
    assert "s3" not in shown.replace(str(tmp_path), "")
    assert "cret" not in shown.replace(str(tmp_path), "")


@pytest.mark.parametrize(
    "text",
    [
        "`warmup_steps < horizon` must hold, but got (warmup_steps=4000, horizon=3910).",
        "'500' has no unit. Write '500up' (updates), '1ep' (epochs) or '0.1dur'.",
        "study a/b.toml has 2 mistakes",
        "write to me@example.org: thanks",
        "sqlite:////srv/a@b/study.db",
        "postgresql+psycopg://me@host:5432/db",
    ],
)
def test_what_is_no_password_stays(text: str) -> None:
    assert hide_secrets(text) == text
