"""Neuropixels sessions of the Allen Brain Observatory (NWB 2), read through allensdk.

The activity is the number of spikes in bins of the presentations of one stimulus.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from raylab.data.allen.presentations import bin_edges, count_spikes, overlap_groups
from raylab.data.allen.process import Answer, read_with_allensdk
from raylab.data.allen.recipes import AllenEcephysRecipe, PresentationsSpec, UnitFiltersSpec
from raylab.data.allen.stimuli import label_name, stimulus_label
from raylab.data.allen.tables import (
    Presentations,
    chosen_presentations,
    chosen_units,
    number_or_text,
)
from raylab.data.readers.guard import guard
from raylab.data.readers.parts.align import resample
from raylab.data.session import Label, Session

if TYPE_CHECKING:
    import h5py

# The first label is what tasks decode by default; what a table has besides these follows in its own
# order.
FIRST = (
    "frame",
    "orientation",
    "temporal_frequency",
    "spatial_frequency",
    "phase",
    "contrast",
    "color",
)


def read_allen_ecephys(path: Path, recipe: AllenEcephysRecipe) -> Session:
    """Spike counts in bins of every presentation of one stimulus.

    Each presentation is a segment. Of a movie each showing is one, because its frames follow each
    other without a pause.

    Raises:
        DataError: allensdk cannot read the file or cannot be had (see `raylab.data.allen.process`);
            no such stimulus; or no unit or presentation is left.
    """
    import h5py

    # Guarded: a file that allensdk lets pass may still lack a column or mix lengths.
    with (
        read_with_allensdk(path, "ecephys") as answer,
        guard(path, "allen_ecephys"),
        h5py.File(answer.arrays, "r") as file,
    ):
        return session_of(file, answer, recipe.presentations, recipe.unit_filters, path=path)


def session_of(
    file: h5py.File,
    answer: Answer,
    wanted: PresentationsSpec,
    filters: UnitFiltersSpec,
    *,
    path: Path,
) -> Session:
    """The session in what the reader process wrote."""
    units = chosen_units(file, filters, path=path)
    shown = chosen_presentations(file, wanted, units, path=path)
    edges = bin_edges(shown.start, shown.window_s, wanted.bins)
    time = (edges[:, :-1] + edges[:, 1:]).reshape(-1) / 2
    groups, note = _groups(shown, edges)
    name, area = answer.metadata.get("ecephys_session_id") or path.stem, _area(units.columns)
    return Session(
        # Of one recording a session each area can be prepared, and put into one dataset.
        id=f"{name}_{area}" if filters.structures == (area,) else name,
        animal=answer.metadata.get("subject_id") or answer.metadata.get("specimen_name", ""),
        area=area,
        neural=count_spikes(_spikes(file, units.rows), edges, units=len(units.rows)),
        kind="counts",
        time=time,
        rate_hz=wanted.bins / (shown.window_s[1] - shown.window_s[0]),
        segments=_segments(shown, edges) * wanted.bins,
        labels=dict(_labels(shown, wanted.bins)) | dict(_running(file, time)),
        groups={name: np.repeat(ids, wanted.bins) for name, ids in groups.items()},
        units=units.columns,
        notes=(*_origin(answer), *units.notes, *shown.notes, *note),
    )


def _segments(shown: Presentations, edges: np.ndarray) -> np.ndarray:
    """(S, 2) int64 ranges of presentations.

    Frames of one showing of a movie are joined where less than half a bin lies between them.
    """
    cut = np.ones(len(edges) - 1, bool)
    if shown.repeats is not None:
        pause, bin_s = edges[1:, 0] - edges[:-1, -1], edges[0, 1] - edges[0, 0]
        cut = (np.diff(shown.repeats) != 0) | (np.abs(pause) > bin_s / 2)
    borders = np.concatenate([[0], np.flatnonzero(cut) + 1, [len(edges)]])
    return np.stack([borders[:-1], borders[1:]], axis=1).astype(np.int64)


def _area(units: Mapping[str, np.ndarray]) -> str:
    """The structure that all units lie in; empty where they lie in several."""
    structures = {str(name) for name in units.get("structure_acronym", ())}
    return structures.pop() if len(structures) == 1 else ""


def _spikes(file: h5py.File, rows: np.ndarray) -> Iterator[np.ndarray]:
    """The spike times of one unit after the other, so that never all spikes are in memory."""
    ends = np.concatenate([[0], np.asarray(file["spike_times_ends"])])
    times = file["spike_times"]
    for row in rows:
        yield times[ends[row] : ends[row + 1]]


def _groups(shown: Presentations, edges: np.ndarray) -> tuple[dict[str, np.ndarray], list[str]]:
    merged = overlap_groups(shown.ids, edges[:, 0], edges[:, -1])
    groups = {"presentation": merged}
    if shown.repeats is not None:
        groups[label_name(shown.stimulus, "repeat")] = shown.repeats
    shared = int(np.isin(merged, merged[merged != shown.ids]).sum())
    note = (
        f"{shared} presentations share time with another, so they count the same spikes; they have "
        "one id in the group `presentation`. Split by that group, not by trials."
    )
    return groups, [note] if shared else []


def _labels(shown: Presentations, bins: int) -> Iterator[tuple[str, Label]]:
    """Every parameter that changes between presentations."""
    order = sorted(
        shown.columns, key=lambda name: FIRST.index(name) if name in FIRST else len(FIRST)
    )
    for column in order:
        values = number_or_text(shown.columns[column])
        name = label_name(shown.stimulus, column)
        label = stimulus_label(name, np.repeat(values, bins))
        if len(label.classes) > 1:
            yield name, label
    if shown.repeats is not None and len(np.unique(shown.repeats)) > 1:
        yield (
            label_name(shown.stimulus, "repeat"),
            stimulus_label("repeat", np.repeat(shown.repeats, bins)),
        )


def _running(file: h5py.File, time: np.ndarray) -> Iterator[tuple[str, Label]]:
    if "behaviour/running_speed" in file:
        series = file["behaviour/running_speed"]
        values = resample(
            np.asarray(series["values"]), np.asarray(series["timestamps"]), time, "continuous"
        )
        label = Label.continuous(values, unit="cm/s")
        if label.labelled.any():
            yield "running_speed", label


def _origin(answer: Answer) -> Iterator[str]:
    metadata = answer.metadata
    about = [metadata.get("specimen_name"), metadata.get("stimulus_name")]
    yield f"Allen Neuropixels: {', '.join(item for item in about if item)}."
    for name, reason in answer.skipped.items():
        yield f"allensdk gives no {name} ({reason})."
