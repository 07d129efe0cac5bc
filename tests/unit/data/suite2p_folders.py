"""Small Suite2p folders for tests."""

from __future__ import annotations

import datetime
import pickle
from pathlib import Path
from typing import Any

import numpy as np

ROIS, FRAMES, FS = 6, 200, 10.0


def traces(rois: int = ROIS, frames: int = FRAMES, seed: int = 0) -> dict[str, np.ndarray]:
    """F well above its neuropil, Fneu and spks, each (ROIs, frames) float32."""
    generator = np.random.default_rng(seed)
    spikes = generator.poisson(0.05, (rois, frames)).astype(np.float32)
    fluorescence = 300 + 50 * spikes + generator.normal(0, 5, (rois, frames))
    neuropil = 100 + generator.normal(0, 5, (rois, frames))
    found = {"F": fluorescence, "Fneu": neuropil, "spks": spikes}
    return {name: array.astype(np.float32) for name, array in found.items()}


def write_plane(folder: Path, *, ops: Any = None, **changes: Any) -> dict[str, np.ndarray]:
    """Write a plane's folder; the arrays of `changes` replace those of `traces`, None leaves one
    out.
    """
    folder.mkdir(parents=True)
    arrays = {**traces(), **changes}
    rois = len(arrays["F"])
    arrays.setdefault("iscell", np.stack([np.arange(rois) % 3 != 1, np.arange(rois) / 10], 1))
    for name, array in arrays.items():
        if array is not None:
            np.save(folder / f"{name}.npy", array)
    stated = {"fs": FS, "nplanes": 1, "date_proc": datetime.datetime.now(), "save": Path("/raw")}
    np.save(folder / "ops.npy", {**stated, **(ops or {})}, allow_pickle=True)
    stat = [
        {"med": [roi, 2 * roi], "npix": np.int64(5 + roi), "x": np.arange(3)} for roi in range(rois)
    ]
    np.save(folder / "stat.npy", np.array(stat, dtype=object), allow_pickle=True)
    return {name: array for name, array in arrays.items() if array is not None}


def write_old(path: Path, value: object) -> None:
    """An array of objects as numpy 1 wrote it, with another protocol of pickle."""
    array = np.empty((), dtype=object)
    array[()] = value
    with path.open("wb") as file:
        header = {"descr": "|O", "fortran_order": False, "shape": ()}
        np.lib.format.write_array_header_1_0(file, header)
        file.write(pickle.dumps(array, protocol=2).replace(b"numpy._core", b"numpy.core"))
