"""What `prepare` does with each session: read it, store it, split it."""

from __future__ import annotations

import traceback
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from raylab.data.manifest import FailureEntry, SessionEntry, StoredEntry
from raylab.data.preparation.sections import Sections
from raylab.data.preparation.workspace import Workspace, source_key
from raylab.data.preparation.writing import store_session, store_split
from raylab.data.readers.isolation.parcel import DumpedSections, SourceTask
from raylab.data.readers.read import read_source
from raylab.data.readers.source import Source
from raylab.data.recipe import Recipe, parse_recipe
from raylab.data.splitting.splits import make_parts
from raylab.data.stored import stored_session
from raylab.errors import DataError, RaylabError
from raylab.results import Result


@dataclass(frozen=True)
class Failure(Result):
    """A source that could not be read.

    Attributes:
        source: The name of its file.
        error: What is wrong.
        remedy: What to do about it.
        cause: The traceback of the process that read it, if there is one.
    """

    source: str
    error: str
    remedy: str
    cause: str | None = field(default=None, repr=False, metadata={"omit_none": True})

    @property
    def entry(self) -> FailureEntry:
        """For the manifest."""
        return {"source": self.source, "error": self.error, "remedy": self.remedy}

    def to_dict(self) -> dict[str, Any]:
        """As the manifest records it: the traceback is for `--debug`."""
        return dict(self.entry)

    def as_error(self, more: str = "") -> DataError:
        """The error to raise where this source was needed."""
        error = DataError(f"{self.error}{more}", self.remedy)
        error.cause = self.cause or ""
        return error


@dataclass(frozen=True)
class ReadSession:
    """A session that is stored, under `key`, and has no split yet."""

    key: str
    entry: StoredEntry


@dataclass(frozen=True)
class SplitSession:
    """A session that is stored and split; `kind` says by which kind of splits."""

    key: str
    entry: SessionEntry
    kind: str


Outcome = Failure | ReadSession | SplitSession
_KINDS: dict[str, type[Outcome]] = {
    kind.__name__: kind for kind in (Failure, ReadSession, SplitSession)
}


def dumped(outcome: Outcome) -> dict[str, Any]:
    """An outcome as JSON, in which it travels between processes."""
    return {"kind": type(outcome).__name__, "fields": asdict(outcome)}


def outcome_of(record: dict[str, Any]) -> Outcome:
    """The outcome that `dumped` wrote down."""
    return _KINDS[record["kind"]](**record["fields"])


def source_task(
    source: Source, recipe: Recipe | None, sections: Sections, workspace: Workspace
) -> SourceTask:
    """The task of preparing one source."""
    return {
        "source": source.absolute().dump(),
        "recipe": recipe.model_dump(mode="json", by_alias=True, exclude_unset=True)
        if recipe
        else None,
        "sections": sections.dump(),
        "target": str(workspace.target.resolve()),
    }


def prepare_source(task: SourceTask) -> Outcome:
    """Read one source, unless that was done before, and store it and its split.

    A parser may crash or hang: `running.py` calls this function in a process of its own.
    """
    workspace = Workspace(Path(task["target"]))
    source = Source.of(task["source"])
    name = source.name
    try:
        recipe = parse_recipe(task["recipe"], "recipe") if task["recipe"] else None
        key = source_key(source, recipe)
        entry = workspace.recorded(key)
        if entry is None:
            session = read_source(source, recipe)
            entry = store_session(workspace.folder, session, name=key, source=name)
            workspace.record(key, entry)
        return split_session(workspace, ReadSession(key, entry), task["sections"])
    except RaylabError as error:
        return Failure(name, error.what, error.remedy, traceback.format_exc())
    except Exception as error:
        # A full disk, too little memory or a bug of raylab: other files are prepared all the same.
        what = f"{source}: {type(error).__name__}: {error}"
        remedy = "Run it on this file alone with --debug and report it."
        return Failure(name, what, remedy, traceback.format_exc())


def split_session(
    workspace: Workspace,
    session: ReadSession | SplitSession,
    dumped: DumpedSections,
    whole: int | None = None,
) -> Outcome:
    """Store the split and the kept units of a stored session.

    Args:
        dumped: The sections of the recipe on splits and filters.
        whole: The split that the whole session goes to, for splits that deal whole sessions. Before
            all sessions are read it is not known; such a session is then returned without a split.
    """
    entry, folder = session.entry, workspace.folder
    recording = stored_session(folder, entry)
    try:
        sections = Sections.of(dumped, given=bool(recording.given))
        if sections.deals_sessions and whole is None:
            return ReadSession(session.key, entry)
        parts = make_parts(recording, sections.splits, source=entry["source"], whole=whole)
        split = store_split(
            folder, recording, parts, sections.filters, name=session.key, source=entry["source"]
        )
        return SplitSession(session.key, {**entry, **split}, sections.splits.kind)
    except RaylabError as error:
        return Failure(entry["source"], error.what, error.remedy)
