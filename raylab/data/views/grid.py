"""The rows that the samples of one part become: bins of an exact width, or samples in between."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from raylab.config.view import ViewConfig

SAME = 1e-6  # widths this close to one prepared sample are one


@dataclass(frozen=True)
class Grid:
    """One part's rows.

    Row r of a grid wider than a sample is the mean over [r * width, (r + 1) * width), where sample
    i fills [i, i + 1); less than half a sample left over at the end joins the last row. A narrower
    grid interpolates linearly: row r lies at sample r * width.

    Attributes:
        samples: Prepared samples of the part, at least 1.
        width: Prepared samples a row; not always whole.
    """

    samples: int
    width: float

    @property
    def same(self) -> bool:
        """Whether rows are samples."""
        return self.width == 1

    @cached_property
    def rows(self) -> int:
        if self.width < 1:
            return int((self.samples - 1) / self.width + SAME) + 1
        return max(1, int(np.ceil((self.samples - 0.5) / self.width)))

    @cached_property
    def row_of(self) -> np.ndarray:
        """(samples,) int64 the row that stands for each sample: its bin or the nearest."""
        sample = np.arange(self.samples)
        row = (
            np.rint(sample / self.width)
            if self.width < 1
            else np.floor((sample + 0.5) / self.width)
        )
        return np.minimum(row.astype(np.int64), self.rows - 1)

    @cached_property
    def middle(self) -> np.ndarray:
        """(rows,) int64: the sample in the middle of each row."""
        row = np.arange(self.rows)
        if self.width < 1:
            return np.minimum(np.rint(row * self.width).astype(np.int64), self.samples - 1)
        return ((self._edges[:-1] + self._edges[1:]) / 2).astype(np.int64)

    @cached_property
    def weights(self) -> csr_array:
        """(rows, samples), each row of sum 1: rows = weights @ samples."""
        return self._interpolation() if self.width < 1 else self._means()

    @property
    def _edges(self) -> np.ndarray:
        edges = np.arange(self.rows + 1) * self.width
        edges[-1] = self.samples
        return edges

    def _means(self) -> csr_array:
        low, high = self._edges[:-1], self._edges[1:]
        first = np.floor(low + SAME).astype(
            np.int64
        )  # 3 * (10 / 3) is a little more or less than 10
        counts = np.maximum(np.ceil(high - SAME).astype(np.int64) - first, 1)
        ends = np.cumsum(counts)
        sample = np.arange(ends[-1]) + np.repeat(first - (ends - counts), counts)
        low, high = np.repeat(low, counts), np.repeat(high, counts)
        share = (np.minimum(high, sample + 1) - np.maximum(low, sample)) / (high - low)
        return csr_array((share, sample, np.append(0, ends)), shape=(self.rows, self.samples))

    def _interpolation(self) -> csr_array:
        at = np.minimum(np.arange(self.rows) * self.width, self.samples - 1)
        low = np.floor(at + SAME).astype(np.int64)
        share = np.maximum(at - low, 0)
        between = share > SAME  # else the row is a sample: its neighbour may have no label
        row = np.arange(self.rows)
        return csr_array(
            (
                np.concatenate([np.where(between, 1 - share, 1), share[between]]),
                (np.concatenate([row, row[between]]), np.concatenate([low, low[between] + 1])),
            ),
            shape=(self.rows, self.samples),
        )


def row_width(config: ViewConfig, rate_hz: float) -> float:
    """Prepared samples per row of the view: rounded for `bin_ms`, exact for `resample_hz`."""
    if config.resample_hz is None:
        return float(max(1, round(config.bin_ms * rate_hz / 1000)))
    width = rate_hz / config.resample_hz
    return 1.0 if abs(width - 1) < SAME else width
