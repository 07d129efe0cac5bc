"""A connection to MLflow, with the runs of one study that are there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from raylab.tracking.mlflow.client import connect, find_or_create_experiment
from raylab.tracking.mlflow.stored_run import StoredRun
from raylab.tracking.records import TrialRecord
from raylab.tracking.runs import study_tags
from raylab.tracking.study import StudyFolder

if TYPE_CHECKING:
    from mlflow import MlflowClient


@dataclass
class Connection:
    """A connection and the runs that MLflow has behind it; a mirror forgets it after an error.

    Attributes:
        parent: The run of the study.
        children: The run of each trial, by the trial's key.
        mirrored: Each trial's record as MLflow has it.
        seen: The number of events at the last sync, and whether the study was live.
    """

    client: MlflowClient
    experiment: str
    parent: StoredRun
    children: dict[str, StoredRun]
    mirrored: dict[str, TrialRecord] = field(default_factory=dict)
    seen: tuple[int, bool] | None = None

    @classmethod
    def open(
        cls, study: StudyFolder, *, uri: str, experiment: str, artifacts: str | None
    ) -> Connection:
        """Connect, find or create the experiment and the study's run, and read the trials' runs."""
        client = connect(uri)
        experiment = find_or_create_experiment(client, name=experiment, artifacts=artifacts)
        parent = _find_parent(client, experiment, study)
        children: dict[str, StoredRun] = {}
        for run in StoredRun.search(
            client, experiment=experiment, tag="mlflow.parentRunId", value=parent.id
        ):
            kept = children.setdefault(run.tags.get("raylab.trial_key", ""), run)
            if kept is not run:  # created by a request that timed out but had arrived
                client.delete_run(run.id)
        return cls(client, experiment, parent, children)


def _find_parent(client: MlflowClient, experiment: str, study: StudyFolder) -> StoredRun:
    for run in StoredRun.search(client, experiment=experiment, tag="raylab.study", value=study.id):
        return run
    tags = {"raylab.study": study.id, **study_tags(study.description)}
    started = round(study.description["created"] * 1000)
    return StoredRun.create(
        client, experiment=experiment, name=study.name, started=started, tags=tags
    )
