"""The section `features`: a table with features of every frame of a movie."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import Field, model_validator

from raylab.config.base import Strict

FEATURE_FILES = (".npy", ".npz", ".csv", ".parquet", ".h5", ".hdf5")


class FeaturesSpec(Strict):
    """A table with features of every frame of a movie.

    It is joined to each session by the number of the frame.
    """

    path: str = Field(
        description=(
            "FILE.npy, FILE.csv, FILE.parquet, FILE.npz:key or FILE.h5:path, beside the recipe"
        )
    )
    frame: str = Field(description="the discrete label or group that holds the number of the frame")
    columns: tuple[int | str, ...] | None = Field(
        None, min_length=1, description="numbers of columns; names where a table has named columns"
    )
    unit: str = ""

    @model_validator(mode="after")
    def _known(self) -> FeaturesSpec:
        suffix = Path(self.file).suffix
        if suffix not in FEATURE_FILES:
            raise ValueError(f"`path` '{self.path}' is no file of {', '.join(FEATURE_FILES)}")
        if self.inside and suffix in (".npy", ".csv", ".parquet"):
            raise ValueError(
                f"`path` '{self.path}': a {suffix} file holds one table; remove ':{self.inside}'"
            )
        if any(isinstance(column, int) and column < 0 for column in self.columns or ()):
            raise ValueError("`columns` count from 0")
        return self

    @property
    def file(self) -> str:
        return self._parted[0]

    @property
    def inside(self) -> str:
        """The array of a file that holds several; empty where the path names none."""
        return self._parted[1]

    @property
    def _parted(self) -> tuple[str, str]:
        parts = re.fullmatch(r"(.*\.(?:npz|h5|hdf5)):(.*)", self.path)
        return (parts[1], parts[2]) if parts else (self.path, "")
