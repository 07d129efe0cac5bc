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
    folders = {_session_of(file) for file in traces}
    session = min(folders)
    of_session = [file for file in traces if _session_of(file) == session]
    first = next((file for file in of_session if file.items), traces[0])
    plane = Path(first.name).parent
    names = {Path(file.name).name for file in contents.files if Path(file.name).parent == plane}
    about: Section = {"format": Guess("suite2p", contents.what)}
    if "Fneu.npy" in names:
        about["signal"] = Guess("dff", "or F, spks; the rate is that of ops.npy")
    else:
        about["signal"] = Guess("F", "there is no Fneu.npy, which dF/F needs")
    if not names & {f"{name}.npy" for name in SETTINGS}:
        about["fs"] = Guess(30.0, "no ops.npy states the frames per second", check=True)
    shape = first.items[0].shape
    own = [file for file in near(contents.files, session, folders) if stem(file) not in FILES]
    return about | beside_of(first.items[0], shape[1] if len(shape) == 2 else 0, named(own))


def _session_of(traces: FileContents) -> PurePath:
    """The folder of the session that a plane's F.npy belongs to."""
    plane = PurePath(traces.name).parent
    return plane.parent if re.fullmatch(r"plane\d+|combined", plane.name) else plane
