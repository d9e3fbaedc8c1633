"""`tuner lint` on other people's trainings: how many of its findings are right.

    python benchmarks/lint.py FOLDER... [LABEL=FOLDER ...]

Looks at every Python file and notebook of the folders, each a package or repository; a folder
called `owner+name@commit` needs no label. Nothing of them is run, and a file without a word of
schedulers is not read. Every finding has been read beside its source: what the reader said of each
is in benchmarks/results/lint_verdicts.json, `right`, `meant` (true, but on purpose, as in a test
of a scheduler's edges) or `wrong`, with the reason. Findings that it lacks are printed, and
counted as unread. `meant` counts as wrong.

Writes benchmarks/results/lint.json: files, findings by rule and verdict, and of how many
schedulers of PyTorch it is told whether they are stepped after every update or every epoch.
"""

from __future__ import annotations

import argparse
import collections
import json
import re
import sys
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from surroundings import surroundings

import tuner
from tuner.linting import NOT_READ
from tuner.linting.checks import check_program
from tuner.linting.lengths import Training
from tuner.linting.source import Program, read_source
from tuner.linting.source.known import MAKERS
from tuner.linting.source.modules import read_text

RESULTS = Path(__file__).parent / "results" / "lint.json"
VERDICTS = Path(__file__).parent / "results" / "lint_verdicts.json"
SUFFIXES = (".py", ".ipynb")
WORDS = re.compile("|".join(["scheduler", *MAKERS]).encode())


def main() -> None:
    """Measure, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Plain)
    parser.add_argument("folders", nargs="+", metavar="[LABEL=]FOLDER")
    begun, found = time.time(), dict[tuple[str, ...], str]()
    with ProcessPoolExecutor() as pool:
        packages = list(pool.map(_read, parser.parse_args().folders))
    for package in packages:
        found |= package.found
    verdicts = {_key(row): row["verdict"] for row in json.loads(VERDICTS.read_text())}
    for key in sorted(found.keys() - verdicts.keys()):
        print("unread:", *key, found[key])
    by_rule: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for key in found:
        by_rule[key[-1]][verdicts.get(key, "unread")] += 1
    total: collections.Counter[str] = sum(by_rule.values(), collections.Counter())
    read = total.total() - total["unread"]
    counts: collections.Counter[str] = sum(
        (each.counts for each in packages), collections.Counter()
    )
    results = {
        "files": counts["files"],
        "read": counts["read"],
        "with_a_scheduler": counts["with a scheduler"],
        "refused": counts["refused"],
        "cells_passed_over": counts["cells passed over"],
        "torch_schedulers": counts["torch schedulers"],
        "of_these_known_when_stepped": counts["known when stepped"],
        "findings": total,
        "share_right": round(total["right"] / read, 3) if read else None,
        "by_rule": by_rule,
        "seconds": round(time.time() - begun),
        "packages": {each.label: each.counts["files"] for each in packages},
        **surroundings("schedule-tuner"),
    }
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    print(json.dumps({key: results[key] for key in list(results)[:10]}, indent=1))


def _read(argument: str) -> _Package:
    warnings.simplefilter("ignore")  # of what the files' own texts say, as invalid escapes
    label, _, folder = argument.rpartition("=")
    package = _Package(label or Path(folder).name, Path(folder))
    package.read()
    print(package.label, dict(package.counts), len(package.found), file=sys.stderr)
    return package


class _Package:
    """A folder that is read, with what was found in it."""

    def __init__(self, label: str, folder: Path) -> None:
        self.label, self.folder = label, folder
        self.counts: collections.Counter[str] = collections.Counter()
        self.found: dict[tuple[str, ...], str] = {}

    def read(self) -> None:
        for path in self._files():
            self.counts["files"] += 1
            if not WORDS.search(path.read_bytes()):
                continue
            self.counts["read"] += 1
            try:
                program, broken = read_source(read_text(path), str(path))
            except (tuner.TunerError, OSError, ValueError, SyntaxError):
                self.counts["refused"] += 1
                continue
            self._count(program, str(path))
            found = [
                each.settled(str(path))
                for each in broken + check_program(program, Training(None, None, None))
            ]
            for finding in found:
                if finding.rule == NOT_READ:
                    self.counts["cells passed over"] += 1
                    continue
                file = Path(finding.file or path)
                row = {
                    "package": self.label.partition("@")[0],
                    "file": file.relative_to(self.folder).as_posix(),
                    "cell": finding.cell,
                    "line": finding.line,
                    "rule": finding.rule,
                }
                self.found[_key(row)] = finding.message

    def _files(self) -> Iterator[Path]:
        for path in sorted(self.folder.rglob("*")):
            if path.suffix in SUFFIXES and path.is_file() and not path.is_symlink():
                yield path

    def _count(self, program: Program, file: str) -> None:
        """Count the schedulers of PyTorch, and those whose steps are understood."""
        here = [each for each in program.schedulers if each.place.file == file]
        self.counts["with a scheduler"] += any(each.maker is not None for each in here)
        known = {}  # a line that is run twice is one
        for each in here:
            if each.maker is not None and each.maker.counts == "steps" and not each.ours:
                known[each.place] = known.get(each.place, False) or bool(program.counts(each))
        self.counts["torch schedulers"] += len(known)
        self.counts["known when stepped"] += sum(known.values())


def _key(row: dict[str, Any]) -> tuple[str, ...]:
    place = ":".join(str(row[part]) for part in ("cell", "line") if row[part] is not None)
    return row["package"], row["file"], place, row["rule"]


class _Plain(argparse.RawDescriptionHelpFormatter):
    """Keeps the lines of the description."""


if __name__ == "__main__":
    main()
