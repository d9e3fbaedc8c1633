"""The package as users meet it: light to import, whole in a wheel, types shipped."""

from __future__ import annotations

import email
import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

import tuner

ROOT = Path(__file__).parent.parent


def test_every_public_name_is_there() -> None:
    assert sorted(tuner.__all__) == sorted(set(tuner.__all__))
    for name in tuner.__all__:
        assert getattr(tuner, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'cosine'"):
        _ = tuner.cosine


@pytest.mark.usefixtures("processes")
def test_loading_a_schedule_imports_neither_mxnet_nor_optuna_nor_numpy() -> None:
    program = (
        "import sys, tuner; tuner.load_schedule;"
        "heavy = {'mxnet', 'optuna', 'numpy', 'plotly', 'pydantic', 'sqlalchemy', 'typer'};"
        "sys.exit(' '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.usefixtures("processes")
def test_mxnet_imports_scipys_statistics_and_h5py_when_it_uses_them() -> None:
    program = (
        "import sys, tuner; mx = tuner.import_mxnet();"
        "before = len({'scipy.stats', 'h5py'} & set(sys.modules));"
        "mx.io.NDArrayIter(mx.nd.zeros((2, 2)));"
        "assert 'h5py' in sys.modules;"
        "from mxnet.contrib.quantization import stats;"
        "same = stats.entropy([0.5, 0.5]);"
        "import scipy.stats;"
        "assert scipy.stats.entropy([0.5, 0.5]) == same > 0.69;"
        "sys.exit(before)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize("times", [1, 2])
def test_mxnet_is_whole_after_a_plain_import_that_failed(times: int) -> None:
    program = (
        "import sys, numpy, tuner\n"
        f"for _ in range({times}):\n"
        "    try:\n"
        "        import mxnet\n"
        "    except AttributeError as error:\n"  # beside NumPy 1.24 and later
        "        assert 'numpy' in str(error), error\n"
        "mx = tuner.import_mxnet()\n"
        "assert tuner.import_mxnet() is mx is sys.modules['mxnet']\n"
        "net = mx.gluon.nn.Dense(1)\n"
        "net.initialize()\n"
        "schedule = tuner.Cosine(base_lr=0.5, horizon=9)\n"
        "trainer = mx.gluon.Trainer(net.collect_params(), 'sgd', {'lr_scheduler': schedule})\n"
        "with mx.autograd.record():\n"
        "    loss = net(mx.nd.ones((2, 3))).sum()\n"
        "loss.backward()\n"
        "trainer.step(2)\n"
        "assert trainer.learning_rate == schedule(1)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("processes")
def test_where_mxnet_is_not_installed_numpy_stays_as_it_is() -> None:
    program = (
        "import sys, numpy, tuner\n"
        "sys.modules['mxnet'] = None\n"
        "before = set(vars(numpy))\n"
        "try:\n"
        "    tuner.import_mxnet()\n"
        "except tuner.TunerError as error:\n"
        "    print(error)\n"
        "sys.exit(' '.join({'bool', 'int', 'float', 'object'} & set(vars(numpy)) - before) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (
        "Python 3.10 to 3.12 and NumPy 1: there, type `pip install 'schedule-tuner[mxnet]'`"
        in (done.stdout)
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory, processes: None) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--wheel-dir",
            folder,
            ROOT,
        ],
        check=True,
    )
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_what_the_package_needs(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "report/page.html",
        "report/page.css",
        "report/page.js",
        "report/pair.js",
        "definition/templates/study.toml",
        "definition/templates/search_space.toml",
        "definition/templates/space.toml",
        "definition/templates/torch/tasks.py-tpl",
        "definition/templates/function/study.toml",
        "py.typed",
    ):
        assert f"tuner/{needed}" in names
    assert not [name for name in names if name.startswith(("tests", "studies", "benchmarks"))]


def test_installing_it_changes_no_numpy_and_brings_no_framework(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith("/METADATA")]
        metadata = email.message_from_bytes(archive.read(name))
    needed = [text for text in metadata.get_all("Requires-Dist", []) if "extra ==" not in text]
    names = {re.match(r"[\w-]+", text)[0] for text in needed}
    assert not names & {"mxnet", "torch", "pandas", "setuptools"}
    assert [text for text in needed if text.startswith("numpy")] == ["numpy>=1.23"]
    assert metadata["Requires-Python"] == ">=3.10"
    brought = [text for text in metadata.get_all("Requires-Dist") if 'extra == "mxnet"' in text]
    assert {re.match(r"[\w-]+", text)[0] for text in brought} == {"mxnet", "numpy", "setuptools"}


def test_without_dependencies_it_loads_schedules(wheel: Path, tmp_path: Path) -> None:
    """As `pip install --no-deps` leaves it; the command then says what it lacks."""
    home = tmp_path / "env"
    venv.create(home, with_pip=False)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(next(home.glob("lib/python*/site-packages")))
        [entry] = [name for name in archive.namelist() if name.endswith("entry_points.txt")]
        assert b"tuner = tuner.__main__:main" in archive.read(entry)
    python = home / "bin" / "python"
    schedule = tuner.Cosine(base_lr=0.3, final_lr=0.01, horizon=7050, warmup_steps=235)
    tuner.save_schedule(schedule, tmp_path / "best.json")
    program = "import tuner; print(tuner.load_schedule('best.json')(3000))"
    loaded = subprocess.run(
        [python, "-W", "error", "-c", program],
        cwd=tmp_path, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert (loaded.stdout, loaded.stderr) == (f"{schedule(3000)}\n", "")
    command = subprocess.run(
        [python, "-m", "tuner", "check", "study.toml"],
        cwd=tmp_path, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert (command.returncode, command.stdout) == (1, "")
    assert command.stderr == (
        "error: the command tuner needs typer, which is not installed; loading schedules does"
        " not. Type `pip install /path/to/schedule-tuner`, your clone, without --no-deps.\n"
    )


def test_an_installed_wheel_starts_a_project(wheel: Path, tmp_path: Path) -> None:
    # An environment of its own that sees this one's dependencies, but not this checkout.
    home = tmp_path / "env"
    venv.create(home, with_pip=False)
    site = next(home.glob("lib/python*/site-packages"))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    dependencies = [path for path in sys.path if path.endswith("site-packages")]
    added = "".join(f"import site; site.addsitedir({path!r})\n" for path in dependencies)
    (site / "dependencies.pth").write_text(added)
    python = home / "bin" / "python"
    subprocess.run([python, "-m", "tuner", "init", "mine"], cwd=tmp_path, check=True)
    where = subprocess.run(
        [python, "-c", "import tuner; print(tuner.__file__)"],
        cwd=tmp_path, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert where.startswith(str(site))
    study = "mine/studies/quickstart.toml"
    checked = subprocess.run(
        [python, "-m", "tuner", "check", study],
        cwd=tmp_path, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stderr
    assert "horizon   4 epochs x 235 updates = 940" in checked.stdout


@pytest.mark.usefixtures("processes")
def test_a_star_gives_what_is_there_without_optuna() -> None:
    program = (
        "import sys; sys.modules['optuna'] = None\n"
        "import importlib.util as u; find = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'optuna' else find(name, *a)\n"
        "from tuner import *\n"
        "assert load_schedule and Cosine and lint and TunerError\n"
        "assert 'run_study' not in globals()\n"
        "import tuner\n"
        "try: tuner.run_study\n"
        "except ImportError: pass\n"
        "else: sys.exit('run_study without Optuna')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
