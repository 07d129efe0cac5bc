"""All planes of a Suite2p folder as one recording: its units, frames, rate and unit columns."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import numpy as np

from raylab.data.readers.isolation.limits import allow
from raylab.data.readers.suite2p.options import Suite2pOptions
from raylab.data.readers.suite2p.planes import Plane, plane_folders
from raylab.errors import DataError

BLOCK = 64  # traces at once, so that copies of them stay small


class Recording:
    """The chosen ROIs of all planes, one plane after the other.

    Attributes:
        frames: Number of frames that all planes have.
        chosen: For each plane, (ROIs,) whether each is a unit.
    """

    def __init__(self, path: Path, options: Suite2pOptions) -> None:
        self.path, self.options = path, options
        self.planes = [Plane(folder) for folder in plane_folders(path)]
        if not self.planes:
            raise DataError(f"{path}: has no F.npy, and no planes with one")
        self.frames = self._common_frames()
        self.chosen = [self._cells(plane) for plane in self.planes]

    @property
    def units(self) -> int:
        return int(sum(chosen.sum() for chosen in self.chosen))

    def all_have(self, name: str) -> bool:
        """Whether each plane has the file `name`."""
        return all(plane.has(name) for plane in self.planes)

    def traces(self, name: str, share: float = 0.0) -> np.ndarray:
        """(units, frames) float32, less a share of the neuropil's signal."""
        allow(4.0 * self.units * self.frames, f"'{name}' of {self.path}")
        blocks = [self._block(*block, name, share) for block in self._blocks(self.units)]
        return np.concatenate(blocks) if blocks else np.zeros((0, self.frames), np.float32)

    def blocks(self, share: float) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """(F, F less a share of the neuropil's signal) of a few units at a time, in their order."""
        for plane, rois in self._blocks(BLOCK):
            yield self._block(plane, rois, "F", 0.0), self._block(plane, rois, "F", share)

    def _blocks(self, size: int) -> Iterator[tuple[Plane, np.ndarray]]:
        for plane, chosen in zip(self.planes, self.chosen):
            rois = np.flatnonzero(chosen)
            for start in range(0, len(rois), size):
                yield plane, rois[start : start + size]

    def _block(self, plane: Plane, rois: np.ndarray, name: str, share: float) -> np.ndarray:
        traces = plane.traces(name)[rois, : self.frames].astype(np.float32)
        if share:
            traces -= np.float32(share) * plane.traces("Fneu")[rois, : self.frames]
        return traces

    def _common_frames(self) -> int:
        """A recording that is stopped within a volume has one frame less in its last planes."""
        frames = [plane.shape[1] for plane in self.planes]
        if max(frames) - min(frames) > 1:
            listed = ", ".join(f"{plane.folder.name} {plane.shape[1]}" for plane in self.planes)
            raise DataError(
                f"{self.path}: its planes have different numbers of frames ({listed})",
                "Name the folder of one plane, or run Suite2p on all planes again.",
            )
        return min(frames)

    def _cells(self, plane: Plane) -> np.ndarray:
        cells = self.options.cells
        if cells is False or not plane.has("iscell"):
            return np.ones(plane.shape[0], bool)
        choice, probability = plane.rows("iscell").T
        return choice > 0 if cells is True else probability >= cells

    @cached_property
    def rates(self) -> list[float]:
        """The frames per second of each plane that states them."""
        if self.options.fs is not None:
            return [self.options.fs]
        stated = [np.asarray(plane.settings.get("fs")) for plane in self.planes]
        return [float(rate.reshape(())) for rate in stated if _is_rate(rate)]

    def rate(self) -> float:
        """The frames per second.

        Raises:
            DataError: No plane states them, or they differ.
        """
        if not self.rates:
            raise DataError(
                f"{self.path}: no ops.npy states the frames per second (`fs`)",
                "State them in the recipe, for example `fs: 30`.",
            )
        if max(self.rates) > min(self.rates) * 1.0001:
            raise DataError(
                f"{self.path}: its planes have different frames per second ({self.rates})",
                "State those of a plane in the recipe, for example `fs: 30`.",
            )
        return self.rates[0]

    @cached_property
    def columns(self) -> dict[str, np.ndarray]:
        """(units,) arrays: plane and ROI, probability of being a cell, place and size."""
        columns: dict[str, list[np.ndarray]] = {}
        for plane, chosen in zip(self.planes, self.chosen):
            rois = np.flatnonzero(chosen)
            parts = {"plane": np.full(len(rois), plane.number), "roi": rois}
            if self.all_have("iscell"):
                parts["probability"] = plane.rows("iscell")[rois, 1]
            if self.all_have("redcell"):
                parts["red"] = plane.rows("redcell")[rois, 0] > 0
            if self.all_have("stat"):
                parts |= _places(plane, rois)
            for name, part in parts.items():
                columns.setdefault(name, []).append(part)
        return {name: np.concatenate(parts) for name, parts in columns.items()}


def _is_rate(rate: np.ndarray) -> bool:
    return rate.size == 1 and rate.dtype.kind in "iuf" and bool(0 < rate < np.inf)


def _places(plane: Plane, rois: np.ndarray) -> dict[str, np.ndarray]:
    """The place of each unit in pixels, and its number of pixels; NaN where none is stated."""
    places = np.full((len(rois), 2), np.nan)
    pixels = np.full(len(rois), np.nan)
    for row, roi in enumerate(rois):
        stated = plane.rois[roi]
        middle, size = np.asarray(stated.get("med", ())), np.asarray(stated.get("npix", ()))
        if middle.shape == (2,) and middle.dtype.kind in "iuf":
            places[row] = middle
        if size.size == 1 and size.dtype.kind in "iuf":
            pixels[row] = float(size.reshape(()))
    return {"y": places[:, 0], "x": places[:, 1], "npix": pixels}
