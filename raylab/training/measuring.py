"""What a trial costs here: a few steps and a validation of it, in this process, in a folder that
vanishes.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from raylab.training.loop import Training
from raylab.training.worker import Job, run_round, start

STRIDE = 5  # steps between two looks at the clock


@dataclass(frozen=True)
class Cost:
    """
    Attributes:
        warm_up_s: What the first trial of a process takes longer than the next: libraries, and the
            view's cache.
        start_s: To open the dataset, build the view and the model, and what the first steps and the
            first validation take longer than later ones.
        step_s: Of one step, after the first ones.
        validation_s: With saving the model and its checkpoint.
        steps: That were measured.
        idle_bytes: Of this process before the trial, libraries loaded.
        peak_bytes: The most that this process ever held, with the idle part. Mapped files count as
            far as they were read, also where processes share them.
        gpu_bytes: The most that torch held on its GPU; 0 without one.
        gpu_total_bytes: What that GPU has; 0 without one.
        disk_bytes: Of the trial's folder: model, checkpoint, embedding.
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

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def measure(job: Job, *, seconds: float) -> Cost:
    """Train for about `seconds`, but at least some steps and one validation. The job's folder is
    not used.

    Raises:
        Exception: whatever the trial itself would raise.
    """
    idle = _peak_bytes()
    sections = job.config["training"] | {"validate_every": STRIDE}
    job = replace(job, config={**job.config, "training": sections})
    with tempfile.TemporaryDirectory(prefix="raylab-probe-") as folder:
        began = time.monotonic()
        run_round(
            start(replace(job, folder=f"{folder}/first")), replace(job, folder=f"{folder}/first")
        )
        job, cold_s, began = (
            replace(job, folder=f"{folder}/trial"),
            time.monotonic() - began,
            time.monotonic(),
        )
        training = start(job)
        opened = time.monotonic() - began
        first, step_s, steps = _steps(training, until=began + opened + 0.7 * seconds)
        early, validation_s = _validations(training, job, step_s, until=began + opened + seconds)
        start_s, warm_s = (
            opened + first + early,
            opened + first + early + STRIDE * step_s + validation_s,
        )
        return Cost(
            *(max(0.0, cold_s - warm_s), start_s, step_s, validation_s, steps, idle, _peak_bytes()),
            *_gpu_bytes(training.device),
            disk_bytes=sum(
                path.stat().st_size for path in Path(job.folder).rglob("*") if path.is_file()
            ),
        )


def _steps(training: Training, *, until: float) -> tuple[float, float, int]:
    """(what the first stride took longer, seconds a step, how many steps). A trial that ends soon
    has no later ones.
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
    training.advance()  # ends with a look at the losses, for which it waits for a GPU
    return time.monotonic() - began, training.step - before


def _validations(
    training: Training, job: Job, step_s: float, *, until: float
) -> tuple[float, float]:
    """(what the first took longer, seconds of a later one), where the time allows a later one."""
    first = last = _round(training, job, step_s)
    while time.monotonic() + last < until and not training.done:
        last = _round(training, job, step_s)
    return max(0.0, first - last), last


def _round(training: Training, job: Job, step_s: float) -> float:
    began, before = time.monotonic(), training.step
    run_round(training, job)
    return max(0.0, time.monotonic() - began - step_s * (training.step - before))


def _gpu_bytes(device: torch.device) -> tuple[int, int]:
    """(the most that tensors held, with what torch keeps for the next ones; what there is)."""
    if device.type != "cuda":
        return 0, 0
    return torch.cuda.max_memory_reserved(device), torch.cuda.get_device_properties(
        device
    ).total_memory


def _peak_bytes() -> int:
    """The high-water mark of this process's resident memory."""
    status = Path("/proc/self/status")
    if (
        status.is_file()
    ):  # Linux; getrusage also counts what this process was before it became a Python
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (
        1 if sys.platform == "darwin" else 1024
    )
