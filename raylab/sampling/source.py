"""The rows of one session that pairs may be drawn from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from raylab.errors import TrainingError

Rows = np.ndarray  # int64 row numbers


@dataclass(frozen=True)
class Source:
    """Where pairs of one session may come from.

    Attributes:
        parts: (P, 2) [start, stop) row ranges of one split, each continuous in time.
        left: Rows before a sample that its window covers.
        right: Rows from a sample on (itself included) that its window covers.
        session: Its name, for errors.
    """

    parts: np.ndarray
    left: int
    right: int
    session: str

    def rows(self, before: int, after: int) -> Rows:
        """Rows t with t-before .. t+after inside one part."""
        ranges = [np.arange(start + before, stop - after) for start, stop in self.parts]
        return np.concatenate([np.empty(0, np.int64), *ranges])

    @property
    def anchors(self) -> Rows:
        """Rows whose whole receptive field lies inside one part."""
        rows = self.rows(self.left, self.right - 1)
        if not len(rows):
            raise self.error(
                f"the receptive field of {self.left + self.right} samples fits into no part",
                "Choose an encoder with a smaller receptive field (model.encoder), or splits with "
                "longer parts.",
            )
        return rows

    def labelled_anchors(self, labelled: np.ndarray) -> Rows:
        anchors = self.anchors
        rows = anchors[labelled[anchors]]
        if not len(rows):
            raise self.error(
                "no sample with its whole receptive field has a label",
                "Choose other labels (sampling.labels) or sampling.conditional.",
            )
        return rows

    def error(self, what: str, remedy: str) -> TrainingError:
        longest = max((int(stop - start) for start, stop in self.parts), default=0)
        return TrainingError(
            f"session '{self.session}': {what} (training parts: {len(self.parts)}, the longest of "
            f"{longest} samples)",
            remedy,
        )

    def too_far(self, time_offset: int) -> TrainingError:
        return self.error(
            f"no usable samples of one part lie {time_offset} samples apart, with a receptive "
            f"field of {self.left + self.right}",
            "Lower sampling.time_offset, choose a smaller receptive field, or splits with longer "
            "parts.",
        )
