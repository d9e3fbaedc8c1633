"""Samplers and pruners that other packages register: what cannot be one is said in a sentence."""

from __future__ import annotations

import json
from pathlib import Path

from ..own_packages import run_beside, write_package

GOOD = '''
from typing import Literal
from optuna.pruners import NopPruner
from optuna.samplers import RandomSampler
from pydantic import Field
from tuner.search.pruners import Pruner
from tuner.search.samplers import PerTrialSampler, Sampler

class Uniform(Sampler):
    """A sampler."""
    type: Literal["uniform"]
    share: float = Field(default=0.5, ge=0, le=1)
    """A share."""
    def make(self, search):
        return PerTrialSampler(self.seed, lambda seed: RandomSampler(seed=seed))

class Other(Pruner):
    """A pruner."""
    type: Literal["other"]
    def make(self, search):
        return NopPruner()

class Table(dict):
    pass

class Unmade(Sampler):
    type: Literal["unmade"]

class Untyped(Sampler):
    def make(self, search):
        return None

class Nothing(Sampler):
    type: Literal["nothing"]
    def make(self, search):
        return None

class Failing(Pruner):
    type: Literal["failing"]
    def make(self, search):
        return 1 / 0
'''
SAMPLERS = [
    "uniform = good:Uniform", "missing = good:Missing", "broken = no_such_module:Uniform",
    "table = good:Table", "unmade = good:Unmade", "untyped = good:Untyped", "twice = good:Uniform",
    "pruner = good:Other", "tpe = good:Uniform", "nothing = good:Nothing", "other = good:Uniform",
]  # fmt: skip
PRUNERS = ["other = good:Other", "uniform = good:Uniform", "failing = good:Failing",
           "none = good:Other"]  # fmt: skip
# A study of each table, read in a process that has those packages.
PROGRAM = """
import json, sys
from pathlib import Path
from tuner.definition import load_spec
from tuner.errors import TunerError
assert "good" not in sys.modules and "tuner.search" not in sys.modules
head = 'format = "tuner.study/1"\\nname = "s"\\nsearch_space = "space.toml"\\n'
head += f'[task]\\nname = "table"\\npath = "{sys.argv[1]}"\\nepochs = 3\\n[budget]\\ntrials = 2\\n'
head += "[confirm]\\nenabled = false\\n"
for table in json.loads(sys.argv[2]):
    Path("study.toml").write_text(head + table)
    try:
        spec = load_spec("study.toml")
        spec.check()
        print(type(spec.sampler).__name__, type(spec.pruner).__name__, spec.fingerprint()[:7])
    except TunerError as error:
        print(" ".join(str(error).split()))
print([*__import__("tuner").definition.SAMPLERS.usable()])
"""
# What a table leads to.
ROWS = [
    ('[sampler]\ntype = "uniform"\nshare = 1.0', "Uniform Forecast sha256:"),
    ('[pruner]\ntype = "other"\nsignal = "raw"', "Screening Other sha256:"),
    ('[sampler]\ntype = "tpe"', "TPE Forecast sha256:"),
    ('[pruner]\ntype = "none"', "Screening NoPruner sha256:"),
    ('[sampler]\ntype = "missing"', "sampler.type sampler 'missing' must be importable from"
     " good:Missing, as its package registers it, but: AttributeError"),
    ('[sampler]\ntype = "broken"', "but: ModuleNotFoundError: No module named 'no_such_module'."),
    ('[sampler]\ntype = "table"', "good:Table, registered as sampler 'table', must be a subclass"
     " of Sampler. See the documentation of tuner.definition.search."),
    ('[sampler]\ntype = "pruner"', "must be a subclass of Sampler."),
    ('[pruner]\ntype = "uniform"', "must be a subclass of Pruner."),
    ('[sampler]\ntype = "unmade"', "must define `make`."),
    ('[sampler]\ntype = "untyped"', 'must have `type: Literal["untyped"]`.'),
    ('[sampler]\ntype = "other"', 'must have `type: Literal["other"]`.'),
    ('[sampler]\ntype = "twice"', "sampler 'twice' must be registered once, but got again:Uniform"
     " and good:Uniform. Uninstall one of the packages."),
    ('[sampler]\ntype = "uniform"\nshar = 1.0', "sampler.shar unknown key; did you mean 'share'?"),
    ('[sampler]\ntype = "uniform"\nshare = 2.0', "sampler.share must be <= 1, but got 2.0"),
    ('[sampler]\ntype = "unform"', "'optuna', 'broken', 'missing', "),
    ('[sampler]\ntype = "nothing"', "`type = 'nothing'` must be made of its settings, but:"
     " TypeError: `make` must return a BaseSampler, but returned None."),
    ('[pruner]\ntype = "failing"', "`type = 'failing'` must be made of its settings, but:"
     " ZeroDivisionError: division by zero (good.py, line "),
]  # fmt: skip


def test_every_table_is_read_or_refused_in_a_sentence(tmp_path: Path, processes: None) -> None:
    site = tmp_path / "site"
    write_package(site, "good", GOOD, {"tuner.samplers": SAMPLERS, "tuner.pruners": PRUNERS})
    write_package(site, "again", GOOD, {"tuner.samplers": ["twice = again:Uniform"]})
    root = Path(__file__).parents[2]
    space = (root / "search_spaces" / "chapter.toml").read_text(encoding="utf-8")
    (tmp_path / "space.toml").write_text(space)
    table = root / "benchmarks" / "curves" / "lenet_10_epochs.jsonl"
    said = run_beside(site, "-c", PROGRAM, table, json.dumps([table for table, _ in ROWS]))
    *answers, usable = said.splitlines()
    assert len(answers) == len(ROWS)
    for (asked, expected), answer in zip(ROWS, answers, strict=True):
        assert expected in answer, asked
    # A schema has the others.
    assert usable == "['screening', 'tpe', 'random', 'optuna', 'nothing', 'uniform']"
