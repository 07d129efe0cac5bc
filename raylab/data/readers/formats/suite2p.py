"""Suite2p folders: the activity of the cells of one or several planes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from raylab.data.readers.suite2p.baseline import relative
from raylab.data.readers.suite2p.notes import notes_about
from raylab.data.readers.suite2p.options import Suite2pOptions
from raylab.data.readers.suite2p.planes import TRACES
from raylab.data.readers.suite2p.recording import Recording
from raylab.errors import DataError


class Suite2pStore:
    """The arrays `F`, `Fneu`, `spks` and `dff`, each (units, frames), the rate `fs`, and columns of
    units.

    Units are the chosen ROIs of all planes, one plane after the other. An ROI without a positive
    baseline has no dF/F, so it is no unit where the recipe reads dF/F.

    Attributes:
        notes: What was chosen, cut and dropped.
        unit_columns: The arrays with one row per unit, each called like its column.
    """

    def __init__(self, path: Path, options: Suite2pOptions) -> None:
        self._recording = Recording(path, options)
        self._kept = np.ones(self._recording.units, bool)
        self._dff: np.ndarray | None = None
        if options.signal == "dff":
            self._dff = self._relative()
            self._kept = ~np.isnan(self._dff[:, :1]).any(1)
        self.notes = notes_about(self._recording, int((~self._kept).sum()))
        self.unit_columns = {name: name for name in self._recording.columns}
        if not self._kept.any():
            raise DataError(f"{path}: no unit is left. {' '.join(self.notes)}", "Check `cells`.")

    def names(self) -> list[str]:
        traces = [name for name in TRACES if self._recording.all_have(name)]
        computed = ["dff"] if self._dff is not None else []
        rate = ["fs"] if self._recording.rates else []
        return [*traces, *computed, *rate, *self._recording.columns]

    def left_out(self) -> dict[str, str]:
        """What is not read, with the reason."""
        reasons = {
            name: f"there is no {name}.npy" for name in TRACES if not self._recording.all_have(name)
        }
        if not self._recording.rates:
            reasons["fs"] = "no ops.npy states `fs`; state the frames per second as `fs: 30`"
        if self._dff is None:
            reasons["dff"] = "the recipe's `signal` is not dff"
        return reasons

    def read(self, name: str) -> np.ndarray:
        if name == "fs":
            return np.array(self._recording.rate())
        if name == "dff" and self._dff is not None:
            return self._dff[self._kept]
        if name in self._recording.columns:
            return self._recording.columns[name][self._kept]
        options = self._recording.options
        share = options.subtracted if name == "F" and options.signal == "F" else 0.0
        return self._recording.traces(name, share)[self._kept]

    def close(self) -> None:
        pass

    def _relative(self) -> np.ndarray:
        """(units, frames) dF/F of the chosen ROIs, NaN where there is no baseline."""
        options, rate_hz = self._recording.options, self._recording.rate()
        parts = [
            relative(corrected, raw.mean(1), options.baseline, rate_hz)
            for raw, corrected in self._recording.blocks(options.subtracted)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, self._recording.frames), np.float32)
