"""Runs every block of pages of the documentation, in order: ``python docs_page.py PAGE.md...``.

It is a program of its own, so that pages have a fresh process. Each page works in a folder of its
own below the current one, which holds ``studies/`` and ``search_spaces/`` as a project does. A
block is

- ``python``: run, with the names of the blocks before it, or written into the file that is its
  caption,
- ``toml``: parsed, or written into the file that is its caption; a study or search space among
  them is read by the package when the page is over,
- ``console``: every line a command after ``$``; ``tuner`` runs with these arguments and must end
  as the line says (``# exit code 1``), or with 0,
- ``sh``: run by bash word for word, as somebody pastes it, but for the number of trials,
- ``json``: parsed,
- ``text``: what a program prints, and anything else that is not run.

Studies are made small before anything runs: the same definitions, fewer examples, epochs and
trials, and a confirm of one schedule on two seeds.
"""

from __future__ import annotations

import gc
import io
import json
import os
import re
import shlex
import shutil
import site
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import tuner
from tuner.cli.main import main
from tuner.definition import load_spec
from tuner.reading import Clock, read_toml
from tuner.reading.toml import tomllib
from tuner.space import load_space

# Parts of commands that cannot run in a test, and why. Keep it short.
NOT_RUN = {
    "git clone": "needs a network",
    "cd schedule-tuner": "enters the clone",
    "make ": "makes an environment and trains or tests for minutes",
    "python3 -m venv": "makes an environment that is empty",
    "./schedule-tuner": "stands for a clone; tests/test_package.py installs this one",
    "pip install '.[": "changes the environment that the tests run in",
    "pip install 'schedule-tuner": "changes the environment that the tests run in",
    "dashboard": "serves until it is stopped; tests/studies/test_dashboard.py opens it",
    "storage-proxy": "serves until it is stopped; tests/storage/test_postgresql.py starts one",
    "postgresql+psycopg://": "needs a server; tests/storage/test_postgresql.py has one",
    "grpc://": "needs a proxy on a machine called head",
    "--dask": "needs a cluster; tests/workers/test_dask.py has one",
    "sbatch": "needs Slurm",
    "kubectl": "needs Kubernetes",
}
_FENCE = re.compile(r"^(```+)(\{code-block\} )?(\w+)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
ROOT = Path(__file__).parent.parent
_SMALL = {"train_size": 176, "test_size": 64, "batch_size": 16}
_CONFIRM = {"top": 1, "seeds": 2, "max_seeds": 2}


class Block(NamedTuple):
    """A block of code: its language, the file that it is for, its text and first line."""

    language: str
    caption: str
    text: str
    line: int


def blocks(page: str) -> Iterator[Block]:
    """Yield the blocks of a page; those of directives other than ``code-block`` are none."""
    for found in _FENCE.finditer(page):
        _, is_directive, language, text = found.groups()
        caption = ""
        line = page[: found.start(4)].count("\n") + 1
        if is_directive:
            options, _, text = text.partition("\n\n")
            caption = re.findall(r"^:caption: (\S+)$", options, re.MULTILINE)[0]
            line += options.count("\n") + 2
        yield Block(language, caption, text, line)


def commands(text: str) -> Iterator[tuple[str, int]]:
    """Yield the commands of a console block and the exit code that each says it has."""
    for line in text.replace("\\\n", " ").splitlines():
        if not line.startswith("$ "):
            assert not line, f"a console block has commands alone, but got {line!r}"
            continue
        code = re.search(r"# exit code (\d+)", line)
        yield line.removeprefix("$ "), int(code[1]) if code else 0


def reason_not_to_run(command: str) -> str | None:
    """Say why a command is not run, or return None."""
    return next((why for part, why in NOT_RUN.items() if part in command), None)


def make_small(folder: Path) -> None:
    """Make the studies below a folder small: seconds instead of minutes."""
    for path in folder.rglob("*.toml"):
        data = read_toml(path)
        if data.get("format") == "tuner.study/1" and small(data) != data:
            lines = (f"{key} = {as_toml(value)}\n" for key, value in small(data).items())
            path.write_text("".join(lines), encoding="utf-8")


def small(study: dict[str, Any]) -> dict[str, Any]:
    """Return a study with fewer examples, epochs, trials and seeds, and one worker."""
    found = {**study, "workers": {"count": 1}}
    found["budget"] = {**study["budget"], "trials": min(study["budget"]["trials"], 7)}
    if str(study["task"].get("name")).startswith("lenet_fashion_mnist"):
        found["task"] = {**study["task"], **_SMALL, "epochs": min(study["task"]["epochs"], 3)}
    elif "train_size" in study["task"]:  # of a template
        found["task"] = {**study["task"], "train_size": 128, "epochs": 2}
    if "holdout_size" in study.get("objective", {}):
        found["objective"] = {**study["objective"], "holdout_size": 64}
    found["confirm"] = {**study.get("confirm", {}), **_CONFIRM}
    return found


def as_toml(value: Any) -> str:
    """Return a value as inline TOML."""
    if isinstance(value, dict):
        pairs = ", ".join(f"{json.dumps(key)} = {as_toml(item)}" for key, item in value.items())
        return f"{{ {pairs} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(as_toml, value))}]"
    return json.dumps(value)


def run_command(command: str, expected: int) -> None:
    """Run a command; of ``tuner`` this process is the program."""
    make_small(Path())
    # A training in Gluon collects, and with the libraries loaded that looks at a million objects.
    gc.freeze()
    words = shlex.split(command, comments=True)
    if words[:2] == ["pip", "install"]:
        # Into a folder of the page's own.
        quiet = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--target", "site"]
        subprocess.run([sys.executable, "-m", "pip", "install", *quiet, *words[2:]], check=True)
        site.addsitedir("site")
        return
    program, *sys.argv = words[0], *words
    code: Any = 0
    try:
        if program == "tuner":
            main()
        else:
            raise AssertionError(f"no way to run {command!r}; mark it as text, or say why not")
    except SystemExit as ended:
        code = ended.code or 0
    assert code == expected, f"{command!r} must end with {expected}, but ended with {code}"


def run_script(text: str) -> None:
    """Run what is pasted into a terminal; ``tuner`` and ``python`` are this environment's."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    few = re.sub(r"(?<=trials[ =])\d+", "2", text)
    bash = ["bash", "-e", "-u", "-o", "pipefail", "-c", few]
    done = subprocess.run(
        bash, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def heard() -> Iterator[io.StringIO]:
    """Keep what is printed, and print it at the end."""
    said = io.StringIO()
    try:
        with redirect_stdout(said), redirect_stderr(said):
            yield said
    finally:
        print(said.getvalue(), end="")


def check_output(expected: str, said: str) -> None:
    """Make sure that each line was said, in this order; ... stands for any text."""
    lines = iter(said.splitlines())
    for line in expected.splitlines():
        pattern = ".*".join(map(re.escape, line.split("...")))
        assert any(re.fullmatch(pattern, each) for each in lines), f"{line!r} was not in {said!r}"


def run_page(path: Path) -> None:
    """Run the blocks of a page, and say which one fails."""
    names: dict[str, Any] = {"__name__": "page"}
    written: list[Path] = []
    said: str | None = None  # by the console block before
    for block in blocks(path.read_text(encoding="utf-8")):
        make_small(Path())
        place = f"{path}, line {block.line}"
        try:
            if block.caption:
                written.append(Path(block.caption))
                written[-1].parent.mkdir(parents=True, exist_ok=True)
                written[-1].write_text(block.text, encoding="utf-8")
            elif block.language == "python":
                code = compile("\n" * (block.line - 1) + block.text, str(path), "exec")
                exec(code, names)
            elif block.language == "toml":
                assert "format" not in tomllib.loads(block.text), "a whole file has a caption"
            elif block.language == "console":
                typed = [
                    each for each in commands(block.text) if reason_not_to_run(each[0]) is None
                ]
                with heard() as said_now:
                    for command, code in typed:
                        run_command(command, code)
            elif block.language == "sh":
                run_script(block.text)
            elif block.language == "text":
                if said is not None:
                    check_output(block.text, said)
            else:
                raise AssertionError(f"a block of {block.language!r} is not run")
            said = said_now.getvalue() if block.language == "console" and typed else None
        except BaseException as error:
            error.add_note(place) if hasattr(error, "add_note") else print(place, file=sys.stderr)
            raise
    make_small(Path())
    for toml in (file for file in written if file.suffix == ".toml"):
        kind = read_toml(toml).get("format", "")
        if kind == "tuner.study/1" and "name" in read_toml(toml)["task"]:
            load_spec(toml)
        elif kind == "tuner.search_space/1" and "file" not in str(read_toml(toml).get("baseline")):
            # A baseline out of a file is for the epochs of its own study, which was loaded above.
            load_space(toml, Clock(updates_per_epoch=100, horizon=3000))


def in_project(page: Path) -> None:
    """Run a page in a folder with the studies and search spaces of the repository."""
    folder = Path.cwd() / page.stem
    for kind in ("studies", "search_spaces"):
        (folder / kind).mkdir(parents=True)
        for path in (ROOT / kind).glob("*.toml"):
            shutil.copy(path, folder / kind)
    before = Path.cwd()
    os.chdir(folder)
    run_page(page)
    os.chdir(before)


def tune_small(*arguments: Any, tune: Callable[..., Any] = tuner.tune, **options: Any) -> Any:
    """Tune as a page says, with a small confirm unless it says of what."""
    return tune(*arguments, **{"confirm": _CONFIRM, **options})


if __name__ == "__main__":
    sys.path.insert(0, "")
    vars(tuner)["tune"] = tune_small
    for argument in sys.argv[1:].copy():
        in_project(Path(argument).absolute())
