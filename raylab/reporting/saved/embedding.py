"""A trial's saved embedding, and the labels that colour it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NotRequired, TypedDict

import numpy as np
from safetensors import SafetensorError, safe_open

from raylab.errors import DataError

LabelKind = Literal["continuous", "circular", "discrete"]


class LabelEntry(TypedDict):
    """How the file's metadata describe a label."""

    kind: LabelKind
    unit: NotRequired[str | None]
    classes: NotRequired[list[str] | None]


@dataclass(frozen=True)
class Colouring:
    """One number or one code per sample: a column of a label, or the session.

    Attributes:
        name: Of the label, with the number of the column where it has several.
        kind: How the values are compared.
        values: (M,) float64, NaN where unlabelled, circular in [-pi, pi); or of a discrete label
            int64 codes, -1 where unlabelled.
        unit: Of the values; empty where there is none.
        classes: Names of the codes of a discrete label.
    """

    name: str
    kind: LabelKind
    values: np.ndarray
    unit: str = ""
    classes: tuple[str, ...] = ()

    @property
    def labelled(self) -> np.ndarray:
        """(M,) bool: which samples have a label."""
        return np.asarray(self.values >= 0 if self.kind == "discrete" else np.isfinite(self.values))

    @property
    def title(self) -> str:
        return f"{self.name} ({self.unit})" if self.unit else self.name

    def class_name(self, code: int) -> str:
        return self.classes[code] if code < len(self.classes) else str(code)


@dataclass(frozen=True)
class Embedding:
    """Embedded validation samples.

    Attributes:
        points: (M, D) float32.
        colourings: One per column of a label; the session where there is no label.
    """

    points: np.ndarray
    colourings: tuple[Colouring, ...]

    def coordinates(self) -> tuple[np.ndarray, tuple[str, ...]]:
        """(M, 2 or 3) coordinates to draw, and the names of the axes. An embedding of more than 3
        dimensions is projected on its first 3 principal components.
        """
        points = _finite(np.asarray(self.points, np.float64))
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


def _finite(points: np.ndarray) -> np.ndarray:
    """Points without infinities, which decoders of earlier versions gave classes that they had not
    seen: the smallest and largest finite value instead, and 0 instead of NaN.
    """
    known = points[np.isfinite(points)]
    low, high = (known.min(), known.max()) if len(known) else (0.0, 0.0)
    return np.asarray(np.nan_to_num(points, nan=0.0, neginf=low, posinf=high))


def load_embedding(path: Path) -> Embedding:
    """Read `embedding.safetensors`. DataError where it is damaged."""
    try:
        with safe_open(path, framework="numpy") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
            metadata = file.metadata() or {}
        labels: dict[str, LabelEntry] = json.loads(metadata.get("labels", "{}"))
        sessions = tuple(map(str, json.loads(metadata.get("sessions", "[]"))))
        colourings = [
            colouring
            for name, entry in labels.items()
            for colouring in colourings_of(
                name,
                entry["kind"],
                tensors[f"label.{name}"],
                unit=entry.get("unit"),
                classes=entry.get("classes"),
            )
        ]
        points = tensors["embedding"]
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise DataError(f"{path}: not an embedding ({error})", "Run the trial again.") from None
    codes = tensors.get("session", np.zeros(len(points), np.int64))
    session = Colouring("session", "discrete", codes, classes=sessions)
    return Embedding(points, tuple(colourings) or (session,))


def colourings_of(
    name: str,
    kind: LabelKind,
    values: np.ndarray,
    *,
    unit: str | None = "",
    classes: Sequence[str] | None = (),
) -> list[Colouring]:
    """The colourings of one label: one per column, such as x and y of a position."""
    if kind == "discrete":
        names_of_codes = tuple(map(str, classes or ()))
        return [Colouring(name, kind, values.reshape(-1), classes=names_of_codes)]
    if kind == "circular":
        values = (values + np.pi) % (2 * np.pi) - np.pi
    columns = values.reshape(len(values), -1).T
    names = [name] if len(columns) == 1 else [f"{name} {k + 1}" for k in range(len(columns))]
    return [Colouring(each, kind, column, unit=unit or "") for each, column in zip(names, columns)]
