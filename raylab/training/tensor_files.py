"""Tensors in safetensors files, each whole or absent. No pickle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from raylab.errors import StudyError
from raylab.files import atomic_path


def load_tensors(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a file.

    Raises:
        StudyError: the file is missing or damaged.
    """
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise unreadable(path, error) from None


def unreadable(path: Path, error: Exception) -> StudyError:
    """The error of a file that is missing or damaged."""
    return StudyError(f"{path}: not readable ({error})", "Restore it from a copy of the study.")


def save_tensors(
    path: Path, tensors: Mapping[str, torch.Tensor], metadata: dict[str, str] | None = None
) -> None:
    """Write a file in one step, so that it is never seen in part."""
    plain = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    with atomic_path(path) as temporary:
        save_file(plain, temporary, metadata=metadata)
