"""The study folder: where the files of a study are, and whether a driver is at work on it."""

from __future__ import annotations

import contextlib
import os
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from filelock import FileLock, Timeout

from raylab.config.plugins import require_plugins
from raylab.errors import DataError, StudyError
from raylab.files import atomic_folder, read_json, write_json
from raylab.paths import local_path
from raylab.tracking import environment
from raylab.tracking.ledger import Ledger
from raylab.tracking.records import Mode, TrialRecord, is_ended, records
from raylab.version import __version__

SCHEMA = 1
ANSWER = "answer"  # the kind of a study that `raylab answer` made, and its section in study.json
_PROBE_S = 0.2  # a process that only calls `is_live` holds the lock for much less


class StudyFolder:
    """A study on disk. Use `StudyFolder.create` or `StudyFolder.open`.

    Attributes:
        path: The folder.
        description: What `study.json` says: id, name, kind, data, task, objective (the first of
            several), objectives (where there are several), label, packages, git, tracking.
        ledger: The study's events.
    """

    def __init__(self, path: Path, description: Mapping[str, Any]) -> None:
        self.path = path
        self.description = dict(description)
        self.ledger = Ledger(path / "ledger")
        self._held = False

    @classmethod
    def create(
        cls,
        path: Path,
        description: Mapping[str, object],
        *,
        fill: Callable[[Path], None] = lambda folder: None,
    ) -> Self:
        """Make a new study; id, name, created, raylab, packages and git are filled in where not
        given.

        Args:
            fill: Writes what else belongs to a study from its beginning; the folder appears whole
                or not at all.

        Raises:
            StudyError: The folder exists and is not empty.
        """
        path = local_path(path).absolute()
        full = {**_defaults(path), **description}
        try:
            with atomic_folder(path) as temporary:
                write_json(temporary / "study.json", full)
                (temporary / "ledger").mkdir()
                fill(temporary)
        except OSError as error:
            if not path.exists():
                raise StudyError(
                    f"{path}: the study folder cannot be made ({error.strerror})"
                ) from None
            remedy = (
                "Resume it, or choose another name."
                if (path / "study.json").exists()
                else "Choose another name."
            )
            raise StudyError(f"{path}: already exists", remedy) from None
        return cls(path, full)

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Self:
        """Open an existing study. StudyError where there is none, or a later raylab wrote it."""
        path = local_path(path).absolute()
        if not (path / "study.json").is_file():
            raise StudyError(
                f"{path}: not a study (no study.json)",
                "Name the folder that a search or training made.",
            )
        try:
            description = read_json(path / "study.json")
        except DataError as error:
            raise StudyError(error.what, error.remedy) from None
        known = isinstance(description, dict) and description.get("schema") == SCHEMA
        if not known or not {"id", "name", "data", "objective", "label"} <= set(description):
            raise StudyError(
                f"{path / 'study.json'}: this version of raylab cannot read its form",
                "Use the raylab that wrote it.",
            )
        require_plugins(description.get("plugins", ()), str(path / "study.json"))
        if not (path / "ledger").is_dir():
            raise StudyError(
                f"{path}: its ledger folder is gone", "Restore it from a copy of the study."
            )
        return cls(path, description)

    def __fspath__(self) -> str:
        return str(self.path)

    @property
    def id(self) -> str:
        return str(self.description["id"])

    @property
    def name(self) -> str:
        return str(self.description["name"])

    @property
    def is_answer(self) -> bool:
        """Whether `raylab answer` made it: its trials see different folds of the dataset."""
        return bool(self.description.get("kind") == ANSWER)

    def fold_path(self, fold: int) -> Path:
        """The folder of the dataset of an answer's fold, counted from 0."""
        return self.path / str(self.description[ANSWER]["folds"][fold])

    def rotation_path(self, fold: int, valid_fold: int) -> Path:
        """The folder of the dataset of an answer's fold with another validation part."""
        return self.path / "rotations" / f"{fold}-{valid_fold}"

    @property
    def metrics(self) -> tuple[str, ...]:
        """The objectives' metrics; the first is the one that `score` is of."""
        return tuple(str(objective["metric"]) for objective in self._objectives)

    @property
    def modes(self) -> tuple[Mode, ...]:
        """Whether each objective is better when higher (`max`) or lower (`min`)."""
        return tuple(objective["mode"] for objective in self._objectives)

    @property
    def _objectives(self) -> list[dict[str, Any]]:
        several, objective = self.description.get("objectives"), self.description["objective"]
        return several or ([objective] if objective else [])

    @property
    def space_path(self) -> Path:
        return self.path / "space.yaml"

    @property
    def parent_path(self) -> Path:
        """The trained model that an adaptation began from."""
        return self.path / "parent"

    @property
    def optuna_path(self) -> Path:
        return self.path / "optuna.db"

    @property
    def baselines_path(self) -> Path:
        return self.path / "baselines.json"

    @property
    def leaderboard_path(self) -> Path:
        return self.path / "leaderboard.csv"

    @property
    def report_path(self) -> Path:
        return self.path / "report.html"

    def evaluation_path(self, split: str = "test") -> Path:
        return self.path / f"evaluation-{split}.json"

    @property
    def scores_folder(self) -> Path:
        """Consistency, topology, comparisons and controls, each as JSON with a figure beside it."""
        return self.path / "scores"

    def predictions_path(self, name: str) -> Path:
        """Predicted and true labels: of a split, or of an answer's `recommended` or `baseline`."""
        return self.scores_folder / f"predictions-{name}.safetensors"

    @property
    def selection_path(self) -> Path:
        """The result of the last `raylab select`."""
        return self.scores_folder / "selection.json"

    @property
    def answer_path(self) -> Path:
        """What `raylab answer` concluded."""
        return self.path / "answer.json"

    def trial_folder(self, trial: str) -> Path:
        return self.path / "trials" / trial

    def config_path(self, trial: str) -> Path:
        return self.trial_folder(trial) / "config.json"

    def model_folder(self, trial: str) -> Path:
        return self.trial_folder(trial) / "model"

    def checkpoint_folder(self, trial: str) -> Path:
        return self.trial_folder(trial) / "checkpoint"

    def embedding_path(self, trial: str) -> Path:
        return self.trial_folder(trial) / "embedding.safetensors"

    def baselines(self) -> dict[str, object] | None:
        """The content of `baselines.json`; None before it is written."""
        return read_json(self.baselines_path) if self.baselines_path.is_file() else None

    def evaluation(self, split: str = "test") -> dict[str, Any] | None:
        """The content of `evaluation-<split>.json`; None before it is written."""
        path = self.evaluation_path(split)
        return read_json(path) if path.is_file() else None

    def answer(self) -> dict[str, Any] | None:
        """The content of `answer.json`; None before it is written, and in other studies."""
        return read_json(self.answer_path) if self.answer_path.is_file() else None

    def records(self) -> list[TrialRecord]:
        """Every trial of the ledger. Without a live driver nothing is `running`."""
        # Before the events are read: a driver that ends in between has written its last events.
        live = self.is_live()
        events = self.ledger.read()
        return records(events, live=live and not is_ended(events))

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Be the study's driver. StudyError when another one lives. A killed driver's hold ends
        with it.
        """
        lock = self._lock()
        try:
            lock.acquire(timeout=2 * _PROBE_S, poll_interval=0.02)
        except Timeout:
            raise StudyError(
                f"{self.path}: another driver is running this study",
                "Wait for it, or stop it first.",
            ) from None
        self._held = True
        try:
            yield
            self.ledger.flush()
        finally:
            self._held = False
            lock.release()

    def is_live(self) -> bool:
        """Whether a driver holds the study, in this process or another."""
        if self._held or not self._lock_path.exists():
            return self._held
        try:
            with self._lock().acquire(timeout=_PROBE_S, poll_interval=0.02):
                return False
        except Timeout:
            return True
        except OSError:
            return False  # a read-only copy, on which no driver can work

    @property
    def _lock_path(self) -> Path:
        return self.path / "driver.lock"

    def _lock(self) -> FileLock:
        return FileLock(self._lock_path, thread_local=False)


def _defaults(path: Path) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "id": uuid.uuid4().hex,
        "name": path.name,
        "kind": "search",
        "created": time.time(),
        "raylab": __version__,
        "packages": environment.packages(),
        "git": environment.code_state(),
        "data": None,
        "objective": None,
        "label": None,
    }
