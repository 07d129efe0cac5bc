"""MLflow as a mirror of the ledger: it may be down, and is brought to the ledger's state later."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

from raylab.errors import RaylabError
from raylab.tracking.mlflow.addresses import default_artifacts, default_uri, without_password
from raylab.tracking.mlflow.client import MirrorError
from raylab.tracking.mlflow.connection import Connection
from raylab.tracking.mlflow.model_registry import model_name, register_model
from raylab.tracking.mlflow.study_mirror import sync_study
from raylab.tracking.mlflow.trial_mirror import Figures, TrialMirror
from raylab.tracking.records import is_ended, ranked, records
from raylab.tracking.runs import trial_key
from raylab.tracking.study import StudyFolder

# Figures are drawn for so many of the best trials, and only when no driver is at work: drawing
# takes longer than all the rest, on CPUs that train.
FIGURES_OF = 3


class Mirror:
    """Mirrors a study: a parent run for the study, and a child run per trial that is identified by
    the trial's key.

    `sync` may be called at any time, by any process, after any crash: it adds what MLflow lacks.

    Args:
        uri: The tracking store; default: the study's own, else `default_uri` of the working folder.
        figures: Draws a trial that has ended: file name -> Figure or Path. It is called for the
            `FIGURES_OF` best trials when no driver is at work. Curves of numbers are drawn by
            MLflow itself, for every trial.
    """

    def __init__(
        self, study: StudyFolder, *, uri: str | None = None, figures: Figures | None = None
    ) -> None:
        tracking = study.description.get("tracking") or {}
        self.study = study
        self.uri: str = uri or tracking.get("uri") or default_uri(Path.cwd())
        self._experiment: str = tracking.get("experiment") or "raylab"
        self._artifacts: str | None = tracking.get("artifacts") or default_artifacts(self.uri)
        self._trials = TrialMirror(study, figures)
        self._connection: Connection | None = None
        self._lock = threading.Lock()

    def sync(self, *, closing: bool = False) -> None:
        """Bring MLflow to the ledger's state. MirrorError when it cannot be reached; try again
        later.

        Args:
            closing: The driver that holds the study goes away: nothing stays RUNNING.
        """
        with self._lock, self._guard():
            live = self.study.is_live() and not closing
            events = self.study.ledger.read()
            ended = is_ended(events)
            connection = self._connected()
            if live and not ended and connection.seen == (len(events), live):
                return
            trials = records(events, live=live and not ended)
            for record in trials:
                self._trials.sync(connection, record)
            if not live:
                for record in ranked(trials, *(self.study.modes or ("max",)))[:FIGURES_OF]:
                    self._trials.add_figures(
                        connection.children[trial_key(self.study.id, record.trial)], record
                    )
            sync_study(
                self.study,
                connection,
                trials,
                status="FINISHED" if ended else "RUNNING" if live else "KILLED",
            )
            connection.seen = (len(events), live)

    def register(self, trial: str, *, alias: str = "best") -> str:
        """Register a trial's model as `raylab-<study>` under an alias; the version it has there.

        A model that is registered already keeps its version. MirrorError when the trial has no
        model.
        """
        self.sync()
        with self._lock, self._guard():
            connection = self._connected()
            child = connection.children.get(trial_key(self.study.id, trial))
            model_id = child.tags.get("raylab.model_id") if child else None
            if child is None or not model_id:
                raise MirrorError(
                    f"trial {trial} has no model in MLflow", "Register a trial that completed."
                )
            name = f"raylab-{model_name(self.study.name)}"
            return register_model(
                connection.client, name=name, model_id=model_id, run_id=child.id, alias=alias
            )

    @contextlib.contextmanager
    def _guard(self) -> Iterator[None]:
        """Turn any error into a MirrorError; the next sync reads MLflow anew."""
        try:
            yield
        except RaylabError:
            raise
        except Exception as error:
            self._connection = None
            text = " ".join(str(error).split())[:300]
            raise MirrorError(
                f"MLflow at {without_password(self.uri)} is not up to date: {text}",
                "Nothing is lost: the study has every record, and the next sync catches up.",
            ) from error

    def _connected(self) -> Connection:
        """The connection; a new one reads which runs MLflow has."""
        if self._connection is None:
            self._connection = Connection.open(
                self.study,
                uri=self.uri,
                experiment=self._experiment,
                artifacts=self._artifacts,
            )
        return self._connection
