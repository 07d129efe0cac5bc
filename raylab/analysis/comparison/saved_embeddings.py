"""Files of embeddings that another program, or `raylab export`, wrote: one row per sample."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pandas as pd

from raylab.data.views.view import Timeline
from raylab.errors import DataError


@dataclass(frozen=True)
class SavedEmbeddings:
    """A file of embeddings.

    A Parquet file has the columns `session`, `sample` (its row in the recording, as `raylab export`
    writes it) and e0, e1, ...; an npz file the arrays `session` (n,), `sample` (n,) and `embedding`
    (n, D).
    """

    name: str
    session: np.ndarray
    sample: np.ndarray
    points: np.ndarray

    @classmethod
    def read(cls, path: Path) -> SavedEmbeddings:
        """Read a file.

        Raises:
            DataError: the file is missing or not of this form.
        """
        try:
            session, sample, points = _parquet(path) if path.suffix == ".parquet" else _npz(path)
        except FileNotFoundError:
            raise DataError(f"{path}: no such file") from None
        except (ValueError, OSError, KeyError, EOFError, BadZipFile) as error:
            raise DataError(
                f"{path}: not a file of embeddings ({error})", "See docs/evaluation.md."
            ) from None
        if (
            points.ndim != 2
            or not len(points) == len(sample) == len(session)
            or sample.dtype.kind not in "iu"
        ):
            raise DataError(
                f"{path}: shapes {session.shape}, {sample.shape} and {points.shape} of session, "
                "sample (whole numbers) and embedding do not belong together",
                "See docs/evaluation.md.",
            )
        return cls(path.name, session.astype(str), sample, points)

    def on_rows(self, timeline: Timeline, rows: np.ndarray) -> np.ndarray:
        """(rows of the view, D) embedding of the given rows, NaN in all others.

        A row of the view that stands for several samples has their mean.

        Raises:
            DataError: the file lacks samples of a given row.
        """
        own = self.session == timeline.session
        at = np.searchsorted(timeline.samples, self.sample[own])
        at = np.minimum(at, len(timeline.samples) - 1)
        known = timeline.samples[at] == self.sample[own]
        place, values = timeline.rows[at[known]], self.points[own][known]
        counts = np.bincount(place, minlength=timeline.length)
        sums = [np.bincount(place, column, minlength=timeline.length) for column in values.T]
        embedding = np.full((timeline.length, self.points.shape[1]), np.nan)
        embedding[rows] = (np.stack(sums, axis=1) / np.where(counts > 0, counts, np.nan)[:, None])[
            rows
        ]
        missing = int((~np.isfinite(embedding[rows]).all(axis=1)).sum())
        if missing:
            raise DataError(
                f"{self.name}: {missing} of the {len(rows)} samples of session "
                f"'{timeline.session}' that are scored are missing, or not finite",
                "All embeddings are scored on the same samples: save those of train and validation "
                "(for the test split, of test as well).",
            )
        return embedding


def _parquet(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    table = pd.read_parquet(path)
    columns = sorted(
        (name for name in map(str, table) if re.fullmatch(r"e\d+", name)),
        key=lambda name: int(name[1:]),
    )
    if not columns:
        raise ValueError("no column e0")
    return (
        table["session"].to_numpy(),
        table["sample"].to_numpy(),
        table[columns].to_numpy(np.float64),
    )


def _npz(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    with np.load(path, allow_pickle=False) as file:
        return file["session"], file["sample"], np.asarray(file["embedding"], np.float64)
