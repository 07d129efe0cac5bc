"""The run of one trial in MLflow: parameters, points, files, figures and the logged model."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from raylab.files import digest, file_digest
from raylab.tracking.mlflow.connection import Connection
from raylab.tracking.mlflow.datasets import dataset_input
from raylab.tracking.mlflow.model_registry import model_name
from raylab.tracking.mlflow.stored_run import StoredRun
from raylab.tracking.records import TrialRecord
from raylab.tracking.runs import TrialRun, trial_key, trial_run
from raylab.tracking.study import StudyFolder


class Figure(Protocol):
    """A figure of matplotlib."""

    def savefig(self, path: Path, /) -> None: ...


Figures = Callable[[TrialRecord], Mapping[str, Path | Figure]]  # by file name
_log = logging.getLogger(__name__)
_MIRRORED = "raylab.mirrored"  # the digest of a run that is complete; set last


class TrialMirror:
    """Mirrors the trials of a study.

    Args:
        figures: Draws an ended trial; None draws nothing.
    """

    def __init__(self, study: StudyFolder, figures: Figures | None) -> None:
        self.study, self._figures = study, figures

    def sync(self, connection: Connection, record: TrialRecord) -> None:
        """Bring the run of a trial in MLflow to the state of its record."""
        if connection.mirrored.get(record.trial) == record:
            return
        run = trial_run(record, study=self.study.description)
        child = connection.children.get(run.key)
        if child is None:
            child = connection.children[run.key] = self._create(connection, run)
        # Also of a run that is complete: earlier versions of raylab named no dataset.
        child.log_dataset(dataset_input(self.study, record.fold, record.valid_fold))
        if child.tags.get(_MIRRORED) != run.digest:
            self._fill(connection, child, run, record)
        connection.mirrored[record.trial] = record

    def _create(self, connection: Connection, run: TrialRun) -> StoredRun:
        tags = {**run.tags, "mlflow.parentRunId": connection.parent.id}
        return StoredRun.create(
            connection.client,
            experiment=connection.experiment,
            name=run.name,
            started=run.started,
            tags=tags,
        )

    def _fill(
        self, connection: Connection, child: StoredRun, run: TrialRun, record: TrialRecord
    ) -> None:
        child.log(params=run.params, points=run.points, tags=run.tags)
        if "raylab.error" not in run.tags:
            child.drop_tag("raylab.error")  # of an attempt before the last
        if run.ended is None:
            child.set_status(run.status, None)
            return
        self._add_files(child, record)
        model = self._model(connection, child, record)
        child.set_status(run.status, run.ended)
        child.log_tags({**model, _MIRRORED: run.digest})

    def _add_files(self, child: StoredRun, record: TrialRecord) -> None:
        config = self.study.config_path(record.trial)
        if config.is_file():
            child.log_file(config)

    def add_figures(self, child: StoredRun, record: TrialRecord) -> None:
        """Draw a trial that ended, unless its figures are there."""
        if child.tags.get("raylab.figures") == child.tags.get(_MIRRORED):
            return
        with tempfile.TemporaryDirectory() as folder:
            self._draw(record, Path(folder))
            for path in sorted(Path(folder).iterdir()):
                child.log_file(path)
        child.log_tags({"raylab.figures": child.tags[_MIRRORED]})

    def _draw(self, record: TrialRecord, folder: Path) -> None:
        """A drawing that fails must not keep the numbers out of MLflow."""
        try:
            for name, figure in (self._figures(record) if self._figures else {}).items():
                if isinstance(figure, Path):
                    shutil.copyfile(figure, folder / name)
                else:
                    figure.savefig(folder / name)
        except Exception as error:
            _log.warning("trial %s: no figures in MLflow (%s)", record.trial, error)

    def _model(
        self, connection: Connection, child: StoredRun, record: TrialRecord
    ) -> dict[str, str]:
        """Log the model folder of the last attempt as the one logged model of the trial; the tags
        that say which it is.
        """
        folder = self.study.model_folder(record.trial)
        files = sorted(path for path in folder.glob("*") if path.is_file())
        signature = digest({path.name: file_digest(path) for path in files})
        if not files or child.tags.get("raylab.model_digest") == signature:
            return {}
        model_id = child.log_model(
            folder,
            experiment=connection.experiment,
            name=f"{model_name(self.study.name)}-{record.trial}",
            kind=(self.study.description.get("task") or {}).get("kind"),
            key=trial_key(self.study.id, record.trial),
            step=record.step,
        )
        return {"raylab.model_id": model_id, "raylab.model_digest": signature}
