"""export_model: to be described."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Literal

from raylab.analysis.load import _open
from raylab.errors import ConfigError, StudyError
from raylab.files import atomic_folder
from raylab.interop.cebra_write import write_cebra


def export_model(
    path: str | Path,
    *,
    out: str | Path,
    form: Literal["raylab", "cebra"],
    trial: str | None = None,
    session: str | None = None,
) -> list[str]:
    """Write a model in another form: `raylab` is a folder without pickle, `cebra` opens with
    `cebra.CEBRA.load`.

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
