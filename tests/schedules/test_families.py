"""Families that other packages register: real packages in a folder, in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from tuner.schedules import families

ROOT = Path(__file__).parent.parent.parent

SAWTOOTH = '''
import dataclasses
from tuner.schedules import Schedule, sealed
from tuner.schedules.fields import number, updates

@sealed
@dataclasses.dataclass(frozen=True, kw_only=True)
class Sawtooth(Schedule):
    """Falls to a part of base_lr in every period."""

    family = "sawtooth"
    formula = "base_lr * (1 - depth * ((u - W) mod period) / period)"

    period: int = updates()
    depth: float = number(1.0)

    def _conditions(self):
        yield self.period >= 1, "period >= 1"
        yield 0 <= self.depth <= 1, "0 <= depth <= 1"

    def _after_warmup(self, update):
        into = (update - self.warmup_steps) % self.period
        return self.base_lr * (1 - self.depth * into / self.period)
'''

Run = Callable[..., str]


@pytest.fixture
def install(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that puts a package and what it registers into a folder for packages."""

    def install(module: str, source: str, *registered: str) -> Path:
        site = tmp_path / "site"
        site.mkdir(exist_ok=True)
        (site / f"{module}.py").write_text(source)
        info = site / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[tuner.schedules]\n" + "\n".join(registered))
        return site

    return install


@pytest.fixture
def run(tmp_path: Path, processes: None) -> Run:
    """Return a function that runs a program beside those packages and returns what it prints."""

    def run(*program: str) -> str:
        done = subprocess.run(
            [sys.executable, *program],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(tmp_path / "site")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def refusal(run: Run, expression: str) -> str:
    return run(
        "-c",
        "import tuner; from tuner.schedules import *\n"
        f"try:\n    {expression}\nexcept tuner.TunerError as error:\n    print(error)",
    )


def test_a_registered_family_is_one_like_any_other(install: Callable, run: Run) -> None:
    install("saws", SAWTOOTH, "sawtooth = saws:Sawtooth")
    out = run(
        "-c",
        """
import sys, tuner
from tuner.schedules import FAMILIES, schedule_from_dict
assert "saws" not in sys.modules
assert list(FAMILIES)[-1] == "sawtooth" and len(FAMILIES) == 18 and "sawtooth" in FAMILIES
tuner.load_schedule  # loading a built-in family imports no other package
assert "saws" not in sys.modules
params = {"base_lr": 0.8, "horizon": 20, "period": 8, "depth": 0.5}
schedule = schedule_from_dict({"family": "sawtooth", "params": params})
print(schedule([0, 4, 8, 20, 99]))
longer = schedule.with_horizon(40)
print(longer.period, longer(8))
tuner.save_schedule(longer, "saw.json")
print(tuner.load_schedule("saw.json") == longer)
module = {}
exec(schedule.to_python(), module)
print(module["learning_rate"](4), schedule.to_csv().splitlines()[4])
try:
    schedule_from_dict({"family": "sawtooth", "params": {**params, "perid": 3, "depth": 2}})
except tuner.TunerError as error:
    print(error)
""",
    )
    assert out.splitlines() == [
        "[0.8, 0.6000000000000001, 0.8, 0.6000000000000001, 0.6000000000000001]",
        "16 0.6000000000000001",
        "True",
        "0.6000000000000001 4,0.6000000000000001",
        "family 'sawtooth': unknown parameter 'perid' (did you mean 'period'?). Its parameters:"
        " base_lr, horizon, warmup_steps, warmup_begin_lr, warmup_mode, period, depth.",
    ]


def test_the_example_in_the_documentation(install: Callable, run: Run) -> None:
    example = textwrap.dedent(str(families.__doc__).partition("such a module::")[2])
    install("saws", example, "sawtooth = saws:Sawtooth")
    out = run(
        "-c",
        "from tuner.schedules import FAMILIES\n"
        "print(FAMILIES['sawtooth'](base_lr=0.8, horizon=20, period=4)([0, 1, 4, 6]))",
    )
    assert out == "[0.8, 0.6000000000000001, 0.8, 0.4]\n"


STUDY = """
format = "tuner.study/1"
name = "saws"
search_space = "space.toml"
[task]
name = "table"
path = "{table}"
epochs = 10
[budget]
trials = 6
[workers]
count = 2
[confirm]
enabled = false
"""

SPACE = """
format = "tuner.search_space/1"
name = "saws"
[params.family]
type = "categorical"
choices = ["constant", "sawtooth"]
[params.base_lr]
type = "float"
low = 0.01
high = 1.0
log = true
[params.period]
when = { family = ["sawtooth"] }
type = "int"
low = "1ep"
high = "0.5dur"
[[baseline]]
label = "my saw"
family = "sawtooth"
base_lr = 0.3
period = "2ep"
"""


def test_a_study_samples_it_reports_it_and_exports_it(
    install: Callable, run: Run, tmp_path: Path
) -> None:
    """With workers of its own, each a process that finds the family by itself."""
    install("saws", SAWTOOTH, "sawtooth = saws:Sawtooth")
    table = ROOT / "benchmarks" / "curves" / "lenet_10_epochs.jsonl"
    (tmp_path / "study.toml").write_text(STUDY.format(table=table))
    (tmp_path / "space.toml").write_text(SPACE)
    run("-m", "tuner", "run", "study.toml")
    assert "Sawtooth(base_lr=0.3, horizon=2350, " in run(
        "-c", "import tuner; print(tuner.open_study('study.toml').trials[0].schedule)"
    )
    assert "sawtooth" in (tmp_path / "study" / "report.html").read_text()
    run("-m", "tuner", "export", "study.toml", "--trial", "0", "-o", "saw.json")
    shown = run("-m", "tuner", "show", "saw.json")
    assert shown.startswith("saw.json: sawtooth\n\nlr(u) = base_lr * (1 - depth")
    assert "period           470 updates" in shown


def test_a_mistake_in_a_space_is_found_before_training(
    install: Callable, run: Run, tmp_path: Path
) -> None:
    install("saws", SAWTOOTH, "sawtooth = saws:Sawtooth")
    (tmp_path / "space.toml").write_text(SPACE.replace('high = "0.5dur"', "high = 9"))
    out = refusal(
        run,
        "from tuner.space.search_space import load_space; from tuner.reading.units import Clock\n"
        "    load_space('space.toml', Clock(235, 2350))",
    )
    assert "params.period.high" in out
    assert "9 has no unit" in out


def test_a_file_never_leads_to_an_import_that_nobody_registered(
    install: Callable, run: Run, tmp_path: Path
) -> None:
    """Not even of a class that would do, nor under the name of the place where it is."""
    site = install("other", "", "")
    (site / "saws.py").write_text("print('imported')\n" + SAWTOOTH)
    for word in ("sawtooth", "saws:Sawtooth", "saws.Sawtooth", "saws"):
        document = {"schedule": {"family": word, "params": {}}, "format": "tuner.schedule/1"}
        rest = ("units", "horizon", "past_horizon", "updates_per_epoch", "batch_size")
        document |= dict.fromkeys((*rest, "check", "provenance", "sha256"))
        (tmp_path / "saw.json").write_text(json.dumps(document))
        out = refusal(run, "tuner.load_schedule('saw.json')")
        assert out.startswith(f"saw.json: unknown family '{word}'")
        assert "imported" not in out


SHORT = SAWTOOTH.replace("@sealed\n", "")
UNFINISHED = SAWTOOTH[: SAWTOOTH.index("    def _after_warmup")]
FOREIGN = SAWTOOTH.replace("depth: float = number(1.0)", "depth: float = 1.0")
OTHER_KIND = SAWTOOTH.replace("period", "power")


@pytest.mark.parametrize(
    ("source", "value", "reason"),
    [
        (SAWTOOTH, "saws:Missing", "must be importable from saws:Missing"),
        ("import no_such_module", "saws:Sawtooth", "No module named 'no_such_module'"),
        ("Sawtooth = dict", "saws:Sawtooth", "must be a subclass of Schedule"),
        (SAWTOOTH.replace('= "sawtooth"', '= "saw"'), "saws:Sawtooth", "`family = 'sawtooth'`"),
        (SHORT, "saws:Sawtooth", "must be decorated with @sealed"),
        (UNFINISHED, "saws:Sawtooth", "must define `_after_warmup`"),
        (FOREIGN, "saws:Sawtooth", "make ['depth'] with the functions of tuner.schedules.fields"),
        (OTHER_KIND, "saws:Sawtooth", "have 'power' as Poly has it: number"),
    ],
)
def test_a_class_that_cannot_be_a_family_is_refused_with_the_reason(
    install: Callable, run: Run, source: str, value: str, reason: str
) -> None:
    install("saws", source, f"sawtooth = {value}")
    assert reason in refusal(run, "FAMILIES['sawtooth']")
    # The built-in ones go on working beside it, in search spaces as well.
    program = "from tuner.space import load_space; from tuner.reading import Clock\n"
    for name in ("chapter", "modern"):
        program += f"load_space({str(ROOT / 'search_spaces' / name)!r} + '.toml', Clock(9, 90))\n"
    run("-c", program)


def test_a_broken_family_is_left_out_of_the_schemas(
    install: Callable, run: Run, tmp_path: Path
) -> None:
    install("saws", "import no_such_module", "sawtooth = saws:Sawtooth")
    for kind in ("schedule", "search_space"):
        schema = run("-m", "tuner", "schema", kind)
        assert "sawtooth" not in schema
        assert "one_cycle" in schema
    run("-m", "tuner", "init", "mine")
    assert (tmp_path / "mine" / "studies").is_dir()


def test_two_packages_cannot_have_the_same_word(install: Callable, run: Run) -> None:
    install("saws", SAWTOOTH, "sawtooth = saws:Sawtooth")
    install("others", SAWTOOTH, "sawtooth = others:Sawtooth")
    assert "family 'sawtooth' must be registered once" in refusal(run, "FAMILIES['sawtooth']")


def test_a_built_in_family_keeps_its_word(install: Callable, run: Run) -> None:
    install("saws", SAWTOOTH.replace('"sawtooth"', '"cosine"'), "cosine = saws:Sawtooth")
    assert refusal(run, "print(FAMILIES['cosine'].__name__, len(FAMILIES))") == "Cosine 17\n"
