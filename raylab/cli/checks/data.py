"""Labels and sessions that options name, by the manifest of the dataset."""

from __future__ import annotations

from raylab.config.explain import did_you_mean
from raylab.data.dataset import Dataset
from raylab.errors import ConfigError, DataError
from raylab.tracking.study import StudyFolder

TIME = "time"  # the label that `view.normalized_time` adds


def dataset_of(study: StudyFolder) -> Dataset | None:
    """The dataset of a study; None where it cannot be opened, which the verb itself reports."""
    data = study.description.get("data") or {}
    path = study.fold_path(0) if study.is_answer else data.get("path")
    try:
        return Dataset(path) if path else None
    except DataError:
        return None


def check_label(dataset: Dataset | None, label: str | None, *, shared: bool = True) -> None:
    """Check that a dataset has a label.

    Args:
        shared: Whether all sessions need it. Otherwise one is enough, and the label of
            `view.normalized_time` counts as well.

    Raises:
        ConfigError: It has no such label.
    """
    if dataset is None or label is None:
        return
    known = list(dataset.labels)
    if not shared:
        known = [*dict.fromkeys(name for each in dataset.sessions.values() for name in each.labels)]
        known.append(TIME)
    if label not in known:
        raise ConfigError(f"label '{label}' is not in {dataset.path}", did_you_mean(label, known))


def check_session(dataset: Dataset | None, session: str | None) -> None:
    """Check that a dataset has a session.

    Raises:
        ConfigError: It has no such session.
    """
    if dataset is not None and session is not None and session not in dataset.sessions:
        raise ConfigError(
            f"--session {session}: {dataset.path} has no such session",
            did_you_mean(session, dataset.sessions),
        )
