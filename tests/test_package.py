"""The package as users meet it: light to import, whole in a wheel, types shipped."""

from __future__ import annotations

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


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
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
        "templates/study.toml",
        "templates/search_space.toml",
        "py.typed",
    ):
        assert f"tuner/{needed}" in names
    assert not [name for name in names if name.startswith(("tests", "studies", "benchmarks"))]


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
