"""`raylab prepare` as a user waits for it, beside what the same work costs without raylab.

The bound is what nothing can beat by much: two processes read the arrays with h5py, cast them to
float32, hash them and write them with numpy. It makes no label, no check, no split and no manifest.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import h5py
import numpy as np

from raylab.data.synth import write_session
from tests.benchmarks.data import recordings, scratch

PROCESSES = 2
ROUNDS = 3


def start_prepare(count: int, *, small: bool = False) -> dict[str, float]:
    """Medians over some rounds, in which raylab and the bound take turns.

    `first_line_s` is the first sign of life, `start_s` what passes before the first file is read.
    `mb_per_s` counts the start, `mb_per_s_reading` does not. `typo_s` is how long a recipe with a
    typo takes.
    """
    raw = _small(count) if small else recordings(count)
    megabytes = sum(path.stat().st_size for path in raw.iterdir()) / 1e6
    rounds = [_round(raw, megabytes) for _ in range(ROUNDS)]
    shutil.rmtree(raw)
    return {name: float(np.median([row[name] for row in rounds])) for name in rounds[0]}


def _round(raw: Path, megabytes: float) -> dict[str, float]:
    out = scratch() / "prepared"
    lines = _prepare(raw, out)
    shutil.rmtree(out)
    seconds, first = lines[-1][0], lines[0][0]
    start = next(at for at, line in lines if "reading " in line)
    wrong = _prepare(raw, out, "--set", "neural.knd=counts", code=2)
    bound = _bound(raw)
    return {
        "seconds": seconds,
        "first_line_s": first,
        "start_s": start,
        "mb_per_s": megabytes / seconds,
        "mb_per_s_reading": megabytes / (seconds - start),
        "typo_s": wrong[-1][0],
        "bound_s": bound,
        "bound_mb_per_s": megabytes / bound,
        "of_bound": bound / seconds,
    }


def _prepare(raw: Path, out: Path, *more: str, code: int = 0) -> list[tuple[float, str]]:
    """Seconds after the command's start of each line that it says, and of its end."""
    command = [sys.executable, "-m", "raylab.cli", "prepare", str(raw), "--out", str(out), *more]
    began = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        lines = [(time.perf_counter() - began, line) for line in process.stderr]
    assert process.returncode == code, lines
    return [*lines, (time.perf_counter() - began, "")]


def _small(count: int) -> Path:
    """Session files of 0.2 MB."""
    folder = scratch() / f"small-{count}"
    folder.mkdir()
    for number in range(count):
        name = f"s{number:04}"
        write_session(folder / f"{name}.h5", samples=2000, units=20, seed=number, session_id=name)
    return folder


def _bound(raw: Path) -> float:
    out = scratch() / "bound"
    out.mkdir()
    began = time.perf_counter()
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        list(pool.map(_store, sorted(raw.iterdir()), [out] * len(os.listdir(raw))))
    seconds = time.perf_counter() - began
    shutil.rmtree(out)
    return seconds


def _store(path: Path, out: Path) -> str:
    """Read, cast, hash and write one file."""
    sha256 = hashlib.sha256()
    target = out / f"{path.stem}.bin"
    with target.open("wb") as file:
        for array in _arrays(path):
            values = np.ascontiguousarray(array, np.float32 if array.dtype.kind == "f" else None)
            sha256.update(memoryview(values).cast("B"))
            file.write(memoryview(values).cast("B"))
        os.fsync(file.fileno())
    return sha256.hexdigest()


def _arrays(path: Path) -> Iterable[np.ndarray]:
    with h5py.File(path) as file:
        items: list[h5py.Dataset] = []
        file.visititems(lambda _, item: items.append(item) if hasattr(item, "dtype") else None)
        for item in items:
            if item.dtype.kind in "biuf" and item.size:
                yield item[()]
