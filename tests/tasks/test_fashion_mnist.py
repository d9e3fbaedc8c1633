"""Fashion-MNIST is found, downloaded, verified, and missed with an explanation."""

from __future__ import annotations

import gzip
import http.server
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tuner.errors import DataError
from tuner.tasks.fashion_mnist import load_fashion_mnist

FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


@pytest.fixture(scope="session")
def raw_folder(tmp_path_factory: pytest.TempPathFactory, training: None) -> Path:
    """Write the data set, found wherever it is, as uncompressed IDX files."""
    data = load_fashion_mnist()
    folder = tmp_path_factory.mktemp("raw")
    for name, values in zip(FILES, data, strict=True):
        magic = 0x0800 + values.ndim
        head = b"".join(int(n).to_bytes(4, "big") for n in (magic, *values.shape))
        (folder / name).write_bytes(head + values.tobytes())
    return folder


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a machine that has the data set nowhere and reaches no server."""
    monkeypatch.setenv("MXNET_HOME", str(tmp_path / "mxnet"))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path / "share"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("TUNER_FASHION_MNIST_URL", "http://127.0.0.1:9/")
    return tmp_path


@pytest.fixture
def mirror(
    raw_folder: Path, tmp_path: Path, nowhere: Path, processes: None
) -> Iterator[tuple[str, Path]]:
    """Serve the data set, compressed in another way than the official archives, on loopback."""
    served = tmp_path / "served"
    served.mkdir()
    for name in FILES:
        content = (raw_folder / name).read_bytes()
        (served / f"{name}.gz").write_bytes(gzip.compress(content, compresslevel=1))

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(served))

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", served
        server.shutdown()


@pytest.mark.usefixtures("training")
def test_the_data_set_is_what_its_authors_say() -> None:
    data = load_fashion_mnist()
    assert data.train_images.shape == (60_000, 28, 28)
    assert data.test_images.shape == (10_000, 28, 28)
    assert np.bincount(data.train_labels).tolist() == [6000] * 10
    assert np.bincount(data.test_labels).tolist() == [1000] * 10
    assert data.train_labels[0] == 9  # the first training image is an ankle boot
    assert 70 < data.train_images.mean() < 75


def test_a_named_folder_with_uncompressed_files_gives_the_same(raw_folder: Path) -> None:
    for ours, named in zip(load_fashion_mnist(), load_fashion_mnist(raw_folder), strict=True):
        np.testing.assert_array_equal(ours, named)


def test_a_named_folder_is_the_only_place_looked_at(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=str(tmp_path)) as caught:
        load_fashion_mnist(tmp_path)
    assert "/usr/share" not in str(caught.value)
    assert 'data_dir = "FOLDER"' in str(caught.value)


def test_mxnets_cache_comes_before_the_machines_folders(raw_folder: Path, nowhere: Path) -> None:
    for place in ("mxnet", "share"):
        target = nowhere / place / "datasets" / "fashion-mnist"
        shutil.copytree(raw_folder, target)
    load_fashion_mnist()
    damaged = nowhere / "share" / "datasets" / "fashion-mnist" / FILES[3]
    damaged.write_bytes(b"damaged")
    load_fashion_mnist()
    (nowhere / "mxnet" / "datasets" / "fashion-mnist" / FILES[3]).unlink()
    with pytest.raises(DataError, match="must have SHA-256"):
        load_fashion_mnist()


def test_a_missing_data_set_says_where_it_looked_and_what_to_type(nowhere: Path) -> None:
    with pytest.raises(DataError) as caught:
        load_fashion_mnist()
    message = str(caught.value)
    for place in ("mxnet", "share", "cache"):
        assert str(nowhere / place) in message
    assert "http://127.0.0.1:9/" in message
    assert "apt-get install dataset-fashion-mnist" in message


def test_it_is_downloaded_once_and_kept(mirror: tuple[str, Path], monkeypatch) -> None:
    url, served = mirror
    monkeypatch.setenv("TUNER_FASHION_MNIST_URL", url)
    first = load_fashion_mnist()
    shutil.rmtree(served)
    second = load_fashion_mnist()
    np.testing.assert_array_equal(first.test_images, second.test_images)


def test_a_damaged_download_is_not_kept(mirror: tuple[str, Path], monkeypatch) -> None:
    url, served = mirror
    monkeypatch.setenv("TUNER_FASHION_MNIST_URL", url)
    archive = served / f"{FILES[0]}.gz"
    good = archive.read_bytes()
    archive.write_bytes(gzip.compress(b"something else"))
    with pytest.raises(DataError, match="must have SHA-256"):
        load_fashion_mnist()
    archive.write_bytes(good)
    load_fashion_mnist()


@pytest.mark.parametrize("damage", ["flipped", "truncated archive", "no archive"])
def test_damaged_content_is_refused(raw_folder: Path, tmp_path: Path, damage: str) -> None:
    for name in FILES:
        shutil.copy(raw_folder / name, tmp_path / name)
    labels = tmp_path / FILES[1]
    content = bytearray(labels.read_bytes())
    if damage == "flipped":
        content[5000] ^= 1
        labels.write_bytes(content)
    else:
        labels.unlink()
        archive = gzip.compress(content)
        (tmp_path / f"{FILES[1]}.gz").write_bytes(
            archive[:1000] if damage == "truncated archive" else b"<html>not found</html>"
        )
    with pytest.raises(DataError, match=FILES[1]):
        load_fashion_mnist(tmp_path)


def test_archives_are_unpacked_once_for_all_processes(raw_folder: Path, nowhere: Path) -> None:
    archives = nowhere / "mxnet" / "datasets" / "fashion-mnist"
    archives.mkdir(parents=True)
    for name in FILES:
        content = (raw_folder / name).read_bytes()
        (archives / f"{name}.gz").write_bytes(gzip.compress(content, compresslevel=1))
    first = load_fashion_mnist()
    unpacked = sorted(
        (nowhere / "cache" / "schedule-tuner" / "fashion-mnist" / "unpacked").iterdir()
    )
    assert len(unpacked) == len(FILES)
    assert {file.read_bytes() for file in unpacked} == {
        (raw_folder / name).read_bytes() for name in FILES
    }
    for file in unpacked:
        file.unlink()  # what is mapped must not shrink
        file.write_bytes(b"damaged")
    for before, after in zip(first, load_fashion_mnist(), strict=True):
        assert np.array_equal(before, after)
    assert all(file.read_bytes() != b"damaged" for file in unpacked)

    shutil.rmtree(nowhere / "cache")
    (nowhere / "cache").write_text("no folder, so nothing can be kept in it")
    for before, after in zip(first, load_fashion_mnist(), strict=True):
        assert np.array_equal(before, after)
