"""The README is short, runs as printed, and shows and links what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .docs_page import ROOT, blocks
from .test_docs import PAGES, run_pages

README = ROOT / "README.md"
TEXT = README.read_text(encoding="utf-8")
# Where the repository is once it is published; PyPI shows no relative images and links.
HOME = "https://github.com/schedule-tuner/schedule-tuner/blob/main/"
IMAGES = "https://raw.githubusercontent.com/schedule-tuner/schedule-tuner/main/"


def test_it_is_short() -> None:
    assert len(TEXT.splitlines()) <= 200


@pytest.mark.usefixtures("processes")
def test_its_blocks_run_as_printed_one_after_the_other(tmp_path: Path) -> None:
    # Among them what somebody new pastes: one file that tunes a PyTorch network.
    (pasted,) = [block.text for block in blocks(TEXT) if block.language == "sh"]
    file = pasted.partition("<<'END'\n")[2].partition("END\n")[0]
    assert "tuner.tune(" in file
    assert len([line for line in file.splitlines() if line]) <= 15
    done = run_pages(tmp_path, README)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "README" / "mine" / "report.html").is_file()


def anchors(page: Path) -> set[str]:
    """Return what a link may end in after ``#``, as GitHub makes it of headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_its_links_lead_to_files_of_the_repository() -> None:
    links = re.findall(re.escape(HOME) + r"([^\s)#]+)(?:#([\w-]+))?", TEXT)
    assert len(links) > 10
    for path, anchor in links:
        assert (ROOT / path).is_file(), path
        assert not anchor or anchor in anchors(ROOT / path), anchor
    used = set(re.findall(r"\]\[([\w ]+)\]", TEXT))
    assert used == set(re.findall(r"^\[([\w ]+)\]: ", TEXT, re.MULTILINE))


def test_its_image_is_there() -> None:
    shown = re.findall(r'<img [^>]*src="([^"]+)"', TEXT) + re.findall(r"!\[[^]]*\]\((\S+)\)", TEXT)
    assert shown
    for url in shown:
        assert url.startswith(IMAGES)
        assert (ROOT / url.removeprefix(IMAGES)).is_file()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_images_of_a_page_are_there(page: Path) -> None:
    for path in re.findall(r"!\[[^]]*\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / path).is_file(), path
