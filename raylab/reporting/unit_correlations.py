"""`inspect --correlations`: which units of a session vary together, as a table, a matrix and a
picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from raylab.data.dataset import Dataset
from raylab.data.views.training_samples import training_blocks
from raylab.errors import ConfigError, DataError
from raylab.evaluation.unit_correlation import UnitClusters, cluster_units, correlation_matrix
from raylab.files import atomic_path, safe_name
from raylab.paths import AnyPath, local_path
from raylab.reporting.figures.files import save_figure
from raylab.reporting.figures.unit_correlations import correlation_figure

TABLE = "clusters.csv"


def unit_correlations(
    path: AnyPath,
    *,
    out: str | Path | None = None,
    session: str | None = None,
    clusters: int = 10,
    view: Mapping[str, object] | None = None,
) -> pd.DataFrame:
    """Correlate the units of each session over its training samples, and cluster them.

    The distance of two units is 1 - r, where r is their Pearson correlation. Units are joined by
    average linkage, and the tree is cut into at most `clusters` clusters. Sessions without training
    samples are left out.

    Args:
        path: A prepared dataset.
        out: A folder that gets `clusters.csv` and, for each session, the matrix of correlations
            (Parquet; rows and columns are named by the units' numbers in the recording) and a
            picture of it in the order of the clusters (PNG). Default: nothing is written.
        session: The only session to correlate. Default: all of them.
        clusters: The largest number of clusters per session.
        view: A trial's `view` section, which smooths or scales the activity first. Default: the
            samples as they were prepared.

    Returns:
        One row per unit, in the order of the picture. Columns: `session`; `unit`, counted from 0 in
        the recording; `cluster`, counted from 1 in the order of the picture, and -1 for a unit that
        never varies; `place`, the unit's position in that order, counted from 0.

    Raises:
        DataError: There is no such dataset or session, or no session has training samples.
        ConfigError: The view is not valid, or `clusters` is below 1.

    Example:
        >>> table = raylab.unit_correlations("dataset", session="a", clusters=2)
        >>> list(table.columns)
        ['session', 'unit', 'cluster', 'place']
        >>> len(table) == raylab.Dataset("dataset").sessions["a"].units
        True
    """
    if clusters < 1:
        raise ConfigError(f"clusters {clusters}: at least 1", "Leave it out for 10.")
    dataset = Dataset(path)
    tables = []
    for name in _sessions(dataset, session):
        units, blocks = training_blocks(dataset.open(name), view)
        matrix = correlation_matrix(blocks)
        clustered = cluster_units(matrix, clusters=clusters)
        tables.append(_table(name, units, clustered))
        if out is not None:
            _write_session(local_path(out), name, units, matrix, clustered)
    table = pd.concat(tables, ignore_index=True)
    if out is not None:
        with atomic_path(local_path(out) / TABLE) as temporary:
            table.to_csv(temporary, index=False)
    return table


def _sessions(dataset: Dataset, session: str | None) -> list[str]:
    """The sessions to correlate: those that have training samples."""
    if session is not None:
        dataset.open(session)  # its error lists the sessions there are
    names = [
        name
        for name, spec in dataset.sessions.items()
        if session in (None, name) and spec.splits["train"]
    ]
    if not names:
        which = f"session '{session}' has no" if session else "no session has"
        raise DataError(
            f"{dataset.path}: {which} training samples to correlate",
            "Prepare the dataset with splits that train on it.",
        )
    return names


def _table(session: str, units: np.ndarray, clusters: UnitClusters) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "session": session,
            "unit": units[clusters.order],
            "cluster": clusters.cluster[clusters.order],
            "place": np.arange(len(clusters.order)),
        }
    )


def _write_session(
    out: Path, session: str, units: np.ndarray, matrix: np.ndarray, clusters: UnitClusters
) -> None:
    """Write the matrix and the picture of one session."""
    name, names = safe_name(session), [str(unit) for unit in units]
    with atomic_path(out / f"{name}.parquet") as temporary:
        pd.DataFrame(matrix.astype(np.float32), columns=names, index=names).to_parquet(temporary)
    title = f"{session}: {len(units)} units, training samples"
    save_figure(out / f"{name}.png", correlation_figure(matrix, clusters, title=title))
