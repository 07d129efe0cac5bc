"""A trained model written for use without its study, or for CEBRA."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Literal

from raylab.analysis.load import open_model
from raylab.analysis.models.kept import single_model
from raylab.errors import ConfigError, StudyError
from raylab.files import atomic_folder
from raylab.interop.cebra_write import write_cebra
from raylab.paths import AnyPath, local_path


def export_model(
    path: AnyPath,
    *,
    out: str | Path,
    form: Literal["raylab", "cebra"],
    trial: str | None = None,
    entrant: str | None = None,
    session: str | None = None,
) -> list[str]:
    """Write a trained model for use without its study.

    Args:
        path: A study, the answer of `raylab answer`, the folder of a single model, or a file that
            CEBRA saved.
        out: A folder (`raylab`) or a file (`cebra`) that does not exist yet.
        form: `raylab` writes a folder without pickle that `raylab.load` opens; `cebra` a file that
            `cebra.CEBRA.load` opens.
        trial: The trial of a study or answer. Default of a study: its winner.
        entrant: The entrant of an answer. Default: the recommended one. `raylab` writes it with all
            its members and readouts; `cebra` writes the first member, because a file of CEBRA's
            holds one model.
        session: For `cebra`, the only session to write. Default: all that the model knows.

    Returns:
        The sessions written, in the order of CEBRA's `session_id`.

    Raises:
        ConfigError: The model has something that CEBRA cannot express; the message names the key of
            the config (see docs/cebra.md). Or the entrant is an ensemble, which is no single model.
        StudyError: `out` exists already.

    Example:
        >>> raylab.export_model("study", out="model", form="raylab")
        ['a', 'b']
        >>> raylab.load("model").config.task.kind
        'contrastive'
    """
    path, out = local_path(path), local_path(out)
    if out.exists():
        raise StudyError(f"{out}: already exists", "Choose another --out, or remove it.")
    model, folder = open_model(path, trial, entrant)
    if form == "cebra":
        return write_cebra(single_model(model), out, session=session)
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
