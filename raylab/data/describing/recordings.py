"""Raw recordings, described as `prepare` would record them."""

from __future__ import annotations

import glob
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from raylab.data.checks.split_table import split_notes
from raylab.data.preparation.sections import Sections
from raylab.data.preparation.writing import describe_session
from raylab.data.readers.isolation.isolated import is_torch_brain_isolated, read_isolated
from raylab.data.readers.registry import READERS, WITHOUT_RECIPE
from raylab.data.readers.source import Source
from raylab.data.recipe import Recipe
from raylab.data.session import Session
from raylab.data.splitting.splits import CODE, counts, make_parts
from raylab.errors import ConfigError, DataError
from raylab.files import digest, file_digest

Companions = str | Path | Mapping[str, str | Path] | None


def describes_itself(path: Path) -> bool:
    """True for a session file of the torch_brain tools, and for a folder whose first HDF5 file is
    one.
    """
    files = [path]
    if path.is_dir():
        patterns = READERS.of(WITHOUT_RECIPE).patterns
        files = sorted({file for pattern in patterns for file in path.glob(pattern)})[:1]
    elif not path.exists():
        files = sorted(Path(name) for name in glob.glob(str(path)))[:1]
    try:
        return bool(files) and files[0].is_file() and is_torch_brain_isolated(files[0])
    except DataError:  # a damaged file, whose error the look into it gives
        return False


def refuse_companions(recipe: object, companions: object) -> None:
    if companions and not recipe:
        raise ConfigError(
            "--companions: there is no recipe, which says what the companions are",
            "Add --recipe, or remove --companions.",
        )


def raw_entry(source: Source, recipe: Recipe | None, sections: Sections) -> Mapping[str, Any]:
    """A raw recording as `prepare` would record it."""
    session = read_isolated(source, recipe)
    parts = parts_of(session, source, sections)
    entry = describe_session(session, source=source.name)
    return {
        **entry,
        "units": entry["recorded_units"],
        "splits": counts(parts),
        "split_notes": split_notes(session, parts),
        "sha256": _digest(source),
    }


def parts_of(session: Session, source: Source, sections: Sections) -> np.ndarray:
    """(P, 3) parts that `prepare` would make; where it would refuse, those that the file states."""
    try:
        splits = Sections(sections.stated, sections.filters, given=bool(session.given)).splits
        return make_parts(session, splits, source=str(source))
    except DataError:
        stated = [
            np.insert(ranges, 2, CODE[name], axis=1)
            for name, ranges in (session.given or {}).items()
        ]
        return np.concatenate(stated) if stated else np.zeros((0, 3), np.int64)


def _digest(source: Source) -> str:
    """SHA-256 of a file, or of the names and the contents of a folder's files that are read."""
    if not source.path.is_dir():
        return file_digest(source.path)
    inside = [file for file in source.files if file.is_relative_to(source.path)]
    return digest([(str(file.relative_to(source.path)), file_digest(file)) for file in inside])
