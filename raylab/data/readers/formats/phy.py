"""Folders of phy and Kilosort: spike times in samples, clusters, and what people say of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from raylab.data.readers.formats.npy import NpyStore, npy_files, read_npy
from raylab.data.readers.phy.options import ALL, PhyOptions
from raylab.data.readers.phy.parameters import NAME, sample_rate
from raylab.data.readers.phy.tables import SORTED, UNSORTED, Column, read_tables, table_files
from raylab.errors import DataError

TIMES, CLUSTERS = "spike_times", ("spike_clusters", "spike_templates")
# What Kilosort needs itself; these are large and say nothing about time.
NOT_READ = (
    *("pc_features", "pc_feature_ind", "template_features", "template_feature_ind", "templates"),
    *("templates_ind", "templates_unw", "similar_templates", "whitening_mat", "whitening_mat_inv"),
    "whitening_mat_dat",
)


def phy_files(folder: Path) -> list[Path]:
    """The files that are read of a folder of phy or Kilosort; none of others."""
    arrays = [path for path in npy_files(folder) if path.stem not in NOT_READ]
    names = {path.stem for path in arrays}
    if TIMES not in names or not names & set(CLUSTERS):
        return []
    parameters = folder / "params.py"
    return [*arrays, *table_files(folder), *([parameters] if parameters.is_file() else [])]


class PhyStore:
    """The arrays of the folder by the names of their files, `sample_rate`, and the clusters.

    `clusters/unit_ids` are all clusters that have spikes or that a table lists,
    `clusters/of_spike` the cluster of every spike, `clusters/chosen` which of all are units, and
    `clusters/<column>` what the tables say of them.

    Attributes:
        notes: By which table the units were chosen.
        unit_columns: The columns of the tables.
    """

    def __init__(self, path: Path, options: PhyOptions) -> None:
        files = {file.stem: file for file in phy_files(path) if file.suffix == ".npy"}
        if not files:
            raise DataError(
                f"{path}: has no {TIMES}.npy with {' or '.join(CLUSTERS)}.npy beside it"
            )
        self._arrays = NpyStore(path, files)
        self._rate = sample_rate(path / "params.py")
        of_spike = read_npy(next(files[name] for name in CLUSTERS if name in files)).reshape(-1)
        if of_spike.dtype.kind not in "iu":
            raise DataError(f"{path}: its clusters are numbers of type {of_spike.dtype}")
        tables = read_tables(path)
        listed = np.array(sorted(tables.ids), np.int64)
        ids = np.union1d(np.unique(of_spike).astype(np.int64), listed)
        columns = tables.arrays(ids)
        column, groups = tables.groups()
        chosen = self._choose(path, options, ids, groups)
        self.notes = tuple(_notes(options, column, files))
        self.unit_columns = {name: f"clusters/{name}" for name in columns if name != "id"}
        self._clusters = {
            "clusters/of_spike": of_spike.astype(np.int64),
            "clusters/unit_ids": ids,
            "clusters/chosen": chosen,
            **{f"clusters/{name}": column for name, column in columns.items()},
        }

    def names(self) -> list[str]:
        rate = [NAME] if isinstance(self._rate, float) else []
        return [*self._arrays.names(), *rate, *self._clusters]

    def left_out(self) -> dict[str, str]:
        """What is not read, with the reason."""
        reasons = dict.fromkeys(NOT_READ, "it is only of use to Kilosort")
        if isinstance(self._rate, str):
            reasons[NAME] = f"{self._rate}; state the rate as `spikes.rate_hz: 30000`"
        return reasons

    def read(self, name: str) -> np.ndarray:
        if name == NAME:
            return np.array(self._rate)
        return self._clusters[name] if name in self._clusters else self._arrays.read(name)

    def close(self) -> None:
        pass

    @staticmethod
    def _choose(path: Path, options: PhyOptions, ids: np.ndarray, groups: Column) -> np.ndarray:
        """(N,) which clusters are units."""
        if options.clusters == ALL or not groups:
            return np.ones(len(ids), bool)
        named = np.array([groups.get(int(each), "").lower() or UNSORTED for each in ids])
        wanted = [group.lower() for group in options.clusters]
        chosen = np.isin(named, wanted)
        if not chosen.any():
            there = ", ".join(f"{name} ({(named == name).sum()})" for name in np.unique(named))
            raise DataError(
                f"{path}: no cluster is in the group {' or '.join(options.clusters)}",
                f"There are: {there}. State `clusters`, such as `clusters: [good, mua]`.",
            )
        return chosen


def _notes(options: PhyOptions, column: str, files: dict[str, Path]) -> list[str]:
    notes = []
    if CLUSTERS[0] not in files:
        notes.append("There is no spike_clusters.npy, so each of Kilosort's templates is a unit.")
    if options.clusters != ALL and not column:
        notes.append("No table says which clusters are good, so all clusters are units.")
    elif options.clusters != ALL and column == SORTED[-1][1]:
        notes.append("Units are chosen by Kilosort's own label; nobody has sorted the clusters.")
    return notes
