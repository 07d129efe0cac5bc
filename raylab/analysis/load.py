"""A trained model, ready for use."""

from __future__ import annotations

from pathlib import Path

from raylab.analysis.models.kept import entrant_folder
from raylab.analysis.models.winner import winner
from raylab.errors import StudyError
from raylab.interop.from_cebra import from_cebra
from raylab.paths import local_path
from raylab.tracking.study import StudyFolder
from raylab.training.model import Model
from raylab.training.predicting.files import is_predictor
from raylab.training.predictor import Predictor


def load(
    path: str | Path, *, trial: str | None = None, entrant: str | None = None
) -> Model | Predictor:
    """Load a trained model that transforms recordings and predicts labels.

    Args:
        path: A study, the answer of `raylab answer`, the folder of a single model, or a file that
            CEBRA saved.
        trial: The trial of a study or answer. Default of a study: its winner, that is the champion
            of `raylab.select` or else the best trial by validation.
        entrant: The entrant of an answer, such as `ridge`. Default: the recommended one.

    Returns:
        Of an answer, the final `Predictor` of the entrant, fitted on all samples. Of everything
        else, and of a single trial of an answer, the `Model`.
        Both have `transform`, which embeds raw activity of shape (samples, units). Predictors and
        the models of decoders also have `predict`, which gives the label, and `predict_proba`,
        which gives the probabilities of classes.

    Raises:
        StudyError: Nothing completed in the study, the answer has no model yet, there is no such
            trial or entrant, or one is named for a single model.

    Example:
        >>> model = raylab.load("study")
        >>> activity = raylab.Dataset("dataset").open("a").activity(0, 100)  # (samples, units)
        >>> model.transform(activity, session="a").shape  # (samples, dimensions)
        (100, 3)
    """
    model, _ = open_model(local_path(path), trial, entrant)
    return model


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
    folder = study.model_folder(winner(study, trial).trial)
    return Model.load(folder), folder
