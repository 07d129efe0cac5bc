"""One continuous stretch of raw activity as the view of a trained model shows it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from raylab.data.examples import SAMPLE, SEGMENT, examples_of
from raylab.data.session import Label
from raylab.data.shard import SessionShard
from raylab.data.splitting.splits import CODE
from raylab.data.views.grid import Grid
from raylab.data.views.selection import Fitted
from raylab.data.views.view import Timeline
from raylab.errors import DataError

NONE = ""  # the name of the label of a stretch, all of whose samples are unlabelled


@dataclass(frozen=True)
class Stretch:
    """One continuous stretch of raw activity of one session, through a view.

    Attributes:
        x: (L, K) float32 rows of the view: the K units that it shows.
        grid: Which row stands for each of the T samples.
        fitted: What the view learnt from the session's training samples.
    """

    session: str
    x: np.ndarray
    grid: Grid
    fitted: Fitted

    def shard(self) -> SessionShard:
        """The stretch as the only part of a session."""
        timeline = self._timeline({})
        local = torch.arange(len(self.x))
        # Torch wants memory that can be written to; only read-only arrays are copied.
        held = torch.from_numpy(np.require(self.x, np.float32, ["C", "W"]))
        return SessionShard(timeline, held, local, (), self.fitted)

    def rows(self, per: str, groups: np.ndarray | None = None) -> np.ndarray:
        """(n, longest) the rows of each example that has a label of its own: see `examples_of`.

        Args:
            per: `sample`; `segment`: the stretch is one trial; else the kind of group, such as
                `presentation`.
            groups: (T,) ids of the groups, -1 outside; default: the stretch is one group.

        Raises:
            DataError: `groups` do not fit the stretch.
        """
        if per == SAMPLE and groups is None:
            return self.grid.row_of[:, None]
        ids = self._ids(per, groups)
        return examples_of(self._timeline({per: ids}), NONE, per=per).rows

    def _ids(self, per: str, groups: np.ndarray | None) -> np.ndarray:
        if groups is None:
            return np.zeros(self.grid.samples, np.int64)
        ids = np.asarray(groups)
        if ids.shape != (self.grid.samples,) or ids.dtype.kind not in "iu":
            raise DataError(
                f"predict: groups of shape {ids.shape} and type {ids.dtype} do not fit "
                f"{self.grid.samples} samples",
                "Pass one whole number per sample: the id of its group, -1 outside of groups.",
            )
        if per in (SAMPLE, SEGMENT):
            raise DataError(
                f"predict: groups are of no use where every {per} has a label of its own",
                "Leave groups out." if per == SAMPLE else "Pass the activity of one trial a call.",
            )
        return ids.astype(np.int64)

    def _timeline(self, groups: dict[str, np.ndarray]) -> Timeline:
        samples = self.grid.samples
        return Timeline(
            session=self.session,
            parts=np.array([[0, len(self.x), CODE["train"]]]),
            labels={},
            samples=np.arange(samples),
            rows=self.grid.row_of,
            splits=np.full(samples, CODE["train"]),
            reference={NONE: Label.continuous(np.full(samples, np.nan))},
            groups=groups,
        )


def lengthened(rows: np.ndarray, length: int, *, per: str, session: str) -> np.ndarray:
    """(n, L) rows of examples as (n, `length`) rows: the last row of each is repeated.

    Raises:
        DataError: The examples are longer than that.
    """
    if rows.shape[1] > length:
        raise DataError(
            f"predict: a {per} of {rows.shape[1]} rows is longer than any of session '{session}', "
            f"whose longest has {length}",
            "Cut it, so that the model sees what it was trained on.",
        )
    return np.pad(rows, ((0, 0), (0, length - rows.shape[1])), mode="edge")
