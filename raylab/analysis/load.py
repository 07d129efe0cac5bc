"""A trained model, ready for use."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeAlias

from raylab.analysis.answering.results import Answer
from raylab.analysis.models.kept import entrant_folder
from raylab.analysis.models.readable import readable_model
from raylab.errors import StudyError
from raylab.interop.from_cebra import from_cebra
from raylab.paths import local_path
from raylab.reporting.studies.trial import Trial
from raylab.tracking.records import TrialRecord
from raylab.tracking.study import StudyFolder
from raylab.tracking.winner import winner
from raylab.training.model import Model
from raylab.training.predicting.files import is_predictor
from raylab.training.predictor import Predictor

Source: TypeAlias = str | os.PathLike[str] | TrialRecord | Answer


def load(
    source: Source, *, trial: str | None = None, entrant: str | None = None
) -> Model | Predictor:
    """Load a trained model that transforms recordings and predicts labels.

    Args:
        source: A study or its folder, one of the trials of `study.trials`, the answer of
            `raylab.answer` or its folder, the folder of a single model, or a file that CEBRA saved.
        trial: The trial of a study or answer. Default of a study: its winner, that is the champion
            of `raylab.select` or else the best trial by validation.
        entrant: The entrant of an answer, such as `ridge`. Default: the recommended one.

    Returns:
        Of an answer, the final `Predictor` of the entrant, fitted on all samples. Of everything
        else, and of a single trial of an answer, the `Model`.
        Both have `transform`, which embeds raw activity of shape (samples, units), and `predict`,
        which gives the label, and `predict_proba`, which gives the probabilities of classes. An
        embedding of a study predicts by the readout of its evaluation, which is fitted when it is
        first used, on the study's dataset. A single embedding without its study cannot predict.

    Raises:
        StudyError: Nothing completed in the study, the answer has no model yet, there is no such
            trial or entrant, or one is named for a single model.

    Example:
        >>> model = raylab.load("study")
        >>> session = raylab.Dataset("dataset").session("a")
        >>> activity = session.activity[session.splits == "test"]  # (samples, units)
        >>> model.transform(activity, session="a").shape  # (samples, dimensions)
        (120, 3)
        >>> model.predict(activity, session="a").shape
        (120,)
    """
    path, trial = _place(source, trial)
    model, _ = open_model(path, trial, entrant)
    return model


def _place(source: Source, trial: str | None) -> tuple[Path, str | None]:
    """The folder that a source stands for, and the trial in it."""
    if isinstance(source, Answer):
        if source.path is None:
            raise StudyError(
                "this answer does not know its folder", "Load it by the folder of its study."
            )
        return source.path, trial
    if not isinstance(source, TrialRecord):
        return local_path(source), trial
    if not isinstance(source, Trial):
        raise StudyError(
            f"the record of trial '{source.trial}' does not know its study",
            "Take it from `study.trials`, or name the study and the trial.",
        )
    if trial is not None and trial != source.trial:
        raise StudyError(
            f"trial '{source.trial}' is given, and trial '{trial}' is named", "Leave trial out."
        )
    return source.study, source.trial


def open_model(
    path: Path, trial: str | None, entrant: str | None = None
) -> tuple[Model | Predictor, Path | None]:
    """A model and its folder; the folder is None for a file of CEBRA's."""
    if path.is_file() or is_predictor(path) or (path / "model.safetensors").is_file():
        for name, value in (("trial", trial), ("entrant", entrant)):
            if value is not None:
                raise StudyError(f"{path}: a single model, not a study", f"Leave --{name} out.")
        if path.is_file():
            return from_cebra(path), None
        return (Predictor if is_predictor(path) else Model).load(path), path
    study = StudyFolder.open(path)
    if trial is not None and entrant is not None:
        raise StudyError(
            f"{path}: both a trial and an entrant are named", "Leave --trial or --entrant out."
        )
    if entrant is not None or (trial is None and study.is_answer):
        folder = entrant_folder(study, entrant)
        return Predictor.load(folder), folder
    record = winner(study, trial)
    folder = study.model_folder(record.trial)
    return readable_model(study, record, Model.load(folder)), folder
