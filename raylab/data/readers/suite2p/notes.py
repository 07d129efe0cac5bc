"""What the reader of Suite2p folders chose, cut and dropped, in sentences."""

from __future__ import annotations

import numpy as np

from raylab.data.readers.suite2p.baseline import LEAST_SHARE
from raylab.data.readers.suite2p.options import Suite2pOptions
from raylab.data.readers.suite2p.planes import empty_planes
from raylab.data.readers.suite2p.recording import Recording


def notes_about(recording: Recording, dropped: int) -> tuple[str, ...]:
    """One sentence each.

    Args:
        dropped: Number of units without a baseline.
    """
    notes = [_about_cells(recording)]
    if recording.options.signal == "dff":
        notes.append(_about_baseline(recording.options))
    if dropped:
        notes.append(
            f"{dropped} units were dropped: their baseline is not above {LEAST_SHARE:.0%} of their "
            "mean fluorescence."
        )
    notes += [_about_planes(recording), _about_bad_frames(recording)]
    return tuple(note for note in notes if note)


def _about_cells(recording: Recording) -> str:
    rois = sum(plane.shape[0] for plane in recording.planes)
    if recording.options.cells is not False and not recording.all_have("iscell"):
        return "There is no iscell.npy, so all ROIs of such a plane are units."
    if recording.units < rois:
        return f"{recording.units} of {rois} ROIs are cells by iscell.npy."
    return ""


def _about_baseline(options: Suite2pOptions) -> str:
    spec = options.baseline
    what = f"{spec.percentile:g}th percentile" if spec.kind == "percentile" else "maximin baseline"
    return (
        f"dF/F is relative to a running {what} over {spec.window_s:g} s of F - "
        f"{options.subtracted:g} Fneu: the baseline of a sample depends on samples before and "
        "after it, also of other splits."
    )


def _about_planes(recording: Recording) -> str:
    planes, notes = recording.planes, []
    if len(planes) > 1:
        notes.append(f"{len(planes)} planes are joined, as if their frames were simultaneous.")
    if max(plane.shape[1] for plane in planes) > recording.frames:
        notes.append("The last frame, which not all planes have, was cut.")
    read = {plane.folder.name for plane in planes}
    empty = [name for name in empty_planes(recording.path) if name not in read]
    if empty:
        notes.append(f"Planes without F.npy are left out: {', '.join(empty)}.")
    return " ".join(notes)


def _about_bad_frames(recording: Recording) -> str:
    marked = [np.asarray(plane.settings.get("badframes", 0)) for plane in recording.planes]
    count = max((int(np.count_nonzero(each)) for each in marked if each.ndim == 1), default=0)
    return f"{count} frames are marked as bad by Suite2p and are kept." if count else ""
