"""Models for others: a study's winner as a folder of its own or as CEBRA's file, and CEBRA's file
as a raylab model.
"""

from __future__ import annotations

from pathlib import Path

from raylab.analysis.winner import winner
from raylab.errors import StudyError
from raylab.interop.from_cebra import from_cebra
from raylab.tracking.study import StudyFolder
from raylab.training.model import Model


def load(path: str | Path, *, trial: str | None = None) -> Model:
    """A trained model, ready to transform recordings.

    Args:
        path: A study (its winner, or one of its trials), a model's folder, or a file of CEBRA's.
    """
    model, _ = _open(Path(path), trial)
    return model


def _open(path: Path, trial: str | None) -> tuple[Model, Path | None]:
    """A model, and the folder that holds it where there is one."""
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
