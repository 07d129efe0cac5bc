"""`inspect --correlations`: which units of a session vary together, as a table, a matrix and a
picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.figure import Figure

from raylab.data.dataset import Dataset
from raylab.data.views.training_samples import training_blocks
from raylab.errors import ConfigError, DataError
from raylab.evaluation.unit_correlation import (
    SILENT,
    UnitClusters,
    cluster_units,
    correlation_matrix,
)
from raylab.files import atomic_path, safe_name
from raylab.reporting.plots import literal

TABLE = "clusters.csv"
_DPI = 150


def unit_correlations(
    path: str | Path,
    *,
    out: str | Path | None = None,
    session: str | None = None,
    clusters: int = 10,
    view: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """Correlate the units of each session over its training samples, and cluster them.

    Average linkage of 1 - r, the tree cut into at most `clusters`. Sessions without training
    samples are left out.

    Args:
        path: A prepared dataset.
        out: A folder that gets `clusters.csv`, and of each session the matrix (Parquet, units as
            the recording counts them) and a figure of it in the order of the clusters (PNG).
            Default: nothing is written.
        session: Only this one.
        view: A trial's `view` section; default: the samples as they were prepared.

    Returns:
        A row a unit, in the order of the figure: `session`, `unit` (counted from 0 in the
        recording), `cluster` (from 1 in the order of the figure; -1 for a unit that never varies),
        `place` in the order.

    Raises:
        DataError: no such dataset or session, or no session has training samples.
        ConfigError: the view does not exist, or fewer than one cluster.
    """
    if clusters < 1:
        raise ConfigError(f"clusters {clusters}: at least 1", "Leave it out for 10.")
    dataset = Dataset(path)
    tables = []
    for name in _sessions(dataset, session):
        units, blocks = training_blocks(dataset.open(name), view)
        matrix = correlation_matrix(blocks)
        found = cluster_units(matrix, clusters=clusters)
        tables.append(_table(name, units, found))
        if out is not None:
            _keep(Path(out), name, units, matrix, found)
    table = pd.concat(tables, ignore_index=True)
    if out is not None:
        with atomic_path(Path(out) / TABLE) as temporary:
            table.to_csv(temporary, index=False)
    return table


def correlation_figure(matrix: np.ndarray, found: UnitClusters, *, title: str = "") -> Figure:
    """The matrix in the order of the clusters, with their borders; units that never vary are not
    drawn.

    The colours span the 99th percentile of |r| between units: of hundreds of units few correlate
    strongly.
    """
    order = found.order[found.cluster[found.order] != SILENT]
    shown = matrix[np.ix_(order, order)]
    off = np.abs(shown[~np.eye(len(order), dtype=bool)])
    limit = max(0.05, float(np.percentile(off, 99))) if len(off) else 1.0
    figure = Figure(figsize=(7.0, 6.0), dpi=_DPI, layout="constrained")
    axis = figure.subplots()
    drawn = axis.imshow(shown, vmin=-limit, vmax=limit, cmap=colormaps["RdBu_r"])
    for border in np.flatnonzero(np.diff(found.cluster[order])) + 0.5:
        axis.axhline(border, color="#374151", linewidth=0.5)
        axis.axvline(border, color="#374151", linewidth=0.5)
    silent = len(found.order) - len(order)
    axis.set_title(
        literal(title) + (f" ({silent} that never vary left out)" if silent else ""), fontsize=10
    )
    axis.set_xlabel("unit, in the order of the clusters", fontsize=9)
    axis.set_ylabel("unit", fontsize=9)
    axis.tick_params(labelsize=8)
    extend = "both" if limit < 1 else "neither"
    figure.colorbar(drawn, ax=axis, shrink=0.8, extend=extend).set_label(
        "correlation (Pearson r)", fontsize=9
    )
    return figure


def _sessions(dataset: Dataset, session: str | None) -> Iterator[str]:
    if session is not None:
        dataset.open(session)  # says which there are
    names = [
        name
        for name, spec in dataset.sessions.items()
        if session in (None, name) and spec.splits["train"]
    ]
    if not names:
        which = f"session '{session}' has" if session else "no session has"
        raise DataError(
            f"{dataset.path}: {which} {'no ' if session else ''}training samples to correlate",
            "Prepare the dataset with splits that train on it.",
        )
    return iter(names)


def _table(session: str, units: np.ndarray, found: UnitClusters) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "session": session,
            "unit": units[found.order],
            "cluster": found.cluster[found.order],
            "place": np.arange(len(found.order)),
        }
    )


def _keep(
    out: Path, session: str, units: np.ndarray, matrix: np.ndarray, found: UnitClusters
) -> None:
    name = safe_name(session)
    names = [str(unit) for unit in units]
    with atomic_path(out / f"{name}.parquet") as temporary:
        pd.DataFrame(matrix.astype(np.float32), columns=names, index=names).to_parquet(temporary)
    with atomic_path(out / f"{name}.png") as temporary:
        title = f"{session}: {len(units)} units, training samples"
        correlation_figure(matrix, found, title=title).savefig(temporary, format="png")
