"""Drafts for Suite2p folders."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePath

from raylab.data.drafting.beside import beside_of, named, near, stem
from raylab.data.drafting.guess import Guess, Section
from raylab.data.looking.contents import Contents
from raylab.data.looking.item import FileContents
from raylab.data.readers.suite2p.planes import FILES, SETTINGS


def suite2p_draft(contents: Contents, beside: Sequence[FileContents]) -> Section:
    """The cells of all planes of the first session, and the tables beside the planes."""
    traces = [file for file in contents.files if Path(file.name).name == "F.npy"]
    traces = traces or [file for file in contents.files if Path(file.name).name == "spks.npy"]
    folders = {_session_of(file) for file in traces}
    session = min(folders)
    of_session = [file for file in traces if _session_of(file) == session]
    first = next((file for file in of_session if file.items), traces[0])
    plane = Path(first.name).parent
    names = {Path(file.name).name for file in contents.files if Path(file.name).parent == plane}
    about: Section = {"format": Guess("suite2p", contents.what)}
    if "F.npy" not in names:
        about["signal"] = Guess("spks", "there is no F.npy")
    elif "Fneu.npy" in names:
        about["signal"] = Guess("dff", "or F, spks; the rate is that of ops.npy")
    else:
        about["signal"] = Guess("F", "there is no Fneu.npy, which dF/F needs")
    about |= _rate(contents.files, plane, session)
    shape = first.items[0].shape
    own = [file for file in near(contents.files, session, folders) if stem(file) not in FILES]
    return about | beside_of(first.items[0], shape[1] if len(shape) == 2 else 0, named(own))


def _rate(files: Sequence[FileContents], plane: Path, session: PurePath) -> Section:
    """Nothing where the settings of the plane state it; else that of ops1.npy, else a usual one."""
    rates = {
        (PurePath(file.name).parent, stem(file)): item.attributes["fs"]
        for file in files
        for item in file.items
        if file.format == "npy" and "fs" in item.attributes
    }
    if any((PurePath(plane), name) in rates for name in SETTINGS):
        return {}
    for place in (session, PurePath(plane)):
        for name in ("ops1", *SETTINGS):  # of an earlier version, or of all planes
            if (rate := rates.get((place, name))) is not None:
                return {"fs": Guess(rate, f"{name}.npy in '{place}', as ops.npy states none")}
    return {"fs": Guess(30.0, "no ops.npy states the frames per second", check=True)}


def _session_of(traces: FileContents) -> PurePath:
    """The folder of the session that a plane's F.npy belongs to."""
    plane = PurePath(traces.name).parent
    return plane.parent if re.fullmatch(r"plane\d+|combined", plane.name) else plane
