"""Models for others: a study's winner as a folder of its own or as CEBRA's file, and CEBRA's file as a raylab model."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Literal

from raylab.errors import ConfigError, StudyError
from raylab.files import atomic_folder
from raylab.interop.cebra_read import from_cebra
from raylab.interop.cebra_write import write_cebra
from raylab.studies.winner import winner
from raylab.tracking.study import StudyFolder
from raylab.training.model import Model


def load(path: str | Path, *, trial: str | None = None) -> Model:
    """A trained model, ready to transform recordings.

    Args:
        path: A study (its winner, or one of its trials), a model's folder, or a file of CEBRA's.
    """
    model, _ = _open(Path(path), trial)
    return model


def export_model(
    path: str | Path,
    *,
    out: str | Path,
    form: Literal["raylab", "cebra"],
    trial: str | None = None,
    session: str | None = None,
) -> list[str]:
    """Write a model in another form: `raylab` is a folder without pickle, `cebra` opens with `cebra.CEBRA.load`.

    Args:
        path: As `load` takes it.
        session: For `cebra`, of a model that knows several: only this one.

    Returns:
        The sessions written, in the order of CEBRA's `session_id`.

    Raises:
        ConfigError: something that CEBRA cannot express, by its key; see docs/cebra.md.
        StudyError: `out` is there already.
    """
    path, out = Path(path), Path(out)
    if out.exists():
        raise StudyError(f"{out}: already there", "Choose another --out, or remove it.")
    model, folder = _open(path, trial)
    if form == "cebra":
        return write_cebra(model, out, session=session)
    if session is not None:
        raise ConfigError(
            f"--session {session}: a raylab model keeps all its sessions", "Leave --session out."
        )
    with atomic_folder(out) as temporary:
        if folder is None:
            model.save(temporary)
        else:
            shutil.copytree(folder, temporary, dirs_exist_ok=True)
    return list(model.sessions)


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
