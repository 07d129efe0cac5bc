"""What a trial costs on this machine, measured by a few of its steps and a validation in this
process.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from raylab.training.loop import Training
from raylab.training.worker import TrialJob, run_round, start

STRIDE = 5  # steps between two readings of the clock


@dataclass(frozen=True)
class Cost:
    """What a trial costs. Times are in seconds.

    Attributes:
        warm_up_s: Extra time of the first trial of a process, which loads libraries and fills the
            view's cache.
        start_s: Time to open the dataset and to build the view and the model, plus the extra time
            of the first steps and of the first validation.
        step_s: Time of one later step.
        validation_s: Time of a validation, including saving the model and its checkpoint.
        steps: How many steps were measured.
        idle_bytes: Memory of the process before the trial, with libraries loaded.
        peak_bytes: The highest memory of the process, including the idle part. Parts of mapped
            files that were read count, even where processes share them.
        gpu_bytes: The highest memory that torch held on its GPU; 0 without a GPU.
        gpu_total_bytes: The memory of that GPU; 0 without a GPU.
        disk_bytes: Size of the trial's folder: model, checkpoint and embedding.
    """

    warm_up_s: float
    start_s: float
    step_s: float
    validation_s: float
    steps: int
    idle_bytes: int
    peak_bytes: int
    gpu_bytes: int
    gpu_total_bytes: int
    disk_bytes: int

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


def measure(job: TrialJob, *, seconds: float) -> Cost:
    """Train for about `seconds`, but at least some steps and one validation, in a temporary folder
    instead of the job's.

    Raises:
        Exception: any error that the trial itself would raise.
    """
    idle = _peak_bytes()
    sections = job.config["training"] | {"validate_every": STRIDE}
    job = replace(job, config={**job.config, "training": sections})
    with tempfile.TemporaryDirectory(prefix="raylab-probe-") as folder:
        began = time.monotonic()
        first_job = replace(job, folder=f"{folder}/first")
        run_round(start(first_job), first_job)
        cold_s = time.monotonic() - began
        job, began = replace(job, folder=f"{folder}/trial"), time.monotonic()
        training = start(job)
        opened = time.monotonic() - began
        first, step_s, steps = _steps(training, until=began + opened + 0.7 * seconds)
        early, validation_s = _validations(training, job, step_s, until=began + opened + seconds)
        start_s = opened + first + early
        warm_s = start_s + STRIDE * step_s + validation_s
        return Cost(
            *(max(0.0, cold_s - warm_s), start_s, step_s, validation_s, steps, idle, _peak_bytes()),
            *_gpu_bytes(training.device),
            disk_bytes=sum(
                path.stat().st_size for path in Path(job.folder).rglob("*") if path.is_file()
            ),
        )


def _steps(training: Training, *, until: float) -> tuple[float, float, int]:
    """(extra seconds of the first stride, seconds per later step, number of later steps). Where the
    trial ends too soon for later steps, the first ones are measured instead.
    """
    first, count = _stride(training)
    total, steps = 0.0, 0
    while time.monotonic() < until and training.next_stop < training.config.training.max_steps:
        took, done = _stride(training)
        total, steps = total + took, steps + done
    if not steps:
        return 0.0, first / count, count
    return max(0.0, first - count * total / steps), total / steps, steps


def _stride(training: Training) -> tuple[float, int]:
    began, before = time.monotonic(), training.step
    training.advance()  # ends with a check of the losses, so it waits for the GPU
    return time.monotonic() - began, training.step - before


def _validations(
    training: Training, job: TrialJob, step_s: float, *, until: float
) -> tuple[float, float]:
    """(extra seconds of the first validation, seconds of a later one). Without time for a later
    one, the first is measured instead.
    """
    first = last = _round(training, job, step_s)
    while time.monotonic() + last < until and not training.done:
        last = _round(training, job, step_s)
    return max(0.0, first - last), last


def _round(training: Training, job: TrialJob, step_s: float) -> float:
    began, before = time.monotonic(), training.step
    run_round(training, job)
    return max(0.0, time.monotonic() - began - step_s * (training.step - before))


def _gpu_bytes(device: torch.device) -> tuple[int, int]:
    """(highest memory that torch has reserved, memory of the GPU)."""
    if device.type != "cuda":
        return 0, 0
    return torch.cuda.max_memory_reserved(device), torch.cuda.get_device_properties(
        device
    ).total_memory


def _peak_bytes() -> int:
    """The high-water mark of this process's resident memory."""
    status = Path("/proc/self/status")
    # On Linux, getrusage would also count the process that this one was before it started Python.
    if status.is_file():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (
        1 if sys.platform == "darwin" else 1024
    )
