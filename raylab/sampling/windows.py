"""Windows of one session: drawn for training, and laid side by side for scores. None leaves its
part.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from raylab.errors import TrainingError
from raylab.seeding import derive


class WindowSampler:
    """First rows of the windows of a step, drawn with replacement; pure in (seed, step, count).

    Args:
        parts: (P, 2) [start, stop) row ranges of the training split, each continuous in time.
        window, stride: Rows of a window, and between the first rows of two that may be drawn.
        session: Its name, for errors.

    Attributes:
        starts: (n,) int64, all that may be drawn.

    Raises:
        TrainingError: no part is as long as a window.
    """

    def __init__(
        self, parts: np.ndarray, *, window: int, stride: int, seed: int, session: str
    ) -> None:
        starts = [np.arange(start, stop - window + 1, stride) for start, stop in parts]
        self.starts = np.concatenate([np.empty(0, np.int64), *starts])
        self._seed = seed
        if not len(self.starts):
            longest = max((int(stop - start) for start, stop in parts), default=0)
            raise TrainingError(
                f"session '{session}': no training part is as long as a window of {window} rows "
                f"({len(parts)} parts, the longest of {longest})",
                "Lower model.window, or use splits with longer parts.",
            )

    def draw(self, step: int, count: int) -> np.ndarray:
        """(count,) int64."""
        random = np.random.default_rng(derive(self._seed, "windows", step))
        return self.starts[random.integers(len(self.starts), size=count)]


@dataclass(frozen=True)
class Tiles:
    """Windows that cover parts, every row of which is one window's to say something about.

    Windows lie side by side; the last one of a part ends with it, so it begins among the rows of
    the one before. Of a part that is shorter than a window, the last row repeats.

    Attributes:
        starts: (n,) int64 first rows.
        lasts: (n,) int64 the last row of each one's part, after which none is read.
        low, high: (n,) int64: it speaks for rows low ... high - 1.
        splits: (n,) int64 split codes.
    """

    starts: np.ndarray
    lasts: np.ndarray
    low: np.ndarray
    high: np.ndarray
    splits: np.ndarray

    @classmethod
    def cover(cls, parts: np.ndarray, window: int) -> Tiles:
        """Of (P, 3) [start, stop, split code] parts."""
        counts = -(-(parts[:, 1] - parts[:, 0]) // window)
        part = np.repeat(np.arange(len(parts)), counts)
        place = np.arange(len(part)) - np.repeat(np.cumsum(counts) - counts, counts)
        first, stop, split = parts[part].T
        low = first + place * window
        starts = np.maximum(np.minimum(low, stop - window), first)
        return cls(starts, stop - 1, low, np.minimum(low + window, stop), split)

    def pick(self, mask: np.ndarray) -> Tiles:
        return Tiles(
            *(getattr(self, name)[mask] for name in ("starts", "lasts", "low", "high", "splits"))
        )

    def __len__(self) -> int:
        return len(self.starts)

    def rows(self, window: int) -> np.ndarray:
        """(n, window) int64, the rows each one reads."""
        rows: np.ndarray = np.minimum(self.starts[:, None] + np.arange(window), self.lasts[:, None])
        return rows

    def whole(self, window: int) -> np.ndarray:
        """(n,) bool: no row is repeated."""
        inside: np.ndarray = self.starts + window - 1 <= self.lasts
        return inside

    @property
    def own_rows(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows spoken for, and the place of each one's window among the windows."""
        counts = self.high - self.low
        place = np.repeat(np.arange(len(self)), counts)
        return np.arange(len(place)) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(
            self.low, counts
        ), place
