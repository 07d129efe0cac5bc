"""Small files under the names that pages give to the files of a laboratory."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import yaml
from helpers import arrays, recipe_file, recording_file
from lab_files import recording
from lab_forms import csv

SAMPLES = 600


def recordings(folder: Path) -> None:
    """npz files of a laboratory in several folders, and the recipe that reads them."""
    places = ("recordings/rat1_a", "recordings/rat1_b", "monday/rat2_a", "tuesday/rat2_b", "extra")
    for number, place in enumerate(places):
        path = folder / f"{place}.npz"
        recording_file(path.parent, path.name, **arrays(SAMPLES, units=20, seed=number))
    recipe_file(folder)


def table_files(folder: Path) -> None:
    csv(folder, recording(frames=3000, cells=60))


def worms(folder: Path) -> None:
    """Two files as the laboratory of the recipe `worm` writes them."""
    for number in range(2):
        path = folder / "worms" / f"2022-07-2{number}-01-data.h5"
        path.parent.mkdir(exist_ok=True)
        random = np.random.default_rng(number)
        velocity = np.sin(np.arange(SAMPLES) / 20)
        with h5py.File(path, "w") as file:
            noise = random.normal(0, 0.3, (SAMPLES, 20))
            file["gcamp/trace_array"] = velocity[:, None] * random.normal(size=20) + noise
            file["timing/timestamp_confocal"] = np.arange(SAMPLES) / 1.67
            for name in ("velocity", "head_angle", "angular_velocity", "worm_curvature"):
                file[f"behavior/{name}"] = velocity + random.normal(0, 0.1, SAMPLES)
            file["behavior/reversal_vec"] = (velocity < 0).astype(int)


def raw_files(folder: Path) -> None:
    """A recording whose speed and position lie in other folders."""
    recording_file(folder / "raw", "mouse.npz", **arrays(SAMPLES))
    time = np.arange(SAMPLES) / 10
    tables = {"running.csv": "speed", "mouse_pos.dat": "x"}
    for below in ("behaviour", "treadmill", "video"):
        (folder / below).mkdir()
        for name, column in tables.items():
            table = pd.DataFrame({"time_s": time, column: np.sin(time)})
            table.to_csv(folder / below / name, index=False)
    recipe = {
        "format": "npz",
        "neural": {"path": "x", "kind": "rate"},
        "time": {"rate_hz": 10},
        "companions": {
            "running": "running.csv",
            "position": {"file": "*_pos.dat", "format": "csv"},
        },
        "labels": {
            "speed": {"path": "running:speed", "kind": "continuous", "time": "running:time_s"},
            "place": {"path": "position:x", "kind": "continuous", "time": "position:time_s"},
        },
    }
    (folder / "mine.yaml").write_text(yaml.safe_dump(recipe))


def npz_files(folder: Path) -> None:
    made = recording(frames=1200)
    heading = 3.6 * made.position
    np.savez(folder / "recording.npz", dff=made.traces, heading=heading)
