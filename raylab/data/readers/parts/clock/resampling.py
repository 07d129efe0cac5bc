"""A session whose clock jitters, interpolated onto a uniform clock."""

from __future__ import annotations

import dataclasses

import numpy as np

from raylab.data.readers.parts.align import mix
from raylab.data.session import Session
from raylab.errors import DataError


def onto_uniform_clock(session: Session) -> Session:
    """`session` with samples `1 / rate_hz` apart inside each segment.

    Activity and continuous labels are interpolated linearly, angles along the shorter arc;
    discrete labels, groups and given splits come from the nearest sample. Nothing is interpolated
    across a pause.

    Raises:
        DataError: The activity is counts, which cannot be interpolated.
    """
    if session.kind == "counts":
        raise DataError(
            "`time.resample` cannot interpolate counts: between two counts lies none",
            "Count the spike times themselves with `spikes`, allow more with `time.jitter`, or "
            "give `time.rate_hz`.",
        )
    time, segments = _grid(session)
    left, weight = _between(session, time, segments)
    right = left + (weight > 0)
    nearest = np.where(weight < 0.5, left, right)
    share = weight[:, None].astype(np.float32)
    return dataclasses.replace(
        session,
        neural=session.neural[left] * (1 - share) + session.neural[right] * share,
        time=time,
        segments=segments,
        labels={
            name: dataclasses.replace(
                label,
                values=label.values[nearest]
                if label.kind == "discrete"
                else mix(label.values[left], label.values[right], weight[:, None], label.kind),
            )
            for name, label in session.labels.items()
        },
        given=None
        if session.given is None
        else {
            name: np.searchsorted(nearest, ranges).astype(np.int64)
            for name, ranges in session.given.items()
        },
        groups={name: group[nearest] for name, group in session.groups.items()},
        notes=(
            *session.notes,
            f"The recording is interpolated onto a uniform clock of {session.rate_hz:.6g} Hz.",
        ),
    )


def _grid(session: Session) -> tuple[np.ndarray, np.ndarray]:
    """(T',) s, the uniform clock from the first sample of each segment to its last; segments."""
    first = session.time[session.segments[:, 0]]
    lasting = session.time[session.segments[:, 1] - 1] - first
    lengths = np.floor(lasting * session.rate_hz * (1 + 1e-9)).astype(np.int64) + 1
    edges = np.concatenate([[0], np.cumsum(lengths)])
    since = np.arange(edges[-1]) - np.repeat(edges[:-1], lengths)
    time = np.repeat(first, lengths) + since / session.rate_hz
    return time, np.stack([edges[:-1], edges[1:]], axis=1)


def _between(
    session: Session, time: np.ndarray, segments: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(T',) the sample at or before each time of the grid, and how far it is to the next, 0-1."""
    left, weight = np.zeros(len(time), np.int64), np.zeros(len(time))
    for (begin, end), (start, stop) in zip(session.segments, segments):
        if end - begin < 2:
            left[start:stop] = begin
            continue
        old, new = session.time[begin:end], time[start:stop]
        before = np.clip(np.searchsorted(old, new, side="right") - 1, 0, len(old) - 2)
        left[start:stop] = begin + before
        weight[start:stop] = (new - old[before]) / (old[before + 1] - old[before])
    return left, np.clip(weight, 0.0, 1.0)
