"""Predictors in folders: the members as models, the readouts as arrays, no pickle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from raylab.config.plugins import MissingPackage
from raylab.data.datasets.specs import LabelSpec
from raylab.errors import RaylabError, StudyError
from raylab.evaluation.readouts import Readout
from raylab.files import atomic_folder, map_tensors, read_json, write_json, write_tensors
from raylab.training.model import Model
from raylab.training.predicting.member import Member
from raylab.training.predicting.readouts import SessionReadout
from raylab.version import __version__

SCHEMA = 1
PREDICTOR = "predictor.json"
READOUTS = "readouts.safetensors"  # beside the files of the member's model


def is_predictor(folder: Path) -> bool:
    """Whether a predictor was saved in a folder."""
    return (folder / PREDICTOR).is_file()


def save_predictor(
    folder: Path,
    members: Sequence[Member],
    weights: Sequence[float],
    meaning: LabelSpec,
    described: Mapping[str, str],
    *,
    data: str,
) -> None:
    """Save a predictor in a new folder, which appears whole or not at all.

    The folder has `predictor.json` and for each member a folder `0`, `1`, ... with its model.

    Args:
        described: The label, the entrant and its family.
        data: The fingerprint of the dataset.

    Raises:
        StudyError: The folder exists.
    """
    if folder.exists():
        raise StudyError(f"{folder}: already exists", "Choose another folder, or remove it.")
    with atomic_folder(folder) as temporary:
        entries = [
            _save_member(temporary / str(place), member, data)
            for place, member in enumerate(members)
        ]
        description = {
            "schema": SCHEMA,
            "raylab": __version__,
            **described,
            "meaning": vars(meaning),
            "members": [
                {"weight": float(weight), **entry} for weight, entry in zip(weights, entries)
            ],
        }
        write_json(temporary / PREDICTOR, description)


def _save_member(folder: Path, member: Member, data: str) -> dict[str, Any]:
    """Write the model and the readouts of a member; what else predictor.json says of it."""
    member.model.save(folder, data=data)
    names = list(member.readouts)
    if names:
        arrays = {
            f"{place}.{key}": np.asarray(value)
            for place, name in enumerate(names)
            for key, value in member.readouts[name].readout.arrays.items()
        }
        write_tensors(folder / READOUTS, arrays)
    readouts = {
        name: {
            "kind": each.readout.kind,
            "label_kind": each.readout.label_kind,
            "classes": each.classes,
            "rows": each.rows,
        }
        for name, each in member.readouts.items()
    }
    return {"rows": dict(member.rows), "readouts": readouts}


def load_predictor(folder: Path) -> tuple[tuple[Member, ...], dict[str, Any]]:
    """The members of a saved predictor, and the other arguments of `Predictor`.

    Raises:
        StudyError: There is no predictor, it is damaged, or a later raylab wrote it.
        MissingPackage: A model needs a package that is not installed.
    """
    path = folder / PREDICTOR
    if not path.is_file():
        raise StudyError(
            f"{folder}: no predictor was saved there (no {PREDICTOR})",
            "Name a folder of `entrants` of an answer, or one that `raylab export` wrote.",
        )
    try:
        described = read_json(path)
        if described["schema"] != SCHEMA:
            raise StudyError(
                f"{path}: this version of raylab cannot read its form",
                "Use the raylab that wrote it.",
            )
        return _members(folder, described["members"]), _values(described)
    except (StudyError, MissingPackage):
        raise
    except RaylabError as error:
        raise _damaged(folder, error.what) from None
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise _damaged(folder, f"{type(error).__name__}: {error}") from None


def _damaged(folder: Path, reason: str) -> StudyError:
    return StudyError(
        f"{folder}: the predictor is damaged ({reason})",
        "Restore it from a copy, or make it again by `raylab resume` of its answer.",
    )


def _values(described: Mapping[str, Any]) -> dict[str, Any]:
    meaning = described["meaning"]
    return {
        "weights": tuple(float(entry["weight"]) for entry in described["members"]),
        "label": described["label"],
        "meaning": LabelSpec(**{**meaning, "classes": tuple(meaning["classes"])}),
        "entrant": described["entrant"],
        "family": described["family"],
    }


def _members(folder: Path, entries: Sequence[Mapping[str, Any]]) -> tuple[Member, ...]:
    return tuple(_member(folder / str(place), entry) for place, entry in enumerate(entries))


def _member(folder: Path, entry: Mapping[str, Any]) -> Member:
    stored = map_tensors(folder / READOUTS) if entry["readouts"] else {}
    readouts = {
        name: SessionReadout(
            Readout(each["kind"], each["label_kind"], _below(stored, f"{place}.")),
            tuple(each["classes"]),
            int(each["rows"]),
        )
        for place, (name, each) in enumerate(entry["readouts"].items())
    }
    return Member(Model.load(folder), readouts, entry["rows"])


def _below(arrays: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    """The arrays whose names begin so, without that beginning."""
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }
