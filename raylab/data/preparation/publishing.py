"""The end of `prepare`: what only the whole set of sessions can tell, and the manifest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from raylab.data.dataset import Dataset
from raylab.data.manifest import Section, StoredEntry
from raylab.data.manifests.notes import Note
from raylab.data.preparation.sections import Sections
from raylab.data.preparation.tasks import (
    Failure,
    Outcome,
    ReadSession,
    SplitSession,
    split_session,
)
from raylab.data.preparation.workspace import Workspace
from raylab.data.preparation.writing import write_manifest
from raylab.data.splitting.splits import assign_sessions
from raylab.errors import DataError
from raylab.results import Result, values_html


@dataclass(frozen=True)
class LeftOut(Result):
    """A session that the filters left out, and the reason."""

    id: str
    reason: str


@dataclass(frozen=True)
class Prepared:
    """What `prepare` made.

    Attributes:
        dataset: The dataset, opened.
        failed: Sources that could not be read.
        left_out: Sessions that the filters left out.
    """

    dataset: Dataset
    failed: list[Failure]
    left_out: list[LeftOut]

    def _repr_html_(self) -> str:
        rows = {
            "failed": [row.to_dict() for row in self.failed],
            "left_out": [row.to_dict() for row in self.left_out],
        }
        shown = {name: each for name, each in rows.items() if each}
        return self.dataset._repr_html_() + values_html(shown)

    @property
    def notes(self) -> tuple[Note, ...]:
        """What was changed, left out or looks wrong, each sentence once."""
        return self.dataset.notes


def publish(
    outcomes: Sequence[Outcome],
    sections: Sections,
    workspace: Workspace,
    *,
    recipe: Section | None,
) -> Prepared:
    """Deal whole sessions where the splits do that, filter sessions, and write the manifest.

    Raises:
        DataError: No session is left, or two have one id.
    """
    failed = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
    read = [outcome for outcome in outcomes if not isinstance(outcome, Failure)]
    _check_any(read, failed)
    check_ids(session.entry for session in read)
    if sections.deals_sessions:
        again = _deal(read, sections, workspace)
        failed += [outcome for outcome in again if isinstance(outcome, Failure)]
        read = [outcome for outcome in again if not isinstance(outcome, Failure)]
        _check_any(read, failed)
    split = [session for session in read if isinstance(session, SplitSession)]
    minimum = sections.filters.min_units
    left_out = [
        LeftOut(
            session.entry["id"],
            f"{session.entry['units']} units, filters.min_units is {minimum}",
        )
        for session in split
        if session.entry["units"] < minimum
    ]
    kept = {session.key: session.entry for session in split if session.entry["units"] >= minimum}
    if not kept:
        raise DataError(f"filters.min_units: no session has {minimum} units", "Make it smaller.")
    entries = workspace.finish(kept)
    write_manifest(
        workspace.folder,
        entries,
        recipe=recipe,
        splits=sections.described({session.kind for session in split}),
        filters=sections.filters,
        failed=[failure.entry for failure in failed],
        left_out=[{"id": session.id, "reason": session.reason} for session in left_out],
    )
    workspace.publish(entries)
    return Prepared(Dataset(workspace.target), failed, left_out)


def _deal(
    read: Iterable[ReadSession | SplitSession], sections: Sections, workspace: Workspace
) -> list[Outcome]:
    """Give each session the split that it lies in as a whole: splits by session or by animal."""
    sessions = list(read)
    codes = assign_sessions(
        sections.splits, [(session.entry["id"], session.entry["animal"]) for session in sessions]
    )
    assert codes is not None
    dumped = sections.dump()
    return [
        split_session(workspace, session, dumped, whole=codes[session.entry["id"]])
        for session in sessions
    ]


def _check_any(read: Sequence[object], failed: Sequence[Failure]) -> None:
    """Raise a DataError with all failures where no session could be read."""
    if read:
        return
    first, others = failed[0], [failure.error for failure in failed[1:]]
    more = f"; and {len(others)} more:\n  " + "\n  ".join(others) if others else ""
    raise first.as_error(more)


def check_ids(entries: Iterable[StoredEntry]) -> None:
    """Raise a DataError where two files hold sessions with one id.

    One would overwrite the other, and it would be chance which one stays.
    """
    listed = list(entries)
    counts = Counter(entry["id"] for entry in listed)
    repeated = [name for name, count in counts.items() if count > 1]
    if repeated:
        files = ", ".join(sorted(entry["source"] for entry in listed if entry["id"] == repeated[0]))
        raise DataError(
            f"{files}: all hold session '{repeated[0]}'",
            "Remove the copies, or correct `session.id` in the recipe.",
        )
