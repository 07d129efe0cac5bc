"""`inspect`: what a prepared dataset, or raw recordings, hold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from raylab.config.explain import did_you_mean
from raylab.data.dataset import MANIFEST, Dataset
from raylab.data.load_recipe import load_recipe
from raylab.data.preparation.sections import Sections, read_sections
from raylab.data.preparation.writing import describe_session
from raylab.data.readers.isolation.isolated import read_isolated
from raylab.data.readers.source import Source
from raylab.data.readers.sources import list_sources
from raylab.data.recipe import Recipe
from raylab.data.session import Session
from raylab.data.splitting.splits import CODE, SPLITS, counts, make_parts
from raylab.errors import DataError
from raylab.files import file_digest


def inspect(path: str | Path, *, recipe: str | Path | None = None) -> dict[str, Any]:
    """Describe a prepared dataset or raw recordings, JSON-ready; a dataset's hashes are checked.

    Returns:
        {"sessions": [{"id", "samples", "units", "rate_hz", "splits": {split: samples}, "groups":
        {name: count}, "labels": {name: {"kind", "unit", "range" or "classes", "labelled", ...}},
        "sha256", "notes", ...}], "totals": {...}, and of a dataset the rest of its manifest}.
        Splits of raw recordings are those that `prepare` would make; their sha256 is the file's.
    """
    if (Path(path) / MANIFEST).is_file():
        dataset = Dataset(path)
        dataset.verify()
        found = dict(dataset.manifest)
    else:
        chosen = load_recipe(recipe) if recipe else None
        sections = read_sections(chosen, {}, str(recipe))
        sources = list_sources(Path(path), chosen)
        found = {"sessions": [_describe_raw(source, chosen, sections) for source in sources]}
    return {**found, "totals": _totals(found["sessions"])}


def sessions_with_parts(
    path: str | Path, *, recipe: str | Path | None = None, session: str | None = None
) -> Iterator[tuple[Session, np.ndarray, np.ndarray | None]]:
    """(session, (P, 3) parts, (N,) kept units) of a dataset or of raw recordings, one at a time;
    for drawing.

    Args:
        session: Only this one.

    Raises:
        DataError: there is no such session.
    """
    if (Path(path) / MANIFEST).is_file():
        dataset = Dataset(path)
        for name in [session] if session else list(dataset.sessions):
            recording = dataset.open(name)
            yield dataset.session(name), recording.parts, recording.kept
        return
    chosen = load_recipe(recipe) if recipe else None
    sections = read_sections(chosen, {}, str(recipe))
    seen = []
    for source in list_sources(Path(path), chosen):
        one = read_isolated(source, chosen)
        seen.append(one.id)
        if session in (None, one.id):
            yield one, _parts(one, source, sections), None
    if session and session not in seen:
        raise DataError(f"{path}: has no session '{session}'", did_you_mean(session, seen))


def _describe_raw(source: Source, recipe: Recipe | None, sections: Sections) -> dict[str, Any]:
    session = read_isolated(source, recipe)
    splits = counts(_parts(session, source, sections))
    described = describe_session(session, source=source.path.name)
    return {
        **described,
        "units": described["recorded_units"],
        "splits": splits,
        "sha256": file_digest(source.path),
    }


def _parts(session: Session, source: Source, sections: Sections) -> np.ndarray:
    """What `prepare` would make of it; where it would refuse, what the file states, or nothing."""
    try:
        splits = Sections(sections.stated, sections.filters, given=bool(session.given)).splits
        return make_parts(session, splits, source=str(source))
    except DataError:
        stated = [
            np.insert(ranges, 2, CODE[name], axis=1)
            for name, ranges in (session.given or {}).items()
        ]
        return np.concatenate(stated) if stated else np.zeros((0, 3), np.int64)


def _totals(sessions: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "sessions": len(sessions),
        "animals": len({entry["animal"] for entry in sessions if entry["animal"]}),
        "samples": sum(entry["samples"] for entry in sessions),
        "units": sum(entry["units"] for entry in sessions),
        "hours": round(sum(entry["duration_s"] for entry in sessions) / 3600, 3),
        "splits": {
            name: sum(entry["splits"].get(name, 0) for entry in sessions) for name in SPLITS
        },
    }
