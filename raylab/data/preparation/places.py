"""What the sources of `prepare` are: recordings, or prepared datasets."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path

from raylab.data.dataset import Dataset
from raylab.data.manifest import MANIFEST
from raylab.errors import ConfigError, DataError


def as_list(source: str | Path | Sequence[str | Path]) -> list[str | Path]:
    """One or several sources as a list.

    Raises:
        ConfigError: There is none.
    """
    places = [source] if isinstance(source, str | Path) else list(source)
    if not places:
        raise ConfigError("no source is named", "Name files, folders or prepared datasets.")
    return places


def datasets_among(places: Sequence[Path]) -> list[Dataset]:
    """The prepared datasets that the places are; none where they are recordings.

    Raises:
        DataError: A place does not exist beside datasets, or a dataset cannot be opened.
        ConfigError: Some are datasets and others are not.
    """
    datasets = [place for place in places if (place / MANIFEST).is_file()]
    others = [place for place in places if place not in datasets]
    if datasets and others:
        if not others[0].exists() and not glob.has_magic(str(others[0])):
            raise DataError(f"{others[0]}: no such file or folder")
        raise ConfigError(
            f"{datasets[0]}: is a prepared dataset, but {others[0]} is not",
            "Prepare the recordings first, then join the datasets: raylab prepare ONE OTHER --out "
            "BOTH.",
        )
    return [Dataset(place) for place in datasets]


def refuse_options(datasets: Sequence[Dataset], **options: object) -> None:
    """Raise a ConfigError for an option, by its name, that prepared datasets do not have."""
    for option, value in options.items():
        if value and (len(datasets) > 1 or option != "set"):
            what = (
                "several prepared datasets are joined as they are"
                if len(datasets) > 1
                else f"{datasets[0].path}: is a prepared dataset, which needs no {option}"
            )
            raise ConfigError(what, f"Remove --{option}.")
