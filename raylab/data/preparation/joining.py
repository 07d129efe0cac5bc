"""Several prepared datasets, each made with its own recipe, as one: sessions of different kinds,
trained jointly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from raylab.config.splits import FiltersConfig
from raylab.data.dataset import Dataset
from raylab.data.preparation.workspace import Workspace
from raylab.data.preparation.writing import write_manifest
from raylab.errors import ConfigError

JOINED = "joined"  # the key of a manifest that says what a dataset was made of


def join(datasets: Sequence[Dataset], workspace: Workspace) -> list[dict[str, Any]]:
    """Link the sessions of all into one folder and write its manifest; splits and kept units stay
    as they are.

    Returns:
        The entries. Ids are not compared here.
    """
    for dataset in datasets:
        dataset.verify()
    every = [(dataset, entry) for dataset in datasets for entry in dataset.manifest["sessions"]]
    adopted = {str(place): workspace.adopt(*pair, str(place)) for place, pair in enumerate(every)}
    entries = workspace.finish(adopted)
    parts = [_described(dataset) for dataset in datasets]
    kinds = dict.fromkeys(part["splits"]["kind"] for part in parts)
    filters = _same(parts, "filters")
    write_manifest(
        workspace.folder,
        entries,
        recipe=_same(parts, "recipe"),
        splits=_same(parts, "splits") or {"kind": " and ".join(kinds)},
        filters=FiltersConfig.model_validate(filters) if filters else None,
        left_out=[one for dataset in datasets for one in dataset.manifest.get("left_out", [])],
        more={JOINED: parts},
    )
    return entries


def require_one_origin(dataset: Dataset) -> None:
    """ConfigError where one set of filters would replace several: splitting anew also judges units
    anew.
    """
    parts = dataset.manifest.get(JOINED, [])
    if parts and _same(parts, "filters") is None:
        raise ConfigError(
            f"{dataset.path}: was joined from datasets with different filters, and splitting it "
            "anew would apply one",
            "Split the datasets that it was made of, and join those.",
        )


def _described(dataset: Dataset) -> dict[str, Any]:
    ids = [entry["id"] for entry in dataset.manifest["sessions"]]
    kept = {name: dataset.manifest[name] for name in ("fingerprint", "recipe", "splits", "filters")}
    return {**kept, "sessions": ids}


def _same(parts: Sequence[Mapping[str, Any]], key: str) -> Any:
    """What all have under `key`; None where they differ."""
    return parts[0][key] if all(part[key] == parts[0][key] for part in parts) else None
