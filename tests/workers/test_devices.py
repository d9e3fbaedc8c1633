"""Which GPUs and how many threads workers have, by what they see in their environment."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import tuner
from tuner.definition import Workers
from tuner.errors import StudyError, TrainingError
from tuner.workers import Machine
from tuner.workers.devices import visible_gpus

VISIBLE = "CUDA_VISIBLE_DEVICES"
THREADS = "OMP_NUM_THREADS"


@pytest.mark.parametrize(
    ("environ", "gpus"),
    [
        ({}, []),
        ({VISIBLE: "0,1"}, ["0", "1"]),
        ({VISIBLE: " 3 , 1"}, ["3", "1"]),
        ({VISIBLE: "GPU-8f1c,MIG-GPU-8f1c/1/0"}, ["GPU-8f1c", "MIG-GPU-8f1c/1/0"]),
        ({VISIBLE: "2,-1,3"}, ["2"]),
        ({VISIBLE: "2,2"}, ["2"]),
        ({VISIBLE: ""}, []),
        ({VISIBLE: "NoDevFiles"}, []),
        ({"HIP_VISIBLE_DEVICES": "1", VISIBLE: "0,1"}, ["1"]),
        ({"ROCR_VISIBLE_DEVICES": "4,6"}, ["0", "1"]),
        ({"ROCR_VISIBLE_DEVICES": "4,6", "HIP_VISIBLE_DEVICES": "1"}, ["1"]),
    ],
)
def test_what_the_environment_says_of_gpus_is_taken(
    environ: Mapping[str, str], gpus: list[str], tmp_path: Path
) -> None:
    assert visible_gpus(environ, tmp_path) == gpus


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize(
    ("said", "gpus"),
    [
        ("GPU 0: A100 (UUID: GPU-1)\n  MIG Device 0: (UUID: MIG-2)\nGPU 1: A100", ["0", "1"]),
        ("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.", []),
    ],
)  # fmt: skip
def test_the_gpus_of_the_machine_are_counted_where_the_environment_says_nothing(
    said: str, gpus: list[str], tmp_path: Path
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text(f'#!/bin/sh\n[ "$1" = -L ] && cat <<END\n{said}\nEND\n')
    program.chmod(0o755)
    assert visible_gpus({"PATH": f"{tmp_path}:{os.environ['PATH']}"}, tmp_path) == gpus


def test_without_its_program_the_drivers_files_are_counted(tmp_path: Path) -> None:
    for name in ("0000:01:00.0", "0000:02:00.0"):
        (tmp_path / "proc/driver/nvidia/gpus" / name).mkdir(parents=True)
    assert visible_gpus({}, tmp_path) == ["0", "1"]


def test_gpus_of_amd_are_counted_if_their_devices_are_here(tmp_path: Path) -> None:
    (tmp_path / "dev/dri").mkdir(parents=True)
    for node, (simd, device) in enumerate([(0, 0), (304, 128), (304, 129)]):
        folder = tmp_path / f"sys/class/kfd/kfd/topology/nodes/{node}"
        folder.mkdir(parents=True)
        (folder / "properties").write_text(
            f"cpu_cores_count 0\nsimd_count {simd}\ndrm_render_minor {device}\nunique_id 1844674\n"
        )
    (tmp_path / "dev/dri/renderD129").touch()  # a container has this one alone
    assert visible_gpus({}, tmp_path) == []
    (tmp_path / "dev/kfd").touch()
    assert visible_gpus({}, tmp_path) == ["0"]


@pytest.mark.parametrize(
    ("settings", "visible", "shown"),
    [
        ({}, "0,1,2,3", ["0", "1", "2", "3"]),
        ({"per_device": 2}, "5,7", ["5", "7", "5", "7"]),
        ({"gpus_per_trial": 2}, "0,1,2,3,4", ["0,1", "2,3"]),
        ({"gpus_per_trial": 2, "per_device": 2}, "0,1", ["0,1", "0,1"]),
        ({"devices": [1, 2]}, "4,GPU-5,6", ["GPU-5", "6"]),
        ({"count": 3}, "4,5", ["4", "5", "4"]),
        ({"count": 1}, "4,5", ["4"]),
        ({"devices": "cpu", "count": 2}, "4,5", ["-1", "-1"]),
        ({"count": 2}, "", [None, None]),
    ],
)
def test_gpus_are_dealt_to_workers(
    settings: dict[str, Any], visible: str, shown: list[str | None]
) -> None:
    machine = Machine(Workers(**settings), environ={VISIBLE: visible})
    dealt = machine.environments(machine.count)
    assert [each.get(VISIBLE) for each in dealt] == shown
    assert [each.get("HIP_VISIBLE_DEVICES") for each in dealt] == shown


def test_what_is_asked_for_comes_before_what_the_study_says() -> None:
    assert Machine(Workers(count=3), 5).count == 5
    assert Machine(Workers(devices="cpu")).count == Machine(Workers(), environ={VISIBLE: ""}).count


@pytest.mark.parametrize(
    ("settings", "visible", "words"),
    [
        ({"devices": [0, 2]}, "5,6", r"devices = \[0, 2\] must be GPUs that are visible, counted "
         r"from 0, but this process sees 2 \(CUDA_VISIBLE_DEVICES=5,6\)\. Name others"),
        ({"devices": [0]}, "", r"but this process sees 0 \(CUDA_VISIBLE_DEVICES=\)"),
        ({"gpus_per_trial": 4}, "0,1", "gpus_per_trial = 4 must be at most the GPUs that are vis"),
    ],
)  # fmt: skip
def test_gpus_that_are_not_there_are_a_mistake(
    settings: dict[str, Any], visible: str, words: str
) -> None:
    with pytest.raises(StudyError, match=words):
        Machine(Workers(**settings), environ={VISIBLE: visible})


def test_cores_are_shared_and_a_number_that_the_user_set_stays() -> None:
    alone, one_of_many = (
        Machine(Workers(), environ={VISIBLE: ""}).environments(n)[0] for n in (1, 10_000)
    )
    assert (
        int(alone[THREADS])
        == int(alone["MKL_NUM_THREADS"])
        == Machine(Workers(), environ={VISIBLE: ""}).count
    )
    assert one_of_many[THREADS] == one_of_many["OPENBLAS_NUM_THREADS"] == "1"
    for name, other in ((THREADS, "MKL_NUM_THREADS"), ("MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")):
        given = Machine(Workers(), environ={VISIBLE: "", name: "3"}).environments(10_000)[0]
        assert name not in given
        assert given[other] == ("3" if name == THREADS else "1")


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize(("given", "taken"), [({}, "3"), ({"TUNER_THREADS": "3"}, "1")])
def test_mxnet_has_one_thread_whatever_a_workers_share_is_but_for_the_users_wish(
    given: dict[str, str], taken: str
) -> None:
    code = f"import os, tuner; tuner.import_mxnet(); print(os.environ['{THREADS}'])"
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, THREADS: "3", **given},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == f"{taken}\n"


# --- in studies ---


def tuned(train: Any, folder: Path, **options: Any) -> tuner.StudyResult:
    return tuner.tune(
        train, name="seen", epochs=1, updates_per_epoch=10, metric="val_loss", base_lr=0.01,
        folder=folder, confirm=False, pruner="none", **options,
    )  # fmt: skip


@pytest.mark.usefixtures("processes")
def test_each_of_four_workers_has_a_gpu_of_its_own_and_a_killed_ones_goes_to_its_successor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VISIBLE, "4,5,6,GPU-7")
    monkeypatch.delenv(THREADS)
    seen = tmp_path / "told"
    (seen / "killed").mkdir(parents=True)

    def train(trial: tuner.Trial) -> None:
        import os
        import signal
        import time

        me = f"{os.environ['CUDA_VISIBLE_DEVICES']} {os.getpid()} {os.environ['OMP_NUM_THREADS']}"
        (seen / me).touch()
        killed = seen / "killed" / "5"
        while len([*seen.iterdir()]) < 5:  # all four, beside the folder
            time.sleep(0.01)
        if me[0] == "5" and not killed.exists():
            killed.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        while len([*seen.iterdir()]) < 6:  # and the successor
            time.sleep(0.01)
        trial.report(trial.schedule(1))

    result = tuned(train, tmp_path, trials=4, workers=None)
    assert result.summary.states == {"complete": 4}
    workers = [path.name.split() for path in seen.iterdir() if path.is_file()]
    assert Counter(gpu for gpu, _, _ in workers) == {"4": 1, "5": 2, "6": 1, "GPU-7": 1}
    assert {threads for _, _, threads in workers} == {"1"}


@pytest.mark.usefixtures("processes")
def test_after_a_failure_another_process_goes_on_with_the_same_gpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One worker, too, where the study says which GPU it has."""
    monkeypatch.setenv(VISIBLE, "3,5")
    seen = tmp_path / "told"

    def train(trial: tuner.Trial) -> None:
        import os

        with seen.open("a") as file:
            file.write(f"{os.environ['CUDA_VISIBLE_DEVICES']} {os.getpid()}\n")
        if len(seen.read_text().splitlines()) == 1:
            raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB.")
        trial.report(trial.schedule(1))

    result = tuned(train, tmp_path, trials=3, workers={"devices": [1]})
    assert [row.state for row in result.trials] == ["failed", "complete", "complete"]
    assert result.trials[0].reason.startswith("out of memory: RuntimeError: CUDA out of memory.")
    gpus, processes = zip(*(line.split() for line in seen.read_text().splitlines()), strict=True)
    assert gpus == ("5", "5", "5")
    assert processes[0] not in (str(os.getpid()), processes[1])
    assert processes[1] == processes[2]


@pytest.mark.usefixtures("processes")
def test_failures_in_a_row_are_counted_over_the_processes_that_replace_each_other(
    tmp_path: Path,
) -> None:
    def train(trial: tuner.Trial) -> None:
        raise RuntimeError(f"boom {trial.seed}")

    with pytest.raises(
        TrainingError, match=r"gave up: 3 trials failed in a row, the last one: Ru"
    ):
        tuned(train, tmp_path, trials=9, workers={"devices": "cpu", "count": 1})
    result = tuner.open_study(storage=f"sqlite:///{tmp_path}/seen/study.db")
    assert [row.state for row in result.trials] == ["waiting"] * 3
