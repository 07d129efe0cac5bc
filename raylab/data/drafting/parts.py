"""Which files of a folder are recordings, and which belong to them as companions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from raylab.data.drafting.activity import could_be
from raylab.data.drafting.array_folders import are_recordings, session_folder
from raylab.data.drafting.arrays import arrays_of
from raylab.data.drafting.guess import Guess, Section
from raylab.data.drafting.spikes import spikes_of
from raylab.data.looking.item import FileContents
from raylab.errors import DataError

FEWEST_SHARED = 3  # letters with which the names of a recording's files begin
NEVER = ("nwb", "joblib", "")  # formats of files that are no companion of another file


@dataclass(frozen=True)
class Parts:
    """A recording and what belongs to it.

    Attributes:
        main: The file that holds the activity; of several alike, the first.
        files: The pattern of the recordings in their folder; empty for a lone file.
        companions: The file of each companion, by name.
        patterns: What the recipe calls the companions' files.
    """

    main: FileContents
    files: str = ""
    companions: Mapping[str, FileContents] = field(default_factory=dict)
    patterns: Mapping[str, object] = field(default_factory=dict)


def parts_of_file(main: FileContents, beside: Sequence[FileContents]) -> Parts:
    """A lone file, and small files in its folder that hold no activity themselves."""
    others = [file for file in beside if file.name != main.name and is_companion(file)]
    names = companion_names(others, main.name)
    return Parts(main, "", names, {name: perhaps(file, main) for name, file in names.items()})


def perhaps(file: FileContents, main: FileContents) -> object:
    """What a recipe states of a file beside a lone file, doubtful where the names differ."""
    shared = _shared([Path(file.name).stem, Path(main.name).stem])
    if len(shared) >= FEWEST_SHARED or re.search(r"[\W_]", shared):
        return file_of(file)
    return Guess(file_of(file), "a file beside it; is it of the same recording?", check=True)


def parts_of_folder(files: Sequence[FileContents], where: str) -> Parts:
    """The recordings of a folder.

    Raises:
        DataError: No file holds activity, or files of several formats do.
    """
    top = [file for file in files if "/" not in file.name]
    mains = [file for file in top if has_activity(file)]
    formats = sorted({file.format for file in mains})
    several = len(mains) > 1 and formats == ["npy"] and not are_recordings(mains)
    if (several or not mains) and (session := _of_arrays(files, where)) is not None:
        return session
    if not mains:
        raise DataError(
            f"{where}: none of its files holds an array that looks like activity",
            "Name one file, or write a recipe: docs/recipes.md.",
        )
    if len(formats) > 1:
        named = ", ".join(file.name for file in mains[:6])
        raise DataError(
            f"{where}: files of several formats hold activity ({named})",
            "Name the file, or a pattern of files in quotes, that is meant.",
        )
    others = [file for file in top if file not in mains and is_companion(file)]
    if len(mains) == 1:
        names = companion_names(others, mains[0].name)
        return Parts(
            mains[0], mains[0].name, names, {n: file_of(file) for n, file in names.items()}
        )
    pattern, star = _pattern([file.name for file in mains])
    own = [file for file in others if star and star in file.name]
    names = companion_names(own, mains[0].name, star)
    return Parts(mains[0], pattern, names, {n: file_of(file, star) for n, file in names.items()})


def _of_arrays(files: Sequence[FileContents], where: str) -> Parts | None:
    """The session whose arrays are the npy files of a folder; None where none is activity."""
    session = session_folder(files, where)
    if session is None or not has_activity(session[1]):
        return None
    folder, main = session
    own = [
        file
        for file in files
        if PurePath(file.name).parent == folder and file.format != "npy" and is_companion(file)
    ]
    names = companion_names(own, "", folder.name)
    return Parts(main, "", names, {n: file_of(file, folder.name) for n, file in names.items()})


def file_of(file: FileContents, star: str = "") -> str | Section:
    """What a recipe states of a companion: its file, and its format where the ending misleads."""
    name = Path(file.name).name
    name = name.replace(star, "*") if star else name
    return {"file": name, "format": file.format} if file.format == "dlc" else name


def used_companions(companions: Mapping[str, object], recipe: Section) -> Section:
    """The companions that the paths of a recipe name."""
    texts = list(_texts(recipe))
    return {
        name: file
        for name, file in companions.items()
        if any(text == name or text.startswith(f"{name}:") for text in texts)
    }


def _texts(section: Mapping[str, object]) -> Iterator[str]:
    """Every text below a section: among them all paths that it names."""
    for entry in section.values():
        value = entry.value if isinstance(entry, Guess) else entry
        if isinstance(value, Mapping):
            yield from _texts(value)
        elif isinstance(value, str):
            yield value


def has_activity(file: FileContents) -> bool:
    """True for a file that holds an array or spike times which may be neural data."""
    if not file.items or file.format == "dlc":
        return False
    arrays = arrays_of(file)
    return any(could_be(array) for array in arrays) or spikes_of(arrays) is not None


def is_companion(file: FileContents) -> bool:
    return bool(file.items) and file.format not in NEVER and not has_activity(file)


def companion_names(
    files: Sequence[FileContents], main: str, star: str = ""
) -> dict[str, FileContents]:
    """A short name for each companion: that of its file, without how `main` begins as well."""
    names: dict[str, FileContents] = {}
    points = set[str]()  # of DeepLabCut, which writes every table twice
    for file in files:
        if file.format == "dlc" and Path(file.name).stem in points:
            continue
        points |= {Path(file.name).stem} if file.format == "dlc" else set()
        stem = Path(file.name).stem
        short = stem.replace(star, "", 1) if star else stem
        alike = re.match(r"(.*?[\W_])?", _shared([short, f"{Path(main).stem} "]))
        begins = alike[0] if alike is not None and len(alike[0]) < len(short) else ""
        name = re.sub(r"\W+", "_", short[len(begins) :]).strip("_") or "companion"
        while name in names:
            name += "_2"
        names[name] = file
    return names


def _pattern(names: Sequence[str]) -> tuple[str, str]:
    """(the pattern of the names, what `*` stands for in the first)."""
    before = re.sub(r"\d+$", "", _shared(names))
    backwards = [name[len(before) :][::-1] for name in names]
    after = re.sub(r"^\d+", "", _shared(backwards)[::-1])
    star = names[0][len(before) : len(names[0]) - len(after)]
    return f"{before}*{after}", star


def _shared(names: Sequence[str]) -> str:
    """The letters that all names begin with."""
    first, last = min(names), max(names)
    differing = (at for at, (a, b) in enumerate(zip(first, last)) if a != b)
    return first[: next(differing, min(len(first), len(last)))]
