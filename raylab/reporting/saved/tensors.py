"""Read the tensors of one kind from an `embedding.safetensors`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import numpy as np
from safetensors import SafetensorError, safe_open

from raylab.errors import DataError

T = TypeVar("T")


def read_saved(
    path: Path,
    prefixes: tuple[str, ...],
    build: Callable[[Mapping[str, np.ndarray], Mapping[str, str]], T],
) -> T | None:
    """What `build` makes of the tensors whose names begin with one of the prefixes.

    Args:
        path: An `embedding.safetensors`.
        prefixes: The beginnings of the names of the tensors to read.
        build: Gets the tensors by name and the file's metadata; raises KeyError, TypeError or
            ValueError where they do not fit together.

    Returns:
        None where the file does not exist or holds no such tensor.

    Raises:
        DataError: The file, or what it holds of this kind, is damaged.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            names = [name for name in file.keys() if name.startswith(prefixes)]  # noqa: SIM118 (not a mapping)
            if not names:
                return None
            tensors = {name: file.get_tensor(name) for name in names}
            return build(tensors, file.metadata() or {})
    except FileNotFoundError:
        return None
    except (SafetensorError, KeyError, TypeError, ValueError, OSError) as error:
        kind = prefixes[0].partition(".")[0]
        raise DataError(
            f"{path}: {kind} that cannot be read ({error})", "Run the trial again."
        ) from None
