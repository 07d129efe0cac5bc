"""What lies beside activity that a format finds itself: companions, labels, intervals, splits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePath

from raylab.data.drafting.activity import Activity
from raylab.data.drafting.arrays import Array, arrays_of
from raylab.data.drafting.behaviour import behaviour_of
from raylab.data.drafting.guess import Guess, Section
from raylab.data.drafting.parts import companion_names, file_of, is_companion, used_companions
from raylab.data.drafting.splits import splits_of
from raylab.data.drafting.tables import tables_of
from raylab.data.looking.item import FileContents, Item


def near(
    files: Sequence[FileContents], session: PurePath, sessions: Iterable[PurePath]
) -> list[FileContents]:
    """The files of a session that is a folder: in it, and in those above that no other shares."""
    others = [each for each in sessions if each != session]
    places = [
        place
        for place in (session, *session.parents)
        if not any(other.is_relative_to(place) for other in others)
    ]
    return [file for file in files if PurePath(file.name).parent in places]


def stem(file: FileContents) -> str:
    return Path(file.name).stem


def named(files: Sequence[FileContents], main: str = "") -> dict[str, FileContents]:
    return companion_names([file for file in files if is_companion(file)], main)


def beside_of(
    traces: Item,
    samples: int,
    companions: Mapping[str, FileContents],
    own: Sequence[Array] = (),
    patterns: Mapping[str, object] | None = None,
) -> Section:
    """Companions, labels, intervals and splits of a recording whose activity the format finds.

    Args:
        own: Arrays of the recording itself that may be labels.
    """
    arrays = [
        *own,
        *(array for name, file in companions.items() for array in arrays_of(file, name)),
    ]
    activity = Activity(Array("", traces), samples, 0, {"kind": Guess("calcium")})
    tables = tables_of(arrays, samples, set())
    free = [array for array in arrays if array not in tables.used]
    labels = behaviour_of(activity, None, free).labels
    intervals = tables_of(arrays, samples, set(labels)).section
    if patterns is None:
        patterns = {name: file_of(file) for name, file in companions.items()}
    drafted: Section = {
        "companions": used_companions(patterns, {"labels": labels, "intervals": intervals}),
        "intervals": intervals,
        "labels": labels,
    }
    section = {key: value for key, value in drafted.items() if value}
    return section | {"splits": splits_of(None, trials=False, groups={})}
