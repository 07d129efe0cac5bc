"""Whether what a verb writes can be written."""

from __future__ import annotations

import os
from pathlib import Path

from raylab.errors import StudyError
from raylab.tracking.study import StudyFolder


def new_output(path: Path | None, option: str = "--out") -> None:
    """Check that a file or folder does not exist yet, and can be made where it is to be.

    Raises:
        StudyError: It exists, or a folder above it is a file or cannot be written to.
    """
    if path is None:
        return
    if path.exists() or path.is_symlink():
        raise StudyError(f"{path}: already exists", f"Choose another {option}, or remove it.")
    above = next(folder for folder in path.absolute().parents if folder.exists())
    if not above.is_dir():
        raise StudyError(
            f"{path}: cannot be written, because {above} is a file", f"Choose another {option}."
        )
    _require_writable(above, f"{path}: cannot be written, because the folder {above} is read-only")


def writable_study(study: StudyFolder) -> None:
    """Check that results can be written to a study.

    Raises:
        StudyError: Its folder, or the folder of its ledger, cannot be written to.
    """
    for folder in (study.path, study.path / "ledger"):
        _require_writable(folder, f"{study.path}: results cannot be written to it: read-only")


def _require_writable(folder: Path, what: str) -> None:
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StudyError(what, "Copy it to a folder of your own, or change its permissions.")
