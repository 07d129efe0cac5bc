"""Drafts for folders and files of formats that know where their activity is."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from raylab.data.drafting.activity import Activity
from raylab.data.drafting.arrays import Array, arrays_of
from raylab.data.drafting.behaviour import behaviour_of
from raylab.data.drafting.guess import Guess, Section
from raylab.data.drafting.parts import is_companion
from raylab.data.drafting.splits import splits_of
from raylab.data.looking.contents import Contents
from raylab.data.looking.item import FileContents, Item
from raylab.data.readers.registry import READERS


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


def _beside(traces: Item, samples: int, files: Sequence[FileContents]) -> Section:
    """Companions, labels and splits of a recording whose activity the format finds."""
    named = {_name(file): file for file in files if is_companion(file)}
    arrays = [array for name, file in named.items() for array in arrays_of(file, name)]
    activity = Activity(Array("", traces), samples, 0, {"kind": Guess("calcium")})
    labels = behaviour_of(activity, None, arrays).labels
    texts = {str(value.value) for label in labels.values() for value in label.values()}
    used = {
        name: Path(file.name).name
        for name, file in named.items()
        if any(text == name or text.startswith(f"{name}:") for text in texts)
    }
    found: Section = {"companions": used, "labels": labels}
    section = {key: value for key, value in found.items() if value}
    return section | {"splits": splits_of(None, trials=False, groups={})}


def _name(file: FileContents) -> str:
    return re.sub(r"\W+", "_", Path(file.name).stem).strip("_") or "companion"


_DRAFTS: dict[str, Callable[[Contents, Sequence[FileContents]], Section]] = {"suite2p": _suite2p}
