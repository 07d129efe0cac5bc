"""What a file or a folder seems to be, in words, and the format that its recipe would have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from raylab.data.looking.item import FileContents, Item

BESIDE_TRACES = ("iscell", "Fneu", "spks", "stat", "ops")  # of Suite2p, in the folder of F.npy

Seen = tuple[str, str]  # (format, what it seems to be)


def recognised(path: Path, files: Sequence[FileContents]) -> Seen:
    """The format and a description of everything that was looked into."""
    if path.is_dir():
        return _folder(files)
    return file_seen(files[0])


def file_seen(file: FileContents) -> Seen:
    """The format and a description of one file."""
    for description in (_caiman, _deeplabcut, _nwb):
        if seen := description(file):
            return seen
    arrays = [item for item in file.items if item.kind in ("array", "cells")]
    count = sum(item.count for item in arrays)
    if file.format in ("csv", "parquet", "excel"):
        rows = arrays[0].shape[0] if arrays else 0
        return file.format, f"{file.what} of {rows:,} rows and {count:,} columns"
    if file.format == "npy":
        return "npy", f"NumPy array {_shape(file.items[0])}" if file.items else "NumPy array"
    if not file.format:
        return "", "file of a kind that raylab does not read"
    return file.format, f"{file.what} file with {count:,} array{'s'[: count != 1]}"


def _folder(files: Sequence[FileContents]) -> Seen:
    for description in (_suite2p, _phy):
        if seen := description(files):
            return seen
    sound = [file for file in files if file.format]
    damaged = sum(bool(file.error) for file in files)
    more = f", {damaged} of them not readable" if damaged else ""
    if not sound:
        return "", f"folder of {len(files)} files{more}" if files else "folder without data files"
    seen_of = [file_seen(file) for file in sound]
    if len(files) == 1:
        return seen_of[0][0], f"folder of one file: {seen_of[0][1]}"
    formats = Counter(seen[0] for seen in seen_of)
    counts = Counter(file.what for file in sound)
    if len(formats) == 1 and len(files) > 1:
        name = next(iter(counts))
        return seen_of[0][0], f"folder of {len(files)} {name} files{more}"
    kinds = ", ".join(f"{count} {what}{'s'[: count > 1]}" for what, count in counts.items())
    return "", f"folder of {len(files)} files ({kinds}){more}"


def _suite2p(files: Sequence[FileContents]) -> Seen | None:
    beside = {(Path(file.name).parent, Path(file.name).name) for file in files}
    planes = [file for file in files if file.items and _is_traces(file, beside)]
    planes = [
        file
        for file in planes
        if any(
            (Path(file.name).parent, f"{name}.npy") in beside
            for name in BESIDE_TRACES
            if f"{name}.npy" != Path(file.name).name
        )
    ]
    apart = [file for file in planes if Path(file.name).parent.name != "combined"]
    planes = apart or planes  # `combined` repeats the planes
    if not planes:
        return None
    rois = sum(file.items[0].shape[0] for file in planes if file.items[0].shape)
    number = "1 plane" if len(planes) == 1 else f"{len(planes)} planes"
    return "suite2p", f"Suite2p folder with {number} and {rois:,} ROIs"


def _is_traces(file: FileContents, beside: set[tuple[Path, str]]) -> bool:
    """True for F.npy, and for spks.npy where there is no F.npy."""
    place, name = Path(file.name).parent, Path(file.name).name
    return name == "F.npy" or (name == "spks.npy" and (place, "F.npy") not in beside)


def _phy(files: Sequence[FileContents]) -> Seen | None:
    by_name = {Path(file.name).name: file for file in files}
    times = by_name.get("spike_times.npy")
    if times is None or not ({"spike_clusters.npy", "spike_templates.npy"} & set(by_name)):
        return None
    spikes = times.items[0].shape[0] if times.items and times.items[0].shape else 0
    clusters = by_name.get("spike_clusters.npy") or by_name["spike_templates.npy"]
    values = clusters.items[0].values if clusters.items else None
    number = f" of about {values.distinct:,} clusters" if values is not None else ""
    return "phy", f"phy folder (Kilosort) with {spikes:,} spikes{number}"


def _caiman(file: FileContents) -> Seen | None:
    traces = file.item("estimates/C")
    if traces is None or file.format != "hdf5" or len(traces.shape) != 2:
        return None
    accepted = file.item("estimates/idx_components")
    chosen = f", {accepted.shape[0]:,} of them accepted" if accepted and accepted.shape else ""
    rows, frames = traces.shape
    return "caiman", f"CaImAn results with {rows:,} components{chosen}, {frames:,} frames"


def _deeplabcut(file: FileContents) -> Seen | None:
    if file.format != "dlc":
        return None
    return "dlc", f"DeepLabCut table of {len(file.items)} points"


def _nwb(file: FileContents) -> Seen | None:
    if file.format != "nwb":
        return None
    kinds = Counter[str]()
    for item in file.items:
        kinds[str(item.attributes.get("neurodata_type", ""))] += item.count
    if file.item("processing/brain_observatory_pipeline"):
        return "allen_ophys", "two-photon session of the Allen Brain Observatory"
    if kinds["EcephysSpecimen"]:
        return "allen_ecephys", "Neuropixels session of the Allen Institute"
    units = file.item("units/id")
    parts = [f"{units.shape[0]:,} units"] if units is not None and units.shape else []
    for name in ("RoiResponseSeries", "SpatialSeries", "TimeSeries", "ElectricalSeries"):
        parts += [f"{kinds[name]} {name}"] if kinds[name] else []
    tables = [item.leaf for item in file.items if _is_table(item)]
    parts += [f"interval tables {', '.join(tables[:5])}"] if tables else []
    return "nwb", f"NWB file with {', '.join(parts)}" if parts else "NWB file"


def _is_table(item: Item) -> bool:
    return item.attributes.get("neurodata_type") == "TimeIntervals"


def _shape(item: Item) -> str:
    return f"({', '.join(str(size) for size in item.shape)})"
