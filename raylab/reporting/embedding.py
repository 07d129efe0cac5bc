"""A trial's saved embedding, and what it can be coloured by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from safetensors import SafetensorError, safe_open

from raylab.errors import DataError


@dataclass(frozen=True)
class Colouring:
    """One number or code a sample: a label's column, or the session.

    Attributes:
        values: (M,) float64 with NaN, or int64 codes with -1, where unlabelled; circular in [-pi,
            pi).
        classes: Names of the codes of a discrete one.
    """

    name: str
    kind: Literal["continuous", "circular", "discrete"]
    values: np.ndarray
    unit: str = ""
    classes: tuple[str, ...] = ()

    @property
    def labelled(self) -> np.ndarray:
        """(M,) bool."""
        return np.asarray(self.values >= 0 if self.kind == "discrete" else np.isfinite(self.values))

    @property
    def title(self) -> str:
        return f"{self.name} ({self.unit})" if self.unit else self.name


@dataclass(frozen=True)
class Embedding:
    """Embedded validation samples.

    Attributes:
        points: (M, D) float32.
        colourings: One a label column; the session where there is no label.
    """

    points: np.ndarray
    colourings: tuple[Colouring, ...]

    def drawn(self) -> tuple[np.ndarray, tuple[str, ...]]:
        """(M, 2 or 3) coordinates to draw and the names of the axes; of more than 3, principal
        components.
        """
        points = np.nan_to_num(np.asarray(self.points, np.float64))
        dimensions = points.shape[1]
        if dimensions == 1:
            points = np.concatenate([np.arange(len(points))[:, None], points], axis=1)
            return points, ("sample", "dimension 1")
        if dimensions <= 3:
            return points, tuple(f"dimension {index + 1}" for index in range(dimensions))
        centred = points - points.mean(axis=0)
        _, scales, axes = np.linalg.svd(centred, full_matrices=False)
        share = 100 * scales**2 / max(float((scales**2).sum()), 1e-300)
        return centred @ axes[:3].T, tuple(
            f"PC {index + 1} ({share[index]:.0f} %)" for index in range(3)
        )


def load_embedding(path: Path) -> Embedding:
    """Read `embedding.safetensors`. DataError when it is damaged."""
    try:
        with safe_open(path, framework="numpy") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
            metadata = file.metadata() or {}
        kinds = json.loads(metadata.get("labels", "{}"))
        sessions = tuple(map(str, json.loads(metadata.get("sessions", "[]"))))
        colourings = [
            each
            for name in kinds
            for each in colourings_of(name, kinds[name], tensors[f"label.{name}"])
        ]
        whole = tensors["embedding"]
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise DataError(f"{path}: not an embedding ({error})", "Run the trial again.") from None
    codes = tensors.get("session", np.zeros(len(whole), np.int64))
    session = Colouring("session", "discrete", codes, classes=sessions)
    return Embedding(whole, tuple(colourings) or (session,))


def colourings_of(name: str, entry: Mapping[str, Any], values: np.ndarray) -> list[Colouring]:
    """A label with several columns (x and y of a position) is several colourings."""
    kind, unit, classes = (
        entry["kind"],
        entry.get("unit") or "",
        tuple(map(str, entry.get("classes") or ())),
    )
    if kind == "discrete":
        return [Colouring(name, kind, values.reshape(-1), classes=classes)]
    if kind == "circular":
        values = (values + np.pi) % (2 * np.pi) - np.pi
    columns = values.reshape(len(values), -1).T
    names = (
        [name] if len(columns) == 1 else [f"{name} {index + 1}" for index in range(len(columns))]
    )
    return [Colouring(each, kind, column, unit=unit) for each, column in zip(names, columns)]
