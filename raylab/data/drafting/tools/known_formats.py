"""Drafts for folders and files of formats that know where their activity is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from raylab.data.drafting.beside import beside_of, named
from raylab.data.drafting.guess import Guess, Section
from raylab.data.drafting.parts import perhaps
from raylab.data.drafting.tools.phy_draft import phy_draft
from raylab.data.drafting.tools.suite2p_draft import suite2p_draft
from raylab.data.looking.contents import Contents
from raylab.data.looking.item import FileContents
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


def _caiman(contents: Contents, beside: Sequence[FileContents]) -> Section:
    """The accepted components, and the small files beside the results."""
    main = contents.files[0]
    files = named(beside, main.name)
    patterns = {name: perhaps(file, main) for name, file in files.items()}
    return caiman_draft(main, contents.what, files, patterns)


def caiman_draft(
    main: FileContents,
    what: str,
    companions: Mapping[str, FileContents],
    patterns: Mapping[str, object],
    files: str = "",
) -> Section:
    """The recipe of results of CaImAn and their companions.

    Args:
        patterns: What the recipe calls the companions' files.
        files: The pattern of the results in their folder; empty for a lone file.
    """
    traces, rate = main.item("estimates/C"), main.item("params/data/fr")
    assert traces is not None  # by which the format was recognised
    about: Section = {"format": Guess("caiman", what)}
    if files:
        about["files"] = files
    about["signal"] = Guess("C", "denoised traces; or F_dff, S")
    if rate is None:
        about["fr"] = Guess(30.0, "the file does not state the frames per second", check=True)
    return about | beside_of(traces, traces.shape[1], companions, patterns=patterns)


_DRAFTS: dict[str, Callable[[Contents, Sequence[FileContents]], Section]] = {
    "suite2p": suite2p_draft,
    "caiman": _caiman,
    "phy": phy_draft,
}
