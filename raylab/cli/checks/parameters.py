"""Types of arguments and options. A folder that has to be there is looked for before its verb is
run, which imports much.
"""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import click

from raylab.paths import local_path


class LocalPath(click.Path):
    """A path of this machine; a URL is refused before it becomes a folder called `s3:`."""

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Path:
        return local_path(os.fspath(value))


class FiniteRange(click.FloatRange):
    """Numbers of a range; `inf` and `nan`, which Python reads as numbers, are refused."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number.", param, ctx)
        return number


class StudyPath(LocalPath):
    """The folder of a study or of a model. One that does not exist is refused before its verb is
    run, which imports much.
    """

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Path:
        path = super().convert(value, param, ctx)
        if not path.exists():
            from raylab.cli.checks.studies import opened

            opened(path)  # raises
        return path


class DataPath(LocalPath):
    """The folder of a prepared dataset; likewise."""

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Path:
        path = super().convert(value, param, ctx)
        if not path.is_dir():
            from raylab.data.dataset import Dataset

            Dataset(path)  # raises
        return path
