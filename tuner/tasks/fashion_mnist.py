"""Fashion-MNIST: found on this machine or downloaded, and verified either way.

60 000 training and 10 000 test images of 28 x 28 grey pixels in 10 classes, by Zalando Research
(MIT licence). The archives differ with where they come from (Debian recompresses them), so the
decompressed content is what is verified.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import os
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tuner.errors import DataError
from tuner.schedules import write_whole


class _File(NamedTuple):
    name: str
    sha256: str
    header: int  # bytes before the values in an IDX file
    shape: tuple[int, ...]


_FILES = {
    "train_images": _File(
        "train-images-idx3-ubyte",
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        16,
        (60_000, 28, 28),
    ),
    "train_labels": _File(
        "train-labels-idx1-ubyte",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        8,
        (60_000,),
    ),
    "test_images": _File(
        "t10k-images-idx3-ubyte",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        16,
        (10_000, 28, 28),
    ),
    "test_labels": _File(
        "t10k-labels-idx1-ubyte",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        8,
        (10_000,),
    ),
}

_OFFICIAL_URLS = (
    "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
)
# A mirror to download from instead; where the file is kept is set with XDG_CACHE_HOME.
_MIRROR_VARIABLE = "TUNER_FASHION_MNIST_URL"

Pixels = npt.NDArray[np.uint8]


class FashionMNIST(NamedTuple):
    """The data set: images (n, 28, 28) and labels (n,), unsigned bytes."""

    train_images: Pixels
    train_labels: Pixels
    test_images: Pixels
    test_labels: Pixels


def load_fashion_mnist(directory: str | Path | None = None) -> FashionMNIST:
    """Return Fashion-MNIST, from the first place that has it.

    Looks in ``directory`` alone if it is given; else in MXNet's own dataset cache, in the folder
    of Debian's package ``dataset-fashion-mnist``, and in the download cache, and downloads it if
    none of them has it. Files may be compressed (``.gz``) or not.

    Args:
        directory: The only folder to look in, or None.

    Returns:
        Images and labels.

    Raises:
        DataError: If a file is found nowhere or its content is not the data set's; the message
            lists where it was looked for and what to type.
    """
    return FashionMNIST(**{key: _read(file, directory) for key, file in _FILES.items()})


def _read(file: _File, directory: str | Path | None) -> Pixels:
    looked: list[str] = []
    for folder in [Path(directory)] if directory is not None else _folders():
        for path in (folder / file.name, folder / f"{file.name}.gz"):
            if path.is_file():
                return _verified(path, file)
        looked.append(f"  {folder}: not there")
    if directory is None:
        archive = _download(file, looked)
        if archive is not None:
            try:
                return _verified(archive, file)
            except DataError:
                archive.unlink()  # so that the next run downloads it again
                raise
    raise DataError(
        f"Fashion-MNIST's file {file.name}[.gz] must be in one of these places, but:\n"
        + "\n".join(looked)
        + "\nOn Debian and Ubuntu type `apt-get install dataset-fashion-mnist`. Elsewhere download"
        f" the four files from {_OFFICIAL_URLS[0]} and name their folder in the study:"
        ' [task] data_dir = "FOLDER".'
    )


def _folders() -> list[Path]:
    home = Path(os.environ.get("MXNET_HOME") or Path.home() / ".mxnet")
    # Debian's package puts it into one of the machine's data folders.
    shared = (os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(":")
    places = [home, *map(Path, shared)]
    return [*(place / "datasets" / "fashion-mnist" for place in places), _cache()]


def _cache() -> Path:
    import pooch

    return Path(pooch.os_cache("schedule-tuner")) / "fashion-mnist"


def _download(file: _File, looked: list[str]) -> Path | None:
    import pooch

    mirror = os.environ.get(_MIRROR_VARIABLE)
    logger = pooch.get_logger()
    level, logger.level = logger.level, 40  # errors come back as a DataError
    try:
        for url in (mirror.rstrip("/") + "/",) if mirror else _OFFICIAL_URLS:
            try:
                # No hash here: archives of mirrors differ, the decompressed content does not.
                found = pooch.retrieve(
                    f"{url}{file.name}.gz", None, fname=f"{file.name}.gz", path=_cache()
                )
            except Exception as error:  # requests, urllib3, OSError, ...: all mean "not there"
                looked.append(f"  {url}: {_brief(error)}")
            else:
                return Path(found)
    finally:
        logger.level = level
    return None


def _brief(error: Exception) -> str:
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    return text if len(text) <= 120 else text[:117] + "..."


def _verified(path: Path, file: _File) -> Pixels:
    try:
        if path.suffix == ".gz":
            content, digest = _unpacked(path, file)
        else:
            content, digest = path.read_bytes(), _digest(path)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read: {error}. {_remedy(path)}") from error
    if digest != file.sha256:
        raise DataError(
            f"The decompressed content of {path} must have SHA-256 {file.sha256},"
            f" but has {digest} ({len(content)} bytes). {_remedy(path)}"
        )
    return np.frombuffer(content, np.uint8, offset=file.header).reshape(file.shape)


def _unpacked(archive: Path, file: _File) -> tuple[Any, str]:
    """Return the content of an archive, unpacked once for all processes, and its SHA-256."""
    source = archive.stat()
    stamp = f"{archive.resolve()} {source.st_size} {source.st_mtime_ns}"
    kept = _cache() / "unpacked" / f"{file.name}-{zlib.crc32(stamp.encode()):08x}"
    with suppress(OSError, ValueError):
        content = _mapped(kept)
        if (digest := _digest(kept)) == file.sha256:
            return content, digest
    unpacked = gzip.decompress(archive.read_bytes())
    digest = hashlib.sha256(unpacked).hexdigest()
    with suppress(OSError):  # a read-only home, a full disk
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_whole(unpacked, str(kept))
        return _mapped(kept), digest
    return unpacked, digest


def _digest(path: Path) -> str:
    """Return the SHA-256 of a file, which a process asks for at every check and training."""
    found = path.stat()
    return _digest_of(path, found.st_size, found.st_mtime_ns)


@functools.lru_cache(maxsize=64)
def _digest_of(path: Path, size: int, changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _mapped(path: Path) -> Any:
    # Only files of our own, which are replaced and never changed.
    return np.memmap(path, np.uint8, mode="r")


def _remedy(path: Path) -> str:
    if path.is_relative_to("/usr/share"):
        return "Type `apt-get install --reinstall dataset-fashion-mnist`."
    return "Delete it and run again."
