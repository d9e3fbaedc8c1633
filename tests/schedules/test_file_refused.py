"""Schedule files that cannot be trusted are refused with the reason."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tuner.errors import ScheduleFileError
from tuner.schedules import Cosine, MultiFactor, load_schedule, save_schedule

SCHEDULE = Cosine(base_lr=0.5, horizon=100, final_lr=0.01, warmup_steps=20)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save_schedule(
        SCHEDULE, tmp_path / "best.json", updates_per_epoch=10, provenance={"trial": 7, "n": [1.5]}
    )
    return tmp_path / "best.json"


def refusal(path: Path) -> str:
    with pytest.raises(ScheduleFileError) as caught:
        load_schedule(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert message.endswith(".")
    return message


def seal(document: dict[str, Any]) -> bytes:
    """Write a document with the digest that belongs to it, as a forger would."""
    content = {key: value for key, value in document.items() if key != "sha256"}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return json.dumps({**content, "sha256": digest}).encode()


# --- files that are none ---


def test_missing(tmp_path: Path) -> None:
    assert "cannot be read: No such file or directory" in refusal(tmp_path / "best.json")


def test_directory(tmp_path: Path) -> None:
    assert "cannot be read: Is a directory" in refusal(tmp_path)


def test_below_a_file(path: Path) -> None:
    assert "cannot be read: Not a directory" in refusal(path / "best.json")


def test_unreadable() -> None:
    # A file that nobody can read from its start, root neither.
    assert "cannot be read: Input/output error" in refusal(Path("/proc/self/mem"))


def test_impossible_path(tmp_path: Path) -> None:
    assert "cannot be read: embedded null byte" in refusal(tmp_path / "a\0b")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"\x80\x04\x95\xff", "is not text"),
        ('{"format": "η"}'.encode("utf-16"), "is not text"),
        (b"\0\0\0\0", "is not valid JSON"),
        (b"base_lr: 0.1", "is not valid JSON"),
        (b"[1, 2]", "holds no JSON object but a list"),
        (b"3", "holds no JSON object but a int"),
        (b"null", "holds no JSON object but a NoneType"),
        (b"{}", "has format None, but a schedule file has 'tuner.schedule/1'"),
        (b"[" * 100_000, "is nested too deeply"),
        (b'{"a":' * 100_000, "is nested too deeply"),
        (b" " * (16 * 2**20) + b"{}", "is larger than 16777216 bytes"),
        (b"9" * 5_000, "is not valid JSON"),
        (b'{"format": NaN}', "NaN is not a number that JSON has"),
        (b'{"format": -Infinity}', "-Infinity is not a number that JSON has"),
        (b'{"format": 1e999}', "1e999 is not a number that JSON has"),
        (b'{"format": 1, "format": 2}', "the key 'format' is there twice"),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_other_content(content: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / "best.json").write_bytes(content)
    assert reason in refusal(tmp_path / "best.json")


def test_nesting_near_the_limit_is_an_answer_too(path: Path) -> None:
    document = json.loads(path.read_text())
    text = json.dumps({**document, "provenance": {"value": "here"}})
    for depth in range(800, 1100, 7):
        path.write_text(text.replace('"here"', "[" * depth + "]" * depth))
        refusal(path)


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (
            "tuner.schedule/3",
            "this version reads up to 'tuner.schedule/2'. Upgrade tuner.",
        ),
        ("tuner.schedule/10", "Upgrade tuner."),
        ("tuner.schedule/0", "but a schedule file has 'tuner.schedule/1'"),
        ("tuner.schedule/x", "but a schedule file has 'tuner.schedule/1'"),
        ("tuner.schedule/" + "9" * 5_000, "but a schedule file has 'tuner.schedule/1'"),
        ("tuner.schedule/²", "but a schedule file has 'tuner.schedule/1'"),
        ("tuner.study/1", "has format 'tuner.study/1', but a schedule file has"),
        (7, "has format 7, but"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_other_formats(found: object, reason: str, path: Path) -> None:
    document = json.loads(path.read_text())
    path.write_bytes(seal({**document, "format": found, "new_key": 1}))
    assert reason in refusal(path)


# --- files that were touched ---


def test_every_truncation_is_found(path: Path) -> None:
    content = path.read_bytes().rstrip()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        refusal(path)


def test_every_changed_byte_is_found(path: Path) -> None:
    content = path.read_bytes()
    for position in range(len(content)):
        changed = bytearray(content)
        changed[position] ^= 1
        path.write_bytes(changed)
        try:
            content_is_the_same = json.loads(changed) == json.loads(content)
        except ValueError:
            content_is_the_same = False
        if content_is_the_same:
            # A digit beyond the precision of a float.
            assert load_schedule(path) == SCHEDULE
        else:
            refusal(path)


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda d: d["schedule"]["params"].update(base_lr=0.6), "reloads to 0.03 at update 1 but"),
        (lambda d: d["check"].__setitem__(0, [1, 0.026]), "at update 1 but records 0.026"),
        (lambda d: d["check"].pop(), "does not match its sha256"),
        (lambda d: d["provenance"].update(trial=8), "does not match its sha256"),
        (lambda d: d.update(batch_size=256), "does not match its sha256"),
        (lambda d: d.update(sha256=None), "does not match its sha256"),
    ],
)
def test_edits_are_found(edit: Callable[[Any], Any], reason: str, path: Path) -> None:
    document = json.loads(path.read_text())
    edit(document)
    path.write_text(json.dumps(document))
    message = refusal(path)
    assert reason in message
    assert "The file was edited or is damaged: export it again." in message


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda d: d.pop("check"), "missing key 'check'"),
        (lambda d: d.update(chek=[]), "unknown key 'chek' (did you mean 'check'?)"),
        (lambda d: d["schedule"].update(family="cosin"), "unknown family 'cosin' (did you mean"),
        (lambda d: d["schedule"].update(family="os.system"), "unknown family 'os.system'. Known:"),
        (lambda d: d["schedule"]["params"].pop("horizon"), "missing parameter 'horizon'"),
        (lambda d: d["schedule"]["params"].update(gamma=1), "unknown parameter 'gamma'"),
        (lambda d: d["schedule"]["params"].update(base_lr=None), "`base_lr` must be a finite"),
        (lambda d: d["schedule"]["params"].update(final_lr=0.7), "`0 <= final_lr <= base_lr`"),
        (lambda d: d["schedule"]["params"].update(horizon=1e2), "must be a whole number"),
        (lambda d: d.update(schedule=[]), "a schedule must be {'family': ..., 'params': ...}"),
        (lambda d: d.update(horizon=99), "`horizon` must be that of the schedule"),
        (lambda d: d["units"].update(time="epochs"), "`units` must be {"),
        (lambda d: d.update(past_horizon="periodic"), "`past_horizon` must be 'constant at"),
        (lambda d: d.update(updates_per_epoch=0), "must be 1 or more, or null"),
        (lambda d: d.update(batch_size=True), "must be 1 or more, or null"),
        (lambda d: d.update(provenance=[]), "`provenance` must be an object"),
        (lambda d: d.update(check=[]), "`check` must be pairs"),
        (lambda d: d.update(check={}), "`check` must be pairs"),
        (lambda d: d.update(check=[[1]]), "`check` must be pairs"),
        (lambda d: d.update(check=[[1, "0.1"]]), "`check` must be pairs"),
        (lambda d: d.update(check=[[-1, 0.1]]), "`check` must be pairs"),
        (lambda d: d.update(check=[[1, 10**400]]), "`check` must be pairs"),
        (lambda d: d["check"][3].__setitem__(1, 0.4), "at update 40 but records 0.4"),
    ],
)
def test_what_contradicts_itself_is_refused_even_if_sealed(
    edit: Callable[[Any], Any], reason: str, path: Path
) -> None:
    document = json.loads(path.read_text())
    edit(document)
    path.write_bytes(seal(document))
    assert reason in refusal(path)


def test_the_seal_of_these_tests_is_the_right_one(path: Path) -> None:
    path.write_bytes(seal(json.loads(path.read_text())))
    assert load_schedule(path) == SCHEDULE


def test_rounding_of_another_machine_is_accepted(path: Path) -> None:
    document = json.loads(path.read_text())
    document["check"] = [[update, lr * (1 + 5e-13)] for update, lr in document["check"]]
    path.write_bytes(seal(document))
    assert load_schedule(path) == SCHEDULE


def test_lists_become_tuples(tmp_path: Path) -> None:
    schedule = MultiFactor(base_lr=0.5, horizon=9, decay_factor=0.5, milestones=(3, 6))
    save_schedule(schedule, tmp_path / "best.json")
    loaded = load_schedule(tmp_path / "best.json")
    assert isinstance(loaded, MultiFactor)
    assert loaded.milestones == (3, 6)
