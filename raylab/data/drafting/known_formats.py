"""Drafts for folders and files of formats that know where their activity is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from raylab.data.drafting.activity import Activity
from raylab.data.drafting.arrays import Array, arrays_of
from raylab.data.drafting.behaviour import behaviour_of
from raylab.data.drafting.guess import Guess, Section
from raylab.data.drafting.parts import companion_names, file_of, is_companion, used_companions
from raylab.data.drafting.spikes import BIN_REASON, BIN_S
from raylab.data.drafting.splits import splits_of
from raylab.data.looking.contents import Contents
from raylab.data.looking.item import FileContents, Item
from raylab.data.readers.registry import READERS

# How the names of files begin that Kilosort and phy write.
KILOSORT = (
    *("spike_", "amplitudes", "templates", "template_", "pc_", "whitening", "similar"),
    *("channel_", "kept_", "full_", "ops", "cluster_"),
)


def draft_known(contents: Contents, beside: Sequence[FileContents]) -> Section | None:
    """The draft of a known format; None where the files say where things are only by their names.

    Args:
        beside: Files in the same folder, of a lone file.
    """
    draft = _DRAFTS.get(contents.format)
    if draft is None or READERS.find(contents.format) is None:
        return None
    return draft(contents, beside)


def _suite2p(contents: Contents, beside: Sequence[FileContents]) -> Section:
    """The cells of all planes, and the tables beside the planes."""
    traces = next(file for file in contents.files if Path(file.name).name == "F.npy")
    shape = traces.items[0].shape
    about: Section = {
        "format": Guess("suite2p", contents.what),
        "signal": Guess("dff", "or F, spks; the rate is that of ops.npy"),
    }
    planes = {Path(file.name).parent for file in contents.files if file.name.endswith("F.npy")}
    others = [file for file in contents.files if Path(file.name).parent not in planes]
    frames = shape[1] if len(shape) == 2 else 0
    return about | _beside(traces.items[0], frames, others)


def _caiman(contents: Contents, beside: Sequence[FileContents]) -> Section:
    """The accepted components, and the small files beside the results."""
    traces = contents.files[0].item("estimates/C")
    assert traces is not None  # by which the format was recognised
    about: Section = {
        "format": Guess("caiman", contents.what),
        "signal": Guess("C", "denoised traces; or F_dff, S"),
    }
    return about | _beside(traces, traces.shape[1], beside, main=contents.files[0].name)


def _phy(contents: Contents, beside: Sequence[FileContents]) -> Section:
    """The good clusters; other arrays of the folder that have stamps of their own are labels."""
    about: Section = {
        "format": Guess("phy", contents.what),
        "clusters": Guess(["good"], "or [good, mua], all"),
        "spikes": {"bin_s": Guess(BIN_S, BIN_REASON, check=True)},
    }
    files = [file for file in contents.files if file.items and not file.error]
    times = next(file for file in files if Path(file.name).name == "spike_times.npy")
    spikes = max(times.items[0].shape, default=0)
    arrays = [
        Array(file.items[0].name, file.items[0])
        for file in files
        if file.format == "npy" and not Path(file.name).name.startswith(KILOSORT)
    ]
    arrays = [array for array in arrays if spikes not in array.item.shape]
    tables = [file for file in files if not Path(file.name).name.startswith(("cluster_", "spike_"))]
    return about | _beside(
        times.items[0], -1, [file for file in tables if file.format != "npy"], arrays
    )


def _beside(
    traces: Item,
    samples: int,
    files: Sequence[FileContents],
    own: Sequence[Array] = (),
    main: str = "",
) -> Section:
    """Companions, labels and splits of a recording whose activity the format finds.

    Args:
        own: Arrays of the recording itself that may be labels.
        main: Name of the recording's file.
    """
    named = companion_names([file for file in files if is_companion(file)], main)
    arrays = [*own, *(array for name, file in named.items() for array in arrays_of(file, name))]
    activity = Activity(Array("", traces), samples, 0, {"kind": Guess("calcium")})
    labels = behaviour_of(activity, None, arrays).labels
    drafted: Section = {
        "companions": used_companions({n: file_of(file) for n, file in named.items()}, labels),
        "labels": labels,
    }
    section = {key: value for key, value in drafted.items() if value}
    return section | {"splits": splits_of(None, trials=False, groups={})}


_DRAFTS: dict[str, Callable[[Contents, Sequence[FileContents]], Section]] = {
    "suite2p": _suite2p,
    "caiman": _caiman,
    "phy": _phy,
}
