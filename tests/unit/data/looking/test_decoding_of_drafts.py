"""A drafted recipe decodes as well as the same arrays given directly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from lab_files import RATE, Recording, drafted_session, hdf5_file, recording, table
from sklearn.neighbors import KNeighborsRegressor

pytestmark = pytest.mark.slow
BIN_S = 0.05  # of a drafted recipe for spikes: one frame


def csv_file(path: Path, made: Recording) -> Path:
    pd.DataFrame(table(made)).to_csv(path / "a.csv", index=False)
    return path / "a.csv"


def trace_file(path: Path, made: Recording) -> Path:
    return hdf5_file(path / "a.h5", made)


def array_beside_label(path: Path, made: Recording) -> Path:
    np.save(path / "neural.npy", made.traces)
    np.save(path / "position.npy", made.position)
    return path / "neural.npy"


def spike_file(path: Path, made: Recording) -> Path:
    units = np.repeat(np.arange(len(made.spikes)), [len(each) for each in made.spikes])
    with h5py.File(path / "a.h5", "w") as file:
        file["spike_times"], file["spike_units"] = np.concatenate(made.spikes), units
        file["behavior/position"], file["behavior/time"] = made.position, made.time
    return path / "a.h5"


def caiman_file(path: Path, made: Recording) -> Path:
    with h5py.File(path / "caiman_results.hdf5", "w") as file:
        file["estimates/C"], file["params/data/fr"] = made.traces.T, RATE
        file["estimates/idx_components"] = np.arange(len(made.spikes))
    np.save(path / "caiman_position.npy", made.position)
    return path / "caiman_results.hdf5"


WRITERS = (csv_file, trace_file, array_beside_label, spike_file, caiman_file)


def score(neural: np.ndarray, position: np.ndarray) -> float:
    """R2 of a position decoded on the second half of a recording."""
    known = np.isfinite(position)
    neural, angle = neural[known], position[known] / 100 * 2 * np.pi
    target = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    half = len(neural) // 2
    decoder = KNeighborsRegressor(9).fit(neural[:half], target[:half])
    return float(decoder.score(neural[half:], target[half:]))


@pytest.mark.parametrize("write", WRITERS)
def test_position_is_decoded_as_from_the_arrays(
    write: Callable[[Path, Recording], Path], tmp_path: Path
) -> None:
    made = recording(1, frames=3000, cells=40)
    session = drafted_session(write(tmp_path, made))
    neural, position = made.traces, made.position
    if write is spike_file:  # the position at the centre of each bin
        edges = np.arange(len(made.time) + 1) * BIN_S
        neural = np.stack([np.histogram(each, edges)[0] for each in made.spikes], axis=1)
        position = np.interp(edges[:-1] + BIN_S / 2, made.time, made.position)
    (name,) = (name for name in session.labels if name in ("position", "pos"))
    given = score(neural, position)
    assert given > 0.5
    assert score(session.neural, session.labels[name].values[:, 0]) == pytest.approx(
        given, abs=0.02
    )
