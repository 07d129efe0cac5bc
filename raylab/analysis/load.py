"""A trained model, ready for use."""

from __future__ import annotations

from pathlib import Path

from raylab.analysis.models.winner import winner
from raylab.errors import StudyError
from raylab.interop.from_cebra import from_cebra
from raylab.tracking.study import StudyFolder
from raylab.training.model import Model


def load(path: str | Path, *, trial: str | None = None) -> Model:
    """Load a trained model that transforms recordings.

    Args:
        path: A study, the folder of a single model, or a file that CEBRA saved.
        trial: The trial of a study. Default: its winner, that is the champion of `raylab.select`
            or else the best trial by validation.

    Returns:
        The model. `Model.transform` embeds raw activity of shape (samples, units).

    Raises:
        StudyError: Nothing completed in the study, it has no such trial, or `trial` is named for a
            single model.

    Example:
        >>> model = raylab.load("study")
        >>> activity = raylab.Dataset("dataset").open("a").activity(0, 100)  # (samples, units)
        >>> model.transform(activity, session="a").shape  # (samples, dimensions)
        (100, 3)
    """
    model, _ = open_model(Path(path), trial)
    return model


def open_model(path: Path, trial: str | None) -> tuple[Model, Path | None]:
    """A model and its folder; the folder is None for a file of CEBRA's."""
    single = path.is_file() or (path / "model.safetensors").is_file()
    if single and trial is not None:
        raise StudyError(f"{path}: a single model, not a study", "Leave --trial out.")
    if path.is_file():
        return from_cebra(path), None
    folder = path
    if not single:
        study = StudyFolder.open(path)
        folder = study.model_folder(winner(study, trial).trial)
    return Model.load(folder), folder
