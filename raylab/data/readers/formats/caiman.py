"""Results of CaImAn (`cnm.save(...)`): traces of the accepted components."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field, PositiveFloat

from raylab.config.base import Strict
from raylab.data.readers.formats.hdf5 import Hdf5Store
from raylab.data.readers.formats.hdf5_tree import dataset
from raylab.errors import DataError

SIGNALS = ("C", "S", "F_dff")
GROUPS = ("estimates/", "")  # since version 1.4, and before
RATES = ("params/data/fr", "params/fr", "options/fr", "fr")
QUALITY = ("SNR_comp", "r_values", "cnn_preds")
DIMS = ("params/data/dims", "dims", "estimates/dims")


class CaimanOptions(Strict):
    signal: Literal["C", "S", "F_dff"] = Field(
        "C", description="denoised traces, deconvolved activity, or dF/F"
    )
    cells: bool = Field(True, description="accepted components only; false: all components")
    fr: PositiveFloat | None = Field(
        None, description="frames per second, where the file states none or a wrong one"
    )


def caiman_defaults(stated: Mapping[str, Any]) -> Mapping[str, Any]:
    """Where the activity and its clock are."""
    signal = stated.get("signal", "C")
    kind = "rate" if signal == "S" else "calcium"
    return {
        "neural": {"path": signal, "layout": "neuron_time", "kind": kind},
        "time": {"rate_path": "fr"},
    }


class CaimanStore(Hdf5Store):
    """`C`, `S` and `F_dff` of the chosen components, each (units, frames), and the rate `fr`.

    All arrays of the file have their own paths, too, such as `estimates/YrA`.

    Attributes:
        notes: Which components were chosen.
        unit_columns: The component, its quality and its place.
    """

    def __init__(self, path: Path, options: CaimanOptions) -> None:
        super().__init__(path)
        self._path, self._options = path, options
        try:
            self._group = next((group for group in GROUPS if self._traces(f"{group}C")), None)
            if self._group is None:
                raise DataError(
                    f"{path}: has no traces of components (estimates/C)",
                    "Save the results of CaImAn by `cnm.save('results.hdf5')`.",
                )
            self._signals = [name for name in SIGNALS if self._traces(f"{self._group}{name}")]
            self._chosen, self.notes = self._choose()
            self._columns = self._unit_columns()
        except BaseException:
            self.close()
            raise
        self.unit_columns = {name: name for name in self._columns}

    def names(self) -> list[str]:
        rate = ["fr"] if self._rate() is not None else []
        own = [*self._signals, *rate, *self._columns]
        return [*own, *(name for name in super().names() if name not in own)]

    def left_out(self) -> dict[str, str]:
        """What is not read, with the reason."""
        reasons = {
            name: f"CaImAn did not compute it; choose another `signal`: {', '.join(self._signals)}"
            for name in SIGNALS
            if name not in self._signals
        }
        if self._rate() is None:
            reasons["fr"] = "params/data/fr is missing; state the frames per second as `fr: 30`"
        return {**super().left_out(), **reasons}

    def read(self, name: str) -> np.ndarray:
        if name in self._signals:
            return self._all_of(name)[self._chosen]
        if name == "fr" and (rate := self._rate()) is not None:
            return np.array(rate)
        return self._columns[name] if name in self._columns else super().read(name)

    @property
    def _components(self) -> int:
        return self._shape(f"{self._group}C")[0]

    def _shape(self, name: str) -> tuple[int, ...]:
        """The shape of an array of numbers; empty of others: CaImAn writes None as a text."""
        stored = dataset(self._file, name) if name in super().names() else None
        return stored.shape if stored is not None and stored.dtype.kind in "biuf" else ()

    def _traces(self, name: str) -> bool:
        return len(self._shape(name)) == 2

    def _all_of(self, signal: str) -> np.ndarray:
        """(components, frames)."""
        traces = super().read(f"{self._group}{signal}")
        if len(traces) != self._components:
            raise DataError(
                f"{self._path}: {self._group}{signal} has {len(traces)} components, C "
                f"{self._components}",
                "The arrays are of different runs: save the results of CaImAn again.",
            )
        return traces

    def _choose(self) -> tuple[np.ndarray, tuple[str, ...]]:
        """The rows of the components that are units, and notes on them."""
        count, name = self._components, f"{self._group}idx_components"
        everyone = np.arange(count)
        if not self._options.cells:
            return everyone, ()
        if len(self._shape(name)) != 1:
            return everyone, ("No components are marked as accepted, so all of them are units.",)
        stated = super().read(name)
        rows = stated.astype(np.int64)
        if (rows != stated).any() or rows.min(initial=0) < 0 or rows.max(initial=0) >= count:
            raise DataError(
                f"{self._path}: {name} names components that the {count} traces do not have",
                "State `cells: false` to read all components.",
            )
        if not len(rows):
            raise DataError(
                f"{self._path}: {name} is empty, so no component is accepted",
                "Evaluate the components in CaImAn, or state `cells: false` to read all.",
            )
        return np.unique(rows), (f"{len(rows)} of {count} components are accepted.",)

    def _unit_columns(self) -> dict[str, np.ndarray]:
        """(units,) arrays by name; those that the file lacks are left out."""
        columns = {"component": self._chosen}
        for name in QUALITY:
            path = f"{self._group}{name}"
            if self._shape(path) == (self._components,):
                columns[name] = super().read(path)[self._chosen]
        return columns | self._places()

    def _places(self) -> dict[str, np.ndarray]:
        """The centre of each unit in pixels, of the sparse matrix `A` (pixels, components)."""
        parts = [f"{self._group}A/{part}" for part in ("data", "indices", "indptr")]
        if not all(len(self._shape(part)) == 1 for part in parts):
            return {}
        dims = next((name for name in DIMS if self._shape(name) == (2,)), None)
        if dims is None:
            return {}
        weights, pixels, edges = (super(CaimanStore, self).read(part) for part in parts)
        is_whole = len(edges) == self._components + 1 and edges[-1] == len(pixels) == len(weights)
        if (
            {pixels.dtype.kind, edges.dtype.kind} - set("iu")
            or not is_whole
            or edges[0] != 0
            or (np.diff(edges) < 0).any()
        ):
            return {}
        height = int(super().read(dims)[0])
        component = np.repeat(np.arange(self._components), np.diff(edges))
        total = np.bincount(component, weights, self._components)
        with np.errstate(divide="ignore", invalid="ignore"):
            y = np.bincount(component, weights * (pixels % max(height, 1)), self._components)
            x = np.bincount(component, weights * (pixels // max(height, 1)), self._components)
            return {"y": (y / total)[self._chosen], "x": (x / total)[self._chosen]}

    def _rate(self) -> float | None:
        """The frames per second, where they are known."""
        if self._options.fr is not None:
            return self._options.fr
        for name in RATES:
            stored = dataset(self._file, name) if name in super().names() else None
            if stored is not None and stored.size == 1 and stored.dtype.kind in "iuf":
                rate = float(super().read(name).reshape(()))
                if 0 < rate < np.inf:
                    return rate
        return None
