"""MLflow as a mirror of the ledger: it may be down, and is brought to the ledger's state when it is
up.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from raylab.errors import RaylabError
from raylab.files import digest, file_digest
from raylab.tracking.background import BackgroundMirror
from raylab.tracking.mlflow_store import (
    MirrorError,
    StoredRun,
    connect,
    default_artifacts,
    default_uri,
    find_or_create_experiment,
    register_model,
    ui_command,
    without_password,
)
from raylab.tracking.records import (
    Mode,
    TrialRecord,
    best,
    best_so_far,
    front,
    is_ended,
    ranked,
    records,
)
from raylab.tracking.runs import TrialRun, study_tags, trial_key, trial_run
from raylab.tracking.selections import drawn, ended_selection
from raylab.tracking.study import StudyFolder

if TYPE_CHECKING:
    from mlflow import MlflowClient

__all__ = [
    "BackgroundMirror",
    "Mirror",
    "MirrorError",
    "default_artifacts",
    "default_uri",
    "ui_command",
]

Figures = Callable[[TrialRecord], Mapping[str, Any]]  # file name -> Path or matplotlib Figure

_log = logging.getLogger(__name__)
_MIRRORED = "raylab.mirrored"  # the digest of a run that is complete; set last
# Of the best so many trials, once nobody is at work: drawing takes longer than all the rest, on
# CPUs that train.
FIGURES_OF = 3
_RESULTS = (
    "leaderboard.csv",
    "baselines.json",
    "evaluation-valid.json",
    "evaluation-test.json",
    "scores/selection.json",
    "scores/selection.png",
    "report.html",
)


@dataclass
class _Known:
    """A connection, and what is known to be behind it. Forgotten after an error."""

    client: MlflowClient
    experiment: str
    parent: StoredRun
    children: dict[str, StoredRun]
    mirrored: dict[str, TrialRecord] = field(default_factory=dict)
    seen: tuple[int, bool] | None = None


class Mirror:
    """One parent run for the study, one child run a trial, found again by the trial's key.

    `sync` may be called at any time, by any process, after any crash: it adds what MLflow lacks.

    Args:
        uri: The tracking store; default: the study's own, else `default_uri` of the working folder.
        figures: Draws an ended trial: file name -> Figure or Path. For the best trials
            (`FIGURES_OF`) of a study that nobody is at work on; curves of numbers MLflow draws
            itself, of every trial.
    """

    def __init__(
        self, study: StudyFolder, *, uri: str | None = None, figures: Figures | None = None
    ) -> None:
        tracking = study.description.get("tracking") or {}
        self.study = study
        self.uri: str = uri or tracking.get("uri") or default_uri(Path.cwd())
        self._experiment: str = tracking.get("experiment") or "raylab"
        self._artifacts: str | None = tracking.get("artifacts") or default_artifacts(self.uri)
        self._figures = figures
        self._known: _Known | None = None
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
            known = self._connected()
            if live and not ended and known.seen == (len(events), live):
                return
            trials = records(events, live=live and not ended)
            for record in trials:
                self._trial(known, record)
            if not live:
                for record in ranked(trials, *(self.study.modes or ("max",)))[:FIGURES_OF]:
                    self._trial_figures(
                        known.children[trial_key(self.study.id, record.trial)], record
                    )
            self._parent(
                known, trials, status="FINISHED" if ended else "RUNNING" if live else "KILLED"
            )
            known.seen = (len(events), live)

    def register(self, trial: str, *, alias: str = "best") -> str:
        """Register a trial's model as `raylab-<study>` under an alias; the version it has there.

        A model that is registered already keeps its version. MirrorError when the trial has no
        model.
        """
        self.sync()
        with self._lock, self._guard():
            known = self._connected()
            child = known.children.get(trial_key(self.study.id, trial))
            model_id = child.tags.get("raylab.model_id") if child else None
            if child is None or not model_id:
                raise MirrorError(
                    f"trial {trial} has no model in MLflow", "Register a trial that completed."
                )
            name = f"raylab-{_model_name(self.study.name)}"
            return register_model(
                known.client, name=name, model_id=model_id, run_id=child.id, alias=alias
            )

    @contextlib.contextmanager
    def _guard(self) -> Iterator[None]:
        """One kind of error for the caller, and a fresh look at MLflow after it."""
        try:
            yield
        except RaylabError:
            raise
        except Exception as error:
            self._known = None
            text = " ".join(str(error).split())[:300]
            raise MirrorError(
                f"MLflow at {without_password(self.uri)} is not up to date: {text}",
                "Nothing is lost: the study has every record, and the next sync catches up.",
            ) from error

    def _connected(self) -> _Known:
        """The connection; a new one reads which runs MLflow has."""
        if self._known is None:
            client = connect(self.uri)
            experiment = find_or_create_experiment(
                client, name=self._experiment, artifacts=self._artifacts
            )
            parent = self._find_parent(client, experiment)
            children: dict[str, StoredRun] = {}
            for run in StoredRun.search(
                client, experiment=experiment, tag="mlflow.parentRunId", value=parent.id
            ):
                kept = children.setdefault(run.tags.get("raylab.trial_key", ""), run)
                if kept is not run:  # made by a request that timed out, but had been heard
                    client.delete_run(run.id)
            self._known = _Known(client, experiment, parent, children)
        return self._known

    def _find_parent(self, client: MlflowClient, experiment: str) -> StoredRun:
        study = self.study.description
        for run in StoredRun.search(
            client, experiment=experiment, tag="raylab.study", value=self.study.id
        ):
            return run
        tags = {"raylab.study": self.study.id, **study_tags(study)}
        started = round(study["created"] * 1000)
        return StoredRun.create(
            client, experiment=experiment, name=self.study.name, started=started, tags=tags
        )

    # -- the study ---------------------------------------------------------------------------------

    def _parent(self, known: _Known, trials: list[TrialRecord], *, status: str) -> None:
        modes: tuple[Mode, ...] = self.study.modes or ("max",)
        winner = best(trials, *modes)
        curve = enumerate(best_so_far(trials, modes[0]), start=1)
        known.parent.log_points(
            [("best_score", score, round(time * 1000), count) for count, (time, score) in curve]
        )
        self._study_files(known.parent, with_results=status != "RUNNING")
        known.parent.log_tags(
            {
                "raylab.trials": str(len(drawn(trials))),
                **({"raylab.best_trial": winner.trial} if winner else {}),
            }
        )
        selection = ended_selection(self.study.ledger.read())
        if selection and selection.champion:
            known.parent.log_tags({"raylab.champion": selection.champion})
        if len(modes) > 1:
            known.parent.log_tags(
                {"raylab.front": ", ".join(record.trial for record in front(trials, *modes))}
            )
        last = (
            max((record.ended or 0.0 for record in trials), default=0.0)
            or self.study.description["created"]
        )
        known.parent.set_status(status, None if status == "RUNNING" else round(last * 1000))

    def _study_files(self, parent: StoredRun, *, with_results: bool) -> None:
        names = ("space.yaml", *(_RESULTS if with_results else ()))
        paths = [path for name in names if (path := self.study.path / name).is_file()]
        signature = digest({path.name: file_digest(path) for path in paths})
        if parent.tags.get("raylab.files") == signature:
            return
        environment = {
            name: self.study.description.get(name) for name in ("raylab", "packages", "git")
        }
        with tempfile.TemporaryDirectory() as folder:
            written = Path(folder) / "environment.json"
            written.write_text(json.dumps(environment, indent=2))
            for path in (written, *paths):
                parent.log_file(path)
        parent.log_tags({"raylab.files": signature})

    # -- a trial -----------------------------------------------------------------------------------

    def _trial(self, known: _Known, record: TrialRecord) -> None:
        if known.mirrored.get(record.trial) == record:
            return
        run = trial_run(record, study=self.study.description)
        child = known.children.get(run.key)
        if child is None:
            child = known.children[run.key] = self._create(known, run)
        if child.tags.get(_MIRRORED) != run.digest:
            self._fill(known, child, run, record)
        known.mirrored[record.trial] = record

    def _create(self, known: _Known, run: TrialRun) -> StoredRun:
        tags = {**run.tags, "mlflow.parentRunId": known.parent.id}
        return StoredRun.create(
            known.client, experiment=known.experiment, name=run.name, started=run.started, tags=tags
        )

    def _fill(self, known: _Known, child: StoredRun, run: TrialRun, record: TrialRecord) -> None:
        child.log_params(run.params)
        child.log_points(run.points)
        if run.ended is not None:
            self._trial_files(child, record)
            self._model(known, child, record)
        child.log_tags(run.tags)
        if "raylab.error" not in run.tags:
            child.drop_tag("raylab.error")  # of an attempt before the last
        child.set_status(run.status, run.ended)
        if run.ended is not None:
            child.log_tags({_MIRRORED: run.digest})

    def _trial_files(self, child: StoredRun, record: TrialRecord) -> None:
        config = self.study.config_path(record.trial)
        if config.is_file():
            child.log_file(config)

    def _trial_figures(self, child: StoredRun, record: TrialRecord) -> None:
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

    def _model(self, known: _Known, child: StoredRun, record: TrialRecord) -> None:
        """The model folder as a logged model: one a trial, of the last attempt."""
        folder = self.study.model_folder(record.trial)
        files = sorted(path for path in folder.glob("*") if path.is_file())
        signature = digest({path.name: file_digest(path) for path in files})
        if not files or child.tags.get("raylab.model_digest") == signature:
            return
        model_id = child.log_model(
            folder,
            experiment=known.experiment,
            name=f"{_model_name(self.study.name)}-{record.trial}",
            kind=(self.study.description.get("task") or {}).get("kind"),
            key=trial_key(self.study.id, record.trial),
            step=record.step,
        )
        child.log_tags({"raylab.model_id": model_id, "raylab.model_digest": signature})


def _model_name(study: str) -> str:
    """MLflow allows fewer characters in names of models than a folder may have."""
    return re.sub(r"[^\w-]", "_", study)
