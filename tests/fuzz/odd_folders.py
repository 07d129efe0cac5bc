"""Recordings that are folders, and single npy files: damaged, incomplete, or made to do harm."""

from __future__ import annotations

import functools
import io
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tests.fuzz.bases import SAMPLES, UNITS, arrays, sampled, spiking
from tests.fuzz.damage import damage
from tests.fuzz.odd_archives import HEADERS, _calls, header, npy
from tests.fuzz.odd_arrays import Generator, oddity

ROIS = 4
NAME = "rat"  # of the folder of a case
TEXTS = (
    "",
    "\0",
    "cluster_id\tgroup\n1e400\tgood",
    "id,group\n1\tgood\n" * 3,
    "sample_rate = (" * 90,
    "sample_rate = " + "-" * 5000 + "1",
    "sample_rate = 1e-300",
)


@dataclass(frozen=True)
class FolderBase:
    """A format whose sessions are folders, as it is fuzzed.

    Attributes:
        recipes: What may be read from the folder; a case takes one.
        make: Write a whole folder.
    """

    recipes: tuple[dict[str, Any], ...]
    make: Callable[[Path], None]


def make_npy_folder(folder: Path) -> None:
    for name, value in arrays().items():
        np.save(folder / f"{name}.npy", value)


def make_suite2p(folder: Path) -> None:
    generator = np.random.default_rng(0)
    for plane in range(2):
        (folder / f"plane{plane}").mkdir(parents=True)
        for name, level in (("F", 300), ("Fneu", 100), ("spks", 2)):
            values = generator.normal(level, 1, (ROIS, SAMPLES)).astype(np.float32)
            np.save(folder / f"plane{plane}" / f"{name}.npy", values)
        files: dict[str, Any] = {
            "iscell": np.stack([np.arange(ROIS) % 3 != 1, np.arange(ROIS) / 10], 1),
            "ops": {"fs": np.float64(10), "badframes": np.zeros(SAMPLES, bool), "tau": 1.0},
            "stat": np.array([{"med": [1, 2], "npix": 3}] * ROIS, dtype=object),
        }
        for name, value in files.items():
            np.save(folder / f"plane{plane}" / f"{name}.npy", value, allow_pickle=True)


def make_phy(folder: Path) -> None:
    given = arrays()
    np.save(folder / "spike_times.npy", (given["spikes"] * 1000).astype(np.uint64)[:, None])
    np.save(folder / "spike_clusters.npy", given["cluster"].astype(np.int32))
    np.save(folder / "position.npy", given["slow"])
    np.save(folder / "position_times.npy", given["stamps"])
    (folder / "params.py").write_text("dat_path = 'a'\nsample_rate = 1000.\n")
    rows = "\n".join(f"{unit}\t{'good' if unit else 'mua'}\t{unit}.5" for unit in range(5))
    (folder / "cluster_group.tsv").write_text(f"cluster_id\tgroup\tdepth\n{rows}\n")


def write_caiman(path: Path, found: dict[str, Any]) -> None:
    with h5py.File(path, "w") as file:
        for name, value in found.items():
            file[name] = np.asarray(value)


def caiman_arrays() -> dict[str, Any]:
    given = arrays()
    return {
        "estimates/C": given["traces"].T,
        "estimates/S": given["traces"].T,
        "estimates/idx_components": np.array([0, 2]),
        "estimates/SNR_comp": np.arange(UNITS) / 2,
        "estimates/A/data": np.ones(UNITS),
        "estimates/A/indices": np.arange(UNITS),
        "estimates/A/indptr": np.arange(UNITS + 1),
        "params/data/fr": np.array(10.0),
        "params/data/dims": np.array([4, 4]),
    }


POSITION = {"position": {"path": "position", "kind": "continuous", "time": "position_times"}}
CAIMAN: tuple[dict[str, Any], ...] = (
    {"format": "caiman"},
    {"format": "caiman", "signal": "S", "cells": False},
)
FOLDERS: dict[str, FolderBase] = {
    "npy_folder": FolderBase(
        (
            sampled("npy"),
            {
                "format": "npy",
                "neural": {"path": "traces", "kind": "rate"},
                "time": {"rate_hz": 10},
            },
            spiking("npy", trials=True),
        ),
        make_npy_folder,
    ),
    "suite2p": FolderBase(
        (
            {"format": "suite2p"},
            {"format": "suite2p", "signal": "spks", "cells": 0.1},
            {"format": "suite2p", "baseline": {"kind": "percentile", "window_s": 1}, "fs": 5},
        ),
        make_suite2p,
    ),
    "phy": FolderBase(
        (
            {"format": "phy", "spikes": {"bin_s": 0.5}, "labels": POSITION},
            {"format": "phy", "spikes": {"bin_s": 0.5, "rate_hz": 100}, "clusters": "all"},
        ),
        make_phy,
    ),
}


@functools.cache
def whole_folder(target: str) -> dict[str, bytes]:
    """The undamaged files of a folder, by their paths in it."""
    with tempfile.TemporaryDirectory() as folder:
        FOLDERS[target].make(Path(folder))
        files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
        return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def odd_folder(path: Path, target: str, generator: Generator, ran: Path) -> str:
    """A folder of which one to three files are not as they should be; the kinds of damage."""
    files, kinds = dict(whole_folder(target)), []
    for _ in range(int(generator.integers(1, 4))):
        name = str(generator.choice(list(files)))
        kind, raw = _odd_file(name, whole_folder(target)[name], generator, ran)
        kinds.append(kind)
        files[name] = raw
        if kind == "missing" and len(files) > 1:
            del files[name]
    for name, raw in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(raw)
    return min(kinds)


def _odd_file(name: str, raw: bytes, generator: Generator, ran: Path) -> tuple[str, bytes]:
    chance = generator.random()
    if chance < 0.4:
        return "bytes", damage(raw, generator, next(iter(whole_folder("suite2p").values())))
    if chance < 0.5:
        return "missing", b""
    if not name.endswith(".npy"):
        return "text", TEXTS[generator.integers(len(TEXTS))].encode()
    if chance < 0.6:
        return "header", header(HEADERS[generator.integers(len(HEADERS))], bytes(960))
    if chance < 0.8 or b"'|O'" in raw[:200]:
        return "objects", odd_objects(generator, ran)
    try:
        return "arrays", npy(oddity(np.load(io.BytesIO(raw)), generator))
    except ValueError:  # the oddity does not go with this array
        return "bytes", damage(raw, generator, raw)


def odd_objects(generator: Generator, ran: Path) -> bytes:
    """Settings, or one object a unit, with an object that is made to do harm."""
    calls = _calls(generator, ran)
    call = calls[generator.integers(len(calls))]
    values: tuple[Any, ...] = ({"fs": call}, {"fs": 10.0, "badframes": call}, call)
    if generator.random() < 0.3:
        raw = npy(np.array([{"med": call, "npix": call}] * ROIS, dtype=object))
    else:
        alone = np.empty((), dtype=object)
        alone[()] = values[generator.integers(len(values))]
        raw = npy(alone)
    return damage(raw, generator, raw) if generator.random() < 0.3 else raw


# -- a single file ---------------------------------------------------------------------------------


def npy_header(path: Path, generator: Generator, ran: Path) -> None:
    path.write_bytes(header(HEADERS[generator.integers(len(HEADERS))], bytes(960)))


def npy_objects(path: Path, generator: Generator, ran: Path) -> None:
    path.write_bytes(odd_objects(generator, ran))


NPY = (npy_header, npy_objects)
