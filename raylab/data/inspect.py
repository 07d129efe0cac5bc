"""`inspect`: what a prepared dataset, raw recordings, or any file or folder hold."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import numpy as np

from raylab.config.explain import did_you_mean
from raylab.data.checks.split_table import split_notes
from raylab.data.dataset import Dataset
from raylab.data.load_recipe import RecipeSource, load_recipe, name_of_recipe
from raylab.data.looking.contents import Contents
from raylab.data.looking.overview import contents_of
from raylab.data.manifest import MANIFEST, LabelEntry, Manifest
from raylab.data.preparation.sections import Sections, read_sections
from raylab.data.preparation.writing import describe_session
from raylab.data.readers.companions import folders_of
from raylab.data.readers.isolation.isolated import is_torch_brain_isolated, read_isolated
from raylab.data.readers.registry import READERS, WITHOUT_RECIPE
from raylab.data.readers.source import Source
from raylab.data.readers.sources import list_sources
from raylab.data.recipe import Recipe
from raylab.data.session import NeuralKind, Session
from raylab.data.splitting.splits import CODE, SPLITS, counts, make_parts
from raylab.errors import ConfigError, DataError
from raylab.files import digest, file_digest
from raylab.paths import AnyPath, local_path
from raylab.results import Result


@dataclass(frozen=True, kw_only=True)
class DescribedLabel(Result):
    """A label of a session.

    Attributes:
        kind: `continuous`, `circular` or `discrete`.
        unit: Of the values, such as cm/s.
        classes: Of a discrete label, by code.
        dims: Columns of the values; 1 for discrete labels.
        labelled: Number of samples that have a value.
        unlabelled: Number of samples that have none.
        range: Smallest and largest value of each column; None for discrete labels.
    """

    kind: str
    unit: str
    classes: tuple[str, ...]
    dims: int
    labelled: int
    unlabelled: int
    range: tuple[tuple[float, ...], tuple[float, ...]] | None = None


@dataclass(frozen=True, kw_only=True)
class DescribedSession(Result):
    """A session of a dataset, or of a raw recording.

    Attributes:
        source: Name of the file that it was read from.
        kind: Of the activity: `counts`, `calcium` or `rate`.
        samples: Number of samples.
        units: Number of units that the dataset keeps; of a raw recording, of all units.
        recorded_units: Number of all units.
        rate_hz: Sampling rate.
        duration_s: From the first sample to the end of the last one.
        segments: Number of ranges that are continuous in time.
        groups: Number of ids of each group, such as presentations.
        splits: Number of samples per split; of a raw recording, those that `prepare` would make.
        notes: What the reader changed or dropped, and what looks wrong, one sentence each.
        sha256: Of the session's file in the dataset, or of the raw recording.
        record: All that is recorded of it, as `to_dict()` gives it.
    """

    id: str
    source: str
    animal: str
    area: str
    kind: NeuralKind
    samples: int
    units: int
    recorded_units: int
    rate_hz: float
    duration_s: float
    segments: int
    groups: Mapping[str, int]
    labels: Mapping[str, DescribedLabel]
    splits: Mapping[str, int]
    notes: tuple[str, ...]
    sha256: str
    record: Mapping[str, object]

    def to_dict(self) -> dict[str, Any]:
        return dict(self.record)


@dataclass(frozen=True, kw_only=True)
class Totals(Result):
    """Sums over sessions.

    Attributes:
        animals: Number of different animals that are named.
        splits: Number of samples per split.
    """

    sessions: int
    animals: int
    samples: int
    units: int
    hours: float
    splits: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Description(Result):
    """What a prepared dataset, or raw recordings, hold.

    Attributes:
        sessions: Each session.
        totals: Sums over the sessions.
        manifest: The manifest of a dataset; None for raw recordings.
    """

    sessions: tuple[DescribedSession, ...]
    totals: Totals
    manifest: Manifest | None = None

    def to_dict(self) -> dict[str, Any]:
        """The manifest of a dataset, if there is one, with `sessions` and `totals`."""
        sessions = [session.to_dict() for session in self.sessions]
        manifest: dict[str, Any] = dict(self.manifest) if self.manifest is not None else {}
        return {**manifest, "sessions": sessions, "totals": self.totals.to_dict()}


Companions = str | Path | Mapping[str, str | Path] | None


@overload
def inspect(
    path: str | Path, *, recipe: str | Path, companions: Companions = None
) -> Description: ...
@overload
def inspect(
    path: str | Path, *, recipe: None = None, companions: Companions = None
) -> Description | Contents: ...
def inspect(
    path: str | Path, *, recipe: RecipeSource | None = None, companions: Companions = None
) -> Description | Contents:
    """Describe a prepared dataset, raw recordings, or any file or folder.

    The hashes of a dataset's files are checked.

    Args:
        path: A dataset, or a file, a folder or a pattern of raw recordings.
        recipe: For raw recordings, the name of a shipped recipe or a YAML file; session files of
            the torch_brain tools need none.
        companions: For raw recordings, the folder with the recipe's companions, or a folder for
            each companion by its name. Default: beside each file.

    Returns:
        A `Description` of a dataset, of recordings with a recipe and of torch_brain files: the
        sessions and their sums. Splits of raw recordings are those that `prepare` would make.
        For any other path a `Contents`: the arrays that are in it, what it seems to be, and the
        commands that turn it into a dataset.

    Raises:
        DataError: A file is missing, damaged, changed since it was prepared, or not what the recipe
            says.

    Example:
        >>> description = raylab.inspect("dataset")
        >>> [session.id for session in description.sessions]
        ['a', 'b']
    """
    _refuse_companions(recipe, companions)
    if (local_path(path) / MANIFEST).is_file():
        dataset = Dataset(path)
        dataset.verify()
        sessions = tuple(_described(entry) for entry in dataset.manifest["sessions"])
        return Description(sessions=sessions, totals=_totals(sessions), manifest=dataset.manifest)
    if recipe is None and not _describes_itself(Path(path)):
        return contents_of(Path(path))
    chosen = load_recipe(recipe) if recipe else None
    sections = read_sections(chosen, {}, name_of_recipe(recipe))
    sources = list_sources(Path(path), chosen, companions=folders_of(companions))
    sessions = tuple(_described(_raw_entry(source, chosen, sections)) for source in sources)
    return Description(sessions=sessions, totals=_totals(sessions))


def sessions_with_parts(
    path: AnyPath,
    *,
    recipe: RecipeSource | None = None,
    companions: Companions = None,
    session: str | None = None,
) -> Iterator[tuple[Session, np.ndarray, np.ndarray | None]]:
    """The sessions of a dataset or of raw recordings, one at a time, for drawing.

    Args:
        session: Only the session of this id.

    Yields:
        (session, (P, 3) parts, (N,) bool kept units or None for all).

    Raises:
        DataError: There is no such session.
    """
    _refuse_companions(recipe, companions)
    if (local_path(path) / MANIFEST).is_file():
        dataset = Dataset(path)
        for name in [session] if session else list(dataset.sessions):
            recording = dataset.open(name)
            yield dataset.recorded(name), recording.parts, recording.kept
        return
    chosen = load_recipe(recipe) if recipe else None
    sections = read_sections(chosen, {}, name_of_recipe(recipe))
    ids = []
    for source in list_sources(Path(path), chosen, companions=folders_of(companions)):
        raw = read_isolated(source, chosen)
        ids.append(raw.id)
        if session in (None, raw.id):
            yield raw, _parts(raw, source, sections), None
    if session and session not in ids:
        raise DataError(f"{path}: has no session '{session}'", did_you_mean(session, ids))


def _describes_itself(path: Path) -> bool:
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


def _refuse_companions(recipe: object, companions: object) -> None:
    if companions and not recipe:
        raise ConfigError(
            "--companions: there is no recipe, which says what the companions are",
            "Add --recipe, or remove --companions.",
        )


def _raw_entry(source: Source, recipe: Recipe | None, sections: Sections) -> Mapping[str, Any]:
    """A raw recording as `prepare` would record it."""
    session = read_isolated(source, recipe)
    parts = _parts(session, source, sections)
    entry = describe_session(session, source=source.name)
    return {
        **entry,
        "units": entry["recorded_units"],
        "splits": counts(parts),
        "split_notes": split_notes(session, parts),
        "sha256": _digest(source),
    }


def _digest(source: Source) -> str:
    """SHA-256 of a file, or of the names and the contents of a folder's files that are read."""
    if not source.path.is_dir():
        return file_digest(source.path)
    inside = [file for file in source.files if file.is_relative_to(source.path)]
    return digest([(str(file.relative_to(source.path)), file_digest(file)) for file in inside])


def _parts(session: Session, source: Source, sections: Sections) -> np.ndarray:
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


def _described(entry: Mapping[str, Any]) -> DescribedSession:
    return DescribedSession(
        id=entry["id"],
        source=entry["source"],
        animal=entry["animal"],
        area=entry.get("area", ""),
        kind=entry["kind"],
        samples=entry["samples"],
        units=entry["units"],
        recorded_units=entry["recorded_units"],
        rate_hz=entry["rate_hz"],
        duration_s=entry["duration_s"],
        segments=entry.get("segments", 0),  # as all that no check of manifests demands
        groups=entry.get("groups", {}),
        labels={name: _described_label(label) for name, label in entry["labels"].items()},
        splits=entry["splits"],
        notes=(*entry["notes"], *entry.get("split_notes", ())),
        sha256=entry["sha256"],
        record=entry,
    )


def _described_label(label: LabelEntry) -> DescribedLabel:
    low, high = label.get("range", ((), ()))
    return DescribedLabel(
        kind=label["kind"],
        unit=label["unit"],
        classes=tuple(label["classes"]),
        dims=label["dims"],
        labelled=label.get("labelled", 0),
        unlabelled=label.get("unlabelled", 0),
        range=(tuple(low), tuple(high)) if "range" in label else None,
    )


def _totals(sessions: Sequence[DescribedSession]) -> Totals:
    return Totals(
        sessions=len(sessions),
        animals=len({session.animal for session in sessions if session.animal}),
        samples=sum(session.samples for session in sessions),
        units=sum(session.units for session in sessions),
        hours=round(sum(session.duration_s for session in sessions) / 3600, 3),
        splits={name: sum(session.splits.get(name, 0) for session in sessions) for name in SPLITS},
    )
