"""Paths that users give: of this machine, with `~` for the home folder."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TypeAlias

from raylab.errors import DataError

# A path, or what stands for its folder: a study or a dataset.
AnyPath: TypeAlias = str | os.PathLike[str]

# `s3://bucket` as a text; `s3:/bucket` is what pathlib makes of it. One letter is a Windows drive.
_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+):/")


def local_path(path: AnyPath) -> Path:
    """The path that a user gave, with `~` expanded.

    Raises:
        DataError: The text is a URL. Taken as a path, `s3://bucket` would become a folder `s3:`.
    """
    match = _URL.match(os.fspath(path))
    if match:
        remedy = (
            "Give the path without `file://`."
            if match["scheme"].lower() == "file"
            else "Copy the data to this machine, or mount the storage here, and give that path."
        )
        raise DataError(
            f"{path}: is a URL ({match['scheme']}); raylab reads and writes files of this machine "
            "only",
            remedy,
        )
    return Path(path).expanduser()
