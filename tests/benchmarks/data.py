"""Preparing and opening recordings of true size (115,459 samples x 200 units, 100 MB a file).

The peer of one file is what a careful script does: h5py reads the arrays, numpy writes them. Rows
without a peer measure seconds and memory, and what they predict for the whole data set.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache, partial
from multiprocessing.connection import Connection
from pathlib import Path

import h5py
import numpy as np

from raylab.config.parse import parse_trial
from raylab.data.dataset import Dataset
from raylab.data.preparation.writing import store_session
from raylab.data.readers.read import read_source
from raylab.data.readers.sources import list_sources
from raylab.data.synth import write_session
from raylab.data.synthesis.two_photon_file import Form
from raylab.training.worker import TrialJob, start
from tests.benchmarks.harness import Pair, Run
from tests.benchmarks.memory import Peak, descendants, proportional_mib

SAMPLES, UNITS, COUNTS = 115_459, 200, (32_187, 4_486, 8_064)
WHOLE_SET = 1304
BUDGET = "2GB"
TRIAL = {"training": {"max_steps": 1, "validate_every": 1, "device": "cpu"}}


@cache
def scratch() -> Path:
    """A folder of this process, removed with it."""
    folder = Path(tempfile.mkdtemp(prefix="raylab-bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def recordings(count: int) -> Path:
    """`count` session files in a folder: one generated, the others copies with ids of their own.

    Their activity differs in its first value, so that no recording looks like a copy of another.
    """
    folder = scratch() / f"raw-{count}"
    folder.mkdir()
    first = write_session(
        folder / "s0000.h5", samples=SAMPLES, units=UNITS, session_id="s0000", split_counts=COUNTS
    )
    for number in range(1, count):
        path = folder / f"s{number:04}.h5"
        shutil.copyfile(first, path)
        with h5py.File(path, "r+") as file:
            file["session"].attrs["id"] = path.stem
            file["calcium_traces/df_over_f"][0, 0] = number
    return folder


# -- a single file, against a script ---------------------------------------------------------------


def single_file(form: Form) -> Pair:
    """Reading one session and storing it; splits and hashes included."""
    path = scratch() / f"{form}.h5"
    write_session(path, samples=SAMPLES, units=UNITS, form=form, split_counts=COUNTS)
    return Pair(
        ours=partial(our_file, path),
        peer=partial(script_file, path),
        megabytes=path.stat().st_size / 1e6,
    )


def our_file(path: Path) -> Run:
    (source,) = list_sources(path)

    def run(steps: int) -> None:
        for _ in range(steps):
            store_session(path.parent, read_source(source), name=path.stem, source=path.name)

    return run


def script_file(path: Path) -> Run:
    def run(steps: int) -> None:
        for _ in range(steps):
            with h5py.File(path) as file:
                arrays: dict[str, np.ndarray] = {}

                def keep(name: str, item: object, arrays: dict[str, np.ndarray] = arrays) -> None:
                    if isinstance(item, h5py.Dataset) and item.dtype.kind in "biuf":
                        arrays[name.replace("/", ".")] = item[()]

                file.visititems(keep)
            np.savez(path.with_suffix(".npz"), **arrays)

    return run


# -- many files ------------------------------------------------------------------------------------


def many_files(count: int) -> dict[str, float]:
    """Wall time and peak memory of `raylab prepare` with all its processes, and what they predict
    for the whole set.
    """
    raw, out = recordings(count), scratch() / f"ds-{count}"
    command = [
        sys.executable,
        "-m",
        "raylab.cli",
        "prepare",
        str(raw),
        "--out",
        str(out),
        "--memory",
        BUDGET,
    ]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    peak = Peak(process.pid)
    peak.start()
    failed = process.wait()
    seconds, mib = time.perf_counter() - began, peak.stop()
    assert failed == 0
    megabytes = sum(path.stat().st_size for path in raw.iterdir()) / 1e6
    shutil.rmtree(raw)
    shutil.rmtree(out)
    return {
        "seconds": seconds,
        "peak_mib": mib,
        "mb_per_s": megabytes / seconds,
        "predicted_minutes_1304": seconds / count * WHOLE_SET / 60,
        "predicted_gb_1304": megabytes / count * WHOLE_SET / 1e3,
    }


# -- opening ---------------------------------------------------------------------------------------


@cache
def four_sessions() -> Path:
    raw = recordings(4)
    subprocess.run(
        [sys.executable, "-m", "raylab.cli", "prepare", str(raw), "--out", str(scratch() / "ds")],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return scratch() / "ds"


def first_batch() -> dict[str, float]:
    """Seconds of a fresh process from opening the dataset to the end of its first training step."""
    return {"seconds": _in_processes(1, _train_once)["seconds"]}


def processes(count: int, trained: bool) -> dict[str, float]:
    """Memory of `count` processes that hold the same dataset: all of it touched, or viewed for
    training.
    """
    return _in_processes(count, _train_once if trained else _touch)


def _touch(data: Path) -> object:
    dataset = Dataset(data)
    opened = [dataset.open(name) for name in dataset.sessions]
    assert all(np.isfinite(recording.neural.sum()) for recording in opened)
    return opened


def _train_once(data: Path) -> object:
    with tempfile.TemporaryDirectory() as folder:
        config = parse_trial(TRIAL, "benchmark").model_dump(mode="json")
        training = start(TrialJob("0000", folder, str(data), config))
        training.advance()
    return training


def _in_processes(count: int, hold: Callable[[Path], object]) -> dict[str, float]:
    context, data = multiprocessing.get_context("spawn"), four_sessions()
    pipes, children = zip(*(_spawn(context, hold, data) for _ in range(count)))
    seconds = [pipe.recv() for pipe in pipes]
    mib = proportional_mib(set().union(*(descendants(child.pid) for child in children)))
    for pipe, child in zip(pipes, children):
        pipe.send(None)
        child.join()
    dataset_mib = sum(file.stat().st_size for file in data.rglob("*.safetensors")) / 2**20
    return {
        "seconds": max(seconds),
        "mib": mib,
        "mib_a_process": mib / count,
        "dataset_mib": dataset_mib,
    }


def _spawn(
    context: multiprocessing.context.SpawnContext, hold: Callable[[Path], object], data: Path
) -> tuple:
    ours, theirs = context.Pipe()
    child = context.Process(target=_holding, args=(theirs, hold, data))
    child.start()
    return ours, child


def _holding(pipe: Connection, hold: Callable[[Path], object], data: Path) -> None:
    os.environ["OMP_NUM_THREADS"] = "1"
    began = time.perf_counter()
    held = hold(data)
    pipe.send(time.perf_counter() - began)
    pipe.recv()
    del held
