"""The planes of a Suite2p folder: their files, ROIs and settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from raylab.data.readers.formats.npy import header, read_npy
from raylab.data.readers.object_arrays import read_objects
from raylab.errors import DataError

TRACES = ("F", "Fneu", "spks")
FILES = (*TRACES, "iscell", "redcell", "stat", "ops", "settings", "db")
SETTINGS = ("ops", "settings", "db")  # Suite2p before and since version 1


def suite2p_files(folder: Path) -> list[Path]:
    """The files that are read of a Suite2p folder or of one plane's folder; none of others."""
    return [
        path
        for plane in plane_folders(folder)
        for name in FILES
        if (path := plane / f"{name}.npy").is_file()
    ]


def plane_folders(folder: Path) -> list[Path]:
    """The folders of the planes, plane2 before plane10; the folder itself where it is one.

    The folder `combined` repeats the planes, so it is read only where it is named.
    """
    if _is_plane(folder):
        return [folder]
    planes = [path for path in folder.glob("plane*") if _is_plane(path)]
    numbered = {int(match[1]): path for path in planes if (match := _number(path))}
    return [numbered[number] for number in sorted(numbered)]


def _is_plane(folder: Path) -> bool:
    """True for a folder with traces; with spks.npy alone, as some share it, beside other files."""
    if (folder / "F.npy").is_file():
        return True
    return (folder / "spks.npy").is_file() and any(
        (folder / f"{name}.npy").is_file() for name in ("iscell", "stat", "ops")
    )


def empty_planes(folder: Path) -> list[str]:
    """Planes in which Suite2p detected nothing, so that they have no traces."""
    return sorted(path.name for path in folder.glob("plane*") if _number(path) and path.is_dir())


def _number(path: Path) -> re.Match[str] | None:
    return re.fullmatch(r"plane(\d+)", path.name)


@dataclass(frozen=True)
class Plane:
    """One plane's folder.

    Attributes:
        number: Of the plane; 0 where its folder is not called after one.
    """

    folder: Path

    @property
    def number(self) -> int:
        match = _number(self.folder)
        return int(match[1]) if match else 0

    def has(self, name: str) -> bool:
        return (self.folder / f"{name}.npy").is_file()

    @cached_property
    def shape(self) -> tuple[int, int]:
        """(ROIs, frames)."""
        return self._shape("F" if self.has("F") else "spks")

    def _shape(self, name: str) -> tuple[int, int]:
        path = self.folder / f"{name}.npy"
        read_npy(path)  # which explains what is wrong with a file
        shape = header(path)[0]
        if len(shape) != 2:
            raise DataError(
                f"{path}: has shape {shape}, not (ROIs, frames)", "Compare it with its source."
            )
        return shape[0], shape[1]

    def traces(self, name: str) -> np.ndarray:
        """(ROIs, frames) of `F`, `Fneu` or `spks`, mapped into memory."""
        path = self.folder / f"{name}.npy"
        if not path.is_file():
            raise DataError(f"{path}: no such file, but the recipe's `signal` needs it")
        if self._shape(name) != self.shape:
            raise DataError(
                f"{path}: has shape {self._shape(name)}, F.npy beside it {self.shape}",
                "The files are of different runs of Suite2p: run it again, or restore them.",
            )
        return read_npy(path)

    def rows(self, name: str) -> np.ndarray:
        """(ROIs, 2) of `iscell` or `redcell`: the choice and its probability."""
        path = self.folder / f"{name}.npy"
        array = read_npy(path)
        if array.ndim == 1 and array.dtype.kind in "biuf":
            array = np.stack([array, array], axis=1)
        if array.ndim != 2 or array.shape[1] != 2 or array.dtype.kind not in "biuf":
            raise DataError(
                f"{path}: has shape {array.shape}, not (ROIs, 2)", "Compare it with its source."
            )
        self._check_rois(path, len(array))
        return array.astype(np.float64)

    @cached_property
    def settings(self) -> Mapping[str, object]:
        """What Suite2p was told and what it noted, of all files that say so."""
        merged: dict[str, object] = {}
        for name in reversed(SETTINGS):
            path = self.folder / f"{name}.npy"
            if path.is_file():
                objects = read_objects(path)
                if len(objects) != 1 or not isinstance(objects[0], dict):
                    raise DataError(
                        f"{path}: holds no settings of Suite2p", "Compare it with its source."
                    )
                merged |= objects[0]
        return merged

    @cached_property
    def rois(self) -> list[Mapping[str, object]]:
        """What stat.npy says of each ROI; empty where there is no such file."""
        path = self.folder / "stat.npy"
        if not path.is_file():
            return []
        objects = read_objects(path)
        self._check_rois(path, len(objects))
        return [each if isinstance(each, Mapping) else {} for each in objects]

    def _check_rois(self, path: Path, count: int) -> None:
        if count != self.shape[0]:
            raise DataError(
                f"{path}: has {count} ROIs, F.npy beside it {self.shape[0]}",
                "The files are of different runs of Suite2p: run it again, or restore them.",
            )
