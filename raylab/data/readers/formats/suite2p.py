"""Suite2p folders: the activity of the cells of one or several planes."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np

from raylab.data.readers.formats.baseline import LEAST_SHARE, relative
from raylab.data.readers.formats.suite2p_options import Suite2pOptions
from raylab.data.readers.formats.suite2p_planes import Plane, empty_planes, plane_folders
from raylab.data.readers.isolation.limits import allow
from raylab.errors import DataError

BLOCK = 64  # traces at once, so that the copies of the filters stay small


class Suite2pStore:
    """The arrays `F`, `Fneu`, `spks` and `dff`, each (units, frames), the rate `fs`, and columns of
    units.

    Units are the chosen ROIs of all planes, one plane after the other. An ROI without a positive
    baseline has no dF/F, so it is no unit where the recipe reads dF/F.
    """

    def __init__(self, path: Path, options: Suite2pOptions) -> None:
        self._path, self._options = path, options
        self._planes = [Plane(folder) for folder in plane_folders(path)]
        if not self._planes:
            raise DataError(f"{path}: has no F.npy, and no planes with one")
        self._frames = self._common_frames()
        self._chosen = [self._cells(plane) for plane in self._planes]
        self._kept = np.ones(sum(chosen.sum() for chosen in self._chosen), bool)
        self._dff: np.ndarray | None = None
        if options.signal == "dff":
            self._dff = self._relative()
            self._kept = ~np.isnan(self._dff[:, :1]).any(1)
        self._columns = self._unit_columns()
        if not self._kept.any():
            raise DataError(f"{path}: no unit is left. {' '.join(self.notes)}", "Check `cells`.")

    def names(self) -> list[str]:
        traces = [name for name in ("F", "Fneu", "spks") if self._all_have(name)]
        traces += ["dff"] if self._dff is not None else []
        return [*traces, *(["fs"] if self._rates else []), *self._columns]

    def left_out(self) -> dict[str, str]:
        """What is not read, with the reason."""
        reasons = {}
        if not self._rates:
            reasons["fs"] = "no ops.npy states `fs`; state the frames per second as `fs: 30`"
        if self._dff is None:
            reasons["dff"] = "the recipe's `signal` is not dff"
        missing = [name for name in ("F", "Fneu", "spks") if not self._all_have(name)]
        return reasons | {name: f"there is no {name}.npy" for name in missing}

    def read(self, name: str) -> np.ndarray:
        if name == "fs":
            return np.array(self._rate())
        if name == "dff" and self._dff is not None:
            return self._dff[self._kept]
        if name in self._columns:
            return self._columns[name][self._kept]
        share = self._options.subtracted if name == "F" and self._options.signal == "F" else 0.0
        return np.concatenate(
            [self._traces(plane, chosen, name, share) for plane, chosen in self._chosen_planes]
        )[self._kept]

    def close(self) -> None:
        pass

    @property
    def unit_columns(self) -> dict[str, str]:
        """The columns of units, each called like its array."""
        return {name: name for name in self._columns}

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What was chosen, cut and dropped."""
        return tuple(note for note in self._notes() if note)

    # -- planes ------------------------------------------------------------------------------------

    @property
    def _chosen_planes(self) -> list[tuple[Plane, np.ndarray]]:
        return list(zip(self._planes, self._chosen))

    def _all_have(self, name: str) -> bool:
        return all(plane.has(name) for plane in self._planes)

    def _common_frames(self) -> int:
        """The frames of all planes: a recording that is stopped within a volume has one frame less
        in its last planes.
        """
        frames = [plane.shape[1] for plane in self._planes]
        if max(frames) - min(frames) > 1:
            listed = ", ".join(f"{plane.folder.name} {plane.shape[1]}" for plane in self._planes)
            raise DataError(
                f"{self._path}: its planes have different numbers of frames ({listed})",
                "Name the folder of one plane, or run Suite2p on all planes again.",
            )
        return min(frames)

    def _cells(self, plane: Plane) -> np.ndarray:
        """(ROIs,) whether each is a unit."""
        cells = self._options.cells
        if cells is False or not plane.has("iscell"):
            return np.ones(plane.shape[0], bool)
        choice, probability = plane.rows("iscell").T
        return choice > 0 if cells is True else probability >= cells

    def _traces(
        self, plane: Plane, chosen: np.ndarray, name: str, share: float = 0.0
    ) -> np.ndarray:
        """(units, frames) float32 of one plane, less a share of the neuropil's signal."""
        allow(4.0 * chosen.sum() * self._frames, f"'{name}' of {plane.folder}")
        traces = plane.traces(name)[chosen, : self._frames].astype(np.float32)
        if share:
            traces -= np.float32(share) * plane.traces("Fneu")[chosen, : self._frames]
        return traces

    def _relative(self) -> np.ndarray:
        """(units, frames) dF/F of the chosen ROIs, NaN where there is no baseline."""
        allow(4.0 * len(self._kept) * self._frames, f"dF/F of {self._path}")
        dff = np.empty((len(self._kept), self._frames), np.float32)
        row, rate_hz = 0, self._rate()
        for plane, chosen in self._chosen_planes:
            for rois in np.split(np.flatnonzero(chosen), range(BLOCK, chosen.sum(), BLOCK)):
                block = np.zeros(len(chosen), bool)
                block[rois] = True
                mean = self._traces(plane, block, "F").mean(1)
                traces = self._traces(plane, block, "F", self._options.subtracted)
                dff[row : row + len(rois)] = relative(traces, mean, self._options.baseline, rate_hz)
                row += len(rois)
        return dff

    # -- the clock ---------------------------------------------------------------------------------

    @cached_property
    def _rates(self) -> list[float]:
        """The frames per second of each plane that states them."""
        if self._options.fs is not None:
            return [self._options.fs]
        stated = [np.asarray(plane.settings.get("fs")) for plane in self._planes]
        return [float(rate.reshape(())) for rate in stated if _is_rate(rate)]

    def _rate(self) -> float:
        rates = self._rates
        if not rates:
            raise DataError(
                f"{self._path}: no ops.npy states the frames per second (`fs`)",
                "State them in the recipe, for example `fs: 30`.",
            )
        if max(rates) > min(rates) * 1.0001:
            raise DataError(
                f"{self._path}: its planes have different frames per second ({rates})",
                "State those of a plane in the recipe, for example `fs: 30`.",
            )
        return rates[0]

    # -- columns and notes -------------------------------------------------------------------------

    def _unit_columns(self) -> dict[str, np.ndarray]:
        """(units,) arrays: plane and ROI, probability of being a cell, place and size."""
        columns: dict[str, list[np.ndarray]] = {}
        for plane, chosen in self._chosen_planes:
            rois = np.flatnonzero(chosen)
            parts = {"plane": np.full(len(rois), plane.number), "roi": rois}
            if self._all_have("iscell"):
                parts["probability"] = plane.rows("iscell")[rois, 1]
            if self._all_have("redcell"):
                parts["red"] = plane.rows("redcell")[rois, 0] > 0
            if self._all_have("stat"):
                parts |= _places(plane, rois)
            for name, part in parts.items():
                columns.setdefault(name, []).append(part)
        return {name: np.concatenate(parts) for name, parts in columns.items()}

    def _notes(self) -> list[str]:
        planes, rois = len(self._planes), sum(plane.shape[0] for plane in self._planes)
        chosen = len(self._kept)
        notes = []
        if self._options.cells is not False and not self._all_have("iscell"):
            notes.append("There is no iscell.npy, so all ROIs of such a plane are units.")
        if chosen < rois:
            notes.append(f"{chosen} of {rois} ROIs are cells by iscell.npy.")
        if self._dff is not None:
            notes.append(self._about_baseline())
            if not self._kept.all():
                notes.append(
                    f"{(~self._kept).sum()} units were dropped: their baseline is not above "
                    f"{LEAST_SHARE:.0%} of their mean fluorescence."
                )
        if planes > 1:
            notes.append(f"{planes} planes are joined, as if their frames were simultaneous.")
        cut = max(plane.shape[1] for plane in self._planes) - self._frames
        notes.append("The last frame, which not all planes have, was cut." if cut else "")
        read = {plane.folder.name for plane in self._planes}
        empty = [name for name in empty_planes(self._path) if name not in read]
        notes.append(f"{', '.join(empty)} has no F.npy and is left out." if empty else "")
        notes.append(self._about_bad_frames())
        return notes

    def _about_baseline(self) -> str:
        spec = self._options.baseline
        what = (
            f"{spec.percentile:g}th percentile" if spec.kind == "percentile" else "maximin baseline"
        )
        return (
            f"dF/F is relative to a running {what} over {spec.window_s:g} s of F - "
            f"{self._options.subtracted:g} Fneu: the baseline of a sample depends on samples "
            "before and after it, also of other splits."
        )

    def _about_bad_frames(self) -> str:
        marked = [np.asarray(plane.settings.get("badframes", 0)) for plane in self._planes]
        count = max((int(np.count_nonzero(each)) for each in marked if each.ndim == 1), default=0)
        return f"{count} frames are marked as bad by Suite2p and are kept." if count else ""


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
            pixels[row] = float(size)
    return {"y": places[:, 0], "x": places[:, 1], "npix": pixels}
