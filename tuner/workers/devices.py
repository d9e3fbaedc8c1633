"""The GPUs that a process may use, found without a framework, which would take some of each."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

# What says which GPUs a process sees. ROCm takes the first that is set.
VISIBLE = ("HIP_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES")
# Below those in ROCm: they count what it leaves.
_BELOW = "ROCR_VISIBLE_DEVICES"
# The driver of a machine with many GPUs takes its time when nobody has used them.
_PATIENCE_SECONDS = 60.0


def visible_gpus(environ: Mapping[str, str], root: Path = Path("/")) -> list[str]:
    """Return the GPUs that a process sees, each as ``CUDA_VISIBLE_DEVICES`` names it.

    Args:
        environ: The environment of the process. Where it says what is visible, that is taken as
            it is; otherwise the GPUs of the machine are counted.
        root: The root of the machine's files.

    Example:
        >>> visible_gpus({"CUDA_VISIBLE_DEVICES": "2,GPU-8f1c"})
        ['2', 'GPU-8f1c']
        >>> visible_gpus({"CUDA_VISIBLE_DEVICES": ""})
        []
    """
    for variable in VISIBLE:
        if variable in environ:
            return _named(environ[variable])
    if _BELOW in environ:
        count = len(_named(environ[_BELOW]))
    else:
        count = _nvidia_gpus(environ, root) or _amd_gpus(root)
    return [*map(str, range(count))]


def _named(value: str) -> list[str]:
    """Return the GPUs of a list, which ends where something is none, as drivers read it."""
    found: list[str] = []
    for each in map(str.strip, value.split(",")):
        if not re.fullmatch(r"\d+|(GPU|MIG)-\S+", each):
            break
        found.append(each)
    return [*dict.fromkeys(found)]


def _nvidia_gpus(environ: Mapping[str, str], root: Path) -> int:
    program = shutil.which("nvidia-smi", path=environ.get("PATH", ""))
    if program is None:
        return len([*(root / "proc/driver/nvidia/gpus").glob("*")])
    said = ""
    with suppress(OSError, subprocess.TimeoutExpired):
        said = subprocess.run(
            [program, "-L"], capture_output=True, text=True, errors="replace", check=False,
            timeout=_PATIENCE_SECONDS,
        ).stdout  # fmt: skip
    return len(re.findall(r"^GPU \d+:", said, re.MULTILINE))


def _amd_gpus(root: Path) -> int:
    """Count the nodes that compute and whose device this process has, as containers hide some."""
    if not (root / "dev/kfd").exists():
        return 0
    count = 0
    for file in (root / "sys/class/kfd/kfd/topology/nodes").glob("*/properties"):
        with suppress(OSError):
            facts = dict(re.findall(r"^(\w+) (\d+)$", file.read_text(), re.MULTILINE))
            device = root / f"dev/dri/renderD{facts.get('drm_render_minor')}"
            count += facts.get("simd_count", "0") != "0" and device.exists()
    return count
