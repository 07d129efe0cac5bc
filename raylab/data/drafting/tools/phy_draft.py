"""Drafts for folders of phy and Kilosort."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath

from raylab.data.drafting.arrays import Array
from raylab.data.drafting.beside import beside_of, named, near, stem
from raylab.data.drafting.guess import Guess, Section
from raylab.data.drafting.spikes import BIN_REASON, BIN_S
from raylab.data.looking.contents import Contents
from raylab.data.looking.item import FileContents
from raylab.data.readers.phy.parameters import sample_rate
from raylab.data.readers.phy.tables import SORTED

# How the names of files begin that Kilosort and phy write.
KILOSORT = (
    *("spike_", "amplitudes", "templates", "template_", "pc_", "whitening", "similar"),
    *("channel_", "kept_", "full_", "ops", "cluster_"),
)


def phy_draft(contents: Contents, beside: Sequence[FileContents]) -> Section:
    """The good clusters; other arrays of the folder that have stamps of their own are labels."""
    files = [file for file in contents.files if file.items and not file.error]
    of_spikes = [file for file in files if Path(file.name).name == "spike_times.npy"]
    folders = {PurePath(file.name).parent for file in of_spikes}
    session = min(folders)
    times = next(file for file in of_spikes if PurePath(file.name).parent == session)
    spikes = max(times.items[0].shape, default=0)
    others = [
        file
        for file in near(files, session, folders)
        if not Path(file.name).name.startswith(KILOSORT)
    ]
    inside = [file for file in others if PurePath(file.name).parent == session]
    arrays = [Array(file.items[0].name, file.items[0]) for file in inside if file.format == "npy"]
    arrays = [array for array in arrays if spikes not in array.item.shape]
    tables = [file for file in others if file.format != "npy" or file not in inside]
    tables_here = [file for file in files if PurePath(file.name).parent == session]
    about: Section = {
        "format": Guess("phy", contents.what),
        "clusters": _clusters(tables_here),
        "spikes": {},
    }
    rate = sample_rate(Path(contents.path) / session / "params.py")
    if isinstance(rate, str):
        about["spikes"]["rate_hz"] = Guess(30_000.0, rate, check=True)
    about["spikes"]["bin_s"] = Guess(BIN_S, BIN_REASON, check=True)
    return about | beside_of(times.items[0], -1, named(tables), arrays)


def _clusters(files: Sequence[FileContents]) -> Guess:
    """The good clusters; those of many units where people called none good."""
    by_name = {stem(file): file for file in files if Path(file.name).suffix in (".tsv", ".csv")}
    for table, column in SORTED:
        item = by_name[table].item(column) if table in by_name else None
        if item is None or item.values is None or not item.values.examples:
            continue
        groups = [text.lower() for text in item.values.examples]
        if "good" not in groups and "mua" in groups:
            return Guess(["mua"], f"no cluster is good in {by_name[table].name}", check=True)
        break
    return Guess(["good"], "or [good, mua], all")
