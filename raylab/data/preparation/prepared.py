"""Prepared datasets as the source of another: with other splits or filters, or joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from raylab.data.dataset import Dataset
from raylab.data.preparation.joining import join, require_equal_filters
from raylab.data.preparation.progress import Progress
from raylab.data.preparation.publishing import Prepared, check_ids, publish
from raylab.data.preparation.running import collect
from raylab.data.preparation.sections import read_sections
from raylab.data.preparation.tasks import ReadSession, split_session
from raylab.data.preparation.workspace import Workspace


def split_again(
    dataset: Dataset,
    workspace: Workspace,
    overrides: Mapping[str, Any],
    strict: bool,
    progress: Progress,
) -> Prepared:
    """Apply other splits or filters to a dataset's sessions; no recording is read again."""
    dataset.verify()
    require_equal_filters(dataset)
    before = {"splits": dataset.manifest["splits"], "filters": dataset.manifest["filters"]}
    sections = read_sections(before, overrides, str(dataset.path))
    dumped = sections.dump()
    with workspace.opened(keep=False):
        sessions = [
            ReadSession(entry["sha256"], workspace.adopt(dataset, entry, entry["sha256"]))
            for entry in dataset.manifest["sessions"]
        ]
        outcomes = (split_session(workspace, session, dumped) for session in sessions)
        return publish(
            collect(outcomes, strict=strict, progress=progress),
            sections,
            workspace,
            recipe=dataset.manifest["recipe"],
        )


def joined(datasets: Sequence[Dataset], workspace: Workspace) -> Prepared:
    """Make one dataset of several, which keep their splits."""
    check_ids(entry for dataset in datasets for entry in dataset.manifest["sessions"])
    with workspace.opened(keep=False):
        workspace.publish(join(datasets, workspace))
        return Prepared(Dataset(workspace.target), [], [])
