"""Disks, memory, clocks and GPUs of this machine."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from raylab.health.finding import Finding

GB = 1e9
LITTLE, TOO_LITTLE = 5 * GB, 1 * GB  # free bytes of a disk
FULL = 0.95  # the used share of a disk at which Ray stops writing to it
OPEN_FILES = 4096  # each process of Ray keeps some hundred files open
LATE_S = 2.0  # clocks further apart mix up the order of events


def disk(name: str, path: Path, *, free: float, total: float) -> Finding:
    """The free space of a disk that raylab writes to.

    Args:
        name: What is written there.
        free, total: Bytes.
    """
    text = f"{name} ({path}): {free / GB:.1f} of {total / GB:.0f} GB free"
    remedy = "Make room, or set RAYLAB_HOME, TMPDIR or --out to another disk."
    if free < TOO_LITTLE:
        return Finding("disk", "problem", text, remedy)
    full = total - free > FULL * total
    if free < LITTLE or full:
        return Finding(
            "disk", "warning", text + (", at which Ray stops writing" if full else ""), remedy
        )
    return Finding("disk", "ok", text)


def shared_memory(total: float | None, wanted: float) -> Finding:
    """The shared memory that holds Ray's object store.

    Args:
        total: Bytes of /dev/shm; None if the system has none.
        wanted: Bytes of the object store.
    """
    if total is None:
        return Finding("shared memory", "ok", "this system has no /dev/shm to be too small")
    if total < wanted:
        return Finding(
            "shared memory",
            "warning",
            f"/dev/shm has {total / GB:.2f} GB, the object store takes {wanted / GB:.2f}: Ray will "
            "use a slower disk",
            "In a container: --shm-size=2g or more.",
        )
    return Finding("shared memory", "ok", f"/dev/shm has {total / GB:.1f} GB")


def open_files(limit: int) -> Finding:
    if 0 <= limit < OPEN_FILES:  # -1 is without limit
        return Finding(
            "open files",
            "warning",
            f"a process may open {limit} files; Ray may need more",
            "ulimit -n 65536",
        )
    return Finding(
        "open files", "ok", f"a process may open {limit if limit >= 0 else 'any number of'} files"
    )


def clock(offset_s: float, where: str, *, slack_s: float = 0.0) -> Finding:
    """Whether another clock agrees with that of this machine.

    Args:
        offset_s: How far the other clock is ahead, in seconds.
        slack_s: The uncertainty of the offset, in seconds.
    """
    if abs(offset_s) - slack_s > LATE_S:
        return Finding(
            "clock",
            "warning",
            f"the clock of {where} is {abs(offset_s):.1f} s "
            f"{'ahead of' if offset_s > 0 else 'behind'} this machine's: "
            "times of events do not compare",
            "Set both by NTP (timedatectl, chronyc).",
        )
    return Finding("clock", "ok", f"the clock of {where} agrees to {abs(offset_s) + slack_s:.2f} s")


def storage_offset(folder: Path) -> float:
    """How far the clock that dates files in a folder is ahead of ours, in seconds.

    Raises:
        OSError: The folder cannot be written to.
    """
    with tempfile.TemporaryFile(dir=folder) as file:
        before = time.time()
        file.write(b"tick")
        file.flush()
        after = time.time()
        dated = os.fstat(file.fileno()).st_mtime
    # The kernel dates files by a clock that ticks every few milliseconds.
    return dated - min(max(dated, before), after)


@dataclass(frozen=True)
class Gpus:
    """The GPUs of this machine.

    Attributes:
        devices: The names of the devices that torch can use.
        cuda: The CUDA version that torch was built for; None for a CPU build.
        driver: The version of the NVIDIA driver; None without one.
    """

    devices: Sequence[str]
    cuda: str | None
    driver: str | None


def gpu(gpus: Gpus, environment: Mapping[str, str]) -> Finding:
    if gpus.devices:
        return Finding(
            "GPU", "ok", f"{', '.join(gpus.devices)} (driver {gpus.driver}, CUDA {gpus.cuda})"
        )
    if gpus.driver is None:
        return Finding("GPU", "ok", "no NVIDIA driver here: trials run on CPUs")
    text = f"driver {gpus.driver} is there, torch sees no GPU"
    if gpus.cuda is None:
        return Finding(
            "GPU", "warning", f"{text}: it is a build for CPUs", "Install torch's build for CUDA."
        )
    hidden = environment.get("CUDA_VISIBLE_DEVICES")
    if hidden is not None:
        return Finding("GPU", "warning", f"{text}: CUDA_VISIBLE_DEVICES={hidden}", "Unset it.")
    return Finding(
        "GPU",
        "warning",
        text,
        f"See that the driver is recent enough for CUDA {gpus.cuda}: nvidia-smi.",
    )


def seen_gpus() -> Gpus:
    import torch

    devices = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return Gpus(devices, torch.version.cuda, _driver(Path("/proc/driver/nvidia/version")))


def _driver(path: Path) -> str | None:
    """The version in a file such as `NVRM version: NVIDIA UNIX Kernel Module  570.86.15 ...`; None
    without the file.
    """
    if not path.is_file():
        return None
    words = path.read_text().split()
    return next(
        (word for word in words if word.count(".") >= 1 and word.replace(".", "").isdigit()),
        "unknown",
    )
