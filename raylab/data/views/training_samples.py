"""The training samples of a session in blocks, for what is computed once over all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from raylab.config.parse import parse
from raylab.config.view import ViewConfig
from raylab.data.datasets.recording import Recording
from raylab.data.views.selection import unfitted
from raylab.data.views.view import make_timeline, view_activity, view_part

BLOCK = 8192  # samples


def training_blocks(
    recording: Recording, view: Mapping[str, Any] | None = None
) -> tuple[np.ndarray, Iterator[np.ndarray]]:
    """What the training samples of a session show, through a view or as they were recorded.

    Args:
        view: A trial's `view` section. It is applied a part at a time, and to the whole session
            only where it chooses units by looking at them.

    Returns:
        ((K,) int64 units, counted as the recording has them; blocks of (n, K) float32).

    Raises:
        ConfigError: the view does not exist, or leaves no unit.
    """
    units = (
        np.arange(recording.neural.shape[1])
        if recording.kept is None
        else np.flatnonzero(recording.kept)
    )
    parts = [(int(start), int(stop)) for start, stop, split in recording.parts if split == 0]
    if view is None:
        pieces = [
            (at, min(at + BLOCK, stop)) for start, stop in parts for at in range(start, stop, BLOCK)
        ]
        return units, (recording.activity(*piece) for piece in pieces)
    config = parse(ViewConfig, view, "view")
    if config.fitted_selection:
        activity, fitted = view_activity(recording, config)
        rows = [
            (start, stop)
            for start, stop, split in make_timeline(recording, config).parts
            if split == 0
        ]
        return units[fitted.columns], (activity[start:stop] for start, stop in rows)
    columns = unfitted(len(units), config, session=recording.id)
    viewed = (view_part(recording.activity(*part), config, recording.rate_hz) for part in parts)
    return units[columns], (piece[:, columns] for piece in viewed)
