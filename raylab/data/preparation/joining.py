"""Joining several prepared datasets, each made with its own recipe, into one.

So sessions of different kinds can be trained jointly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from raylab.config.splits import FiltersConfig
from raylab.data.dataset import Dataset
from raylab.data.manifest import JoinedEntry, Section, SessionEntry
from raylab.data.preparation.workspace import Workspace
from raylab.data.preparation.writing import write_manifest
from raylab.errors import ConfigError


def join(datasets: Sequence[Dataset], workspace: Workspace) -> list[SessionEntry]:
    """Link the sessions of all datasets into one folder and write its manifest.

    Splits and kept units stay as they are. Ids of sessions are not compared here.

    Returns:
        The entries of the manifest.
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
        left_out=[entry for dataset in datasets for entry in dataset.manifest.get("left_out", [])],
        joined=parts,
    )
    return entries


def require_equal_filters(dataset: Dataset) -> None:
    """Raise a ConfigError for a dataset that was joined from datasets with different filters.

    Splitting it again also judges its units again, with a single set of filters.
    """
    parts = dataset.manifest.get("joined", [])
    if parts and _same(parts, "filters") is None:
        raise ConfigError(
            f"{dataset.path}: was joined from datasets with different filters, and splitting it "
            "again would apply one set of filters to all",
            "Split the datasets that it was joined from, and join the results.",
        )


def _described(dataset: Dataset) -> JoinedEntry:
    manifest = dataset.manifest
    return {
        "fingerprint": manifest["fingerprint"],
        "recipe": manifest["recipe"],
        "splits": manifest["splits"],
        "filters": manifest["filters"],
        "sessions": [entry["id"] for entry in manifest["sessions"]],
    }


def _same(
    parts: Sequence[JoinedEntry], key: Literal["recipe", "splits", "filters"]
) -> Section | None:
    """The value that all parts have under `key`; None where they differ."""
    return parts[0][key] if all(part[key] == parts[0][key] for part in parts) else None
