"""Tiny recordings in the files that laboratories have, and the arrays that were written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import raylab
from raylab.data.readers.read import read_source
from raylab.data.readers.sources import list_sources
from raylab.data.recipe import parse_recipe
from raylab.data.session import Session

FRAMES, CELLS, RATE = 240, 12, 20.0


@dataclass(frozen=True)
class Recording:
    """A simulated recording of cells with place fields on a circular track.

    Attributes:
        time: (T,) seconds.
        traces: (T, N) fluorescence.
        counts: (T, N) spikes in each frame.
        position: (T,) cm.
        speed: (T,) cm/s.
        spikes: Times of each cell's spikes in seconds.
    """

    time: np.ndarray
    traces: np.ndarray
    counts: np.ndarray
    position: np.ndarray
    speed: np.ndarray
    spikes: tuple[np.ndarray, ...]


def recording(seed: int = 0, *, frames: int = FRAMES, cells: int = CELLS) -> Recording:
    rng = np.random.default_rng(seed)
    time = np.arange(frames) / RATE
    speed = 20 + 10 * np.sin(time) + rng.uniform(0, 1, frames)
    position = np.cumsum(speed) / RATE % 100
    centres = np.linspace(0, 100, cells, endpoint=False)
    distance = np.abs(position[:, None] - centres)
    rate = 12 * np.exp(-(np.minimum(distance, 100 - distance) ** 2) / 200) + 0.5
    counts = rng.poisson(rate / RATE * 2)
    spikes = tuple(
        np.sort((np.repeat(np.arange(frames), column) + rng.random(column.sum())) / RATE)
        for column in counts.T
    )
    traces = (100 + 40 * counts + rng.normal(0, 5, counts.shape)).astype(np.float32)
    return Recording(time, traces, counts, position, speed, spikes)


def hdf5_file(path: Path, made: Recording) -> Path:
    """Traces, stamps and two labels under short names, as in many laboratories."""
    import h5py

    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file["dff"], file["t"] = made.traces, made.time
        file["pos"], file["speed"] = made.position, made.speed
    return path


def table(made: Recording) -> dict[str, np.ndarray]:
    """The columns of a table: time, one for each cell, and two labels."""
    cells = {f"cell{number}": column for number, column in enumerate(made.traces.T)}
    return {"time": made.time, **cells, "speed": made.speed, "position": made.position}


def drafted_session(path: Path, *, rate_hz: float | None = None) -> Session:
    """The first session that the drafted recipe reads, as it is written; or with another rate."""
    recipe = dict(raylab.draft(path).recipe)
    if rate_hz is not None:
        recipe["time"] = {"rate_hz": rate_hz}
    parsed = parse_recipe(recipe, "draft")
    return read_source(list_sources(path, parsed)[0], parsed)


def assert_read(session: Session, made: Recording, **labels: np.ndarray) -> None:
    """The activity, the rate and each label are those that were written."""
    np.testing.assert_allclose(session.neural, made.traces, rtol=1e-5)
    assert session.rate_hz == pytest.approx(RATE, rel=1e-3)
    for name, values in labels.items():
        np.testing.assert_allclose(session.labels[name].values[:, 0], values, rtol=1e-6)
