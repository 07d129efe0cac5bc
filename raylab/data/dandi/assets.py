"""The files of a dandiset: which there are, and which are wanted."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
from dataclasses import dataclass

from raylab.errors import ConfigError, DataError

SHOWN = 10


@dataclass(frozen=True, kw_only=True)
class Asset:
    """One file of a dandiset.

    Attributes:
        id: Of the archive.
        path: In the dandiset, its parts joined by `/`.
        size: Bytes; None where the archive does not say.
        zarr: Whether it is a folder of many small files, which cannot be downloaded as one.
    """

    id: str
    path: str
    size: int | None
    zarr: bool = False


@dataclass(frozen=True, kw_only=True)
class Release:
    """One version of a dandiset.

    Attributes:
        dandiset: Six digits.
        version: `draft`, or the number of a published version.
        title: What its authors call it.
    """

    dandiset: str
    version: str
    title: str

    def __str__(self) -> str:
        return f"DANDI:{self.dandiset}/{self.version}"


def asset_of(row: dict[str, object]) -> Asset:
    """A row of the archive's list of assets.

    Raises:
        KeyError, TypeError: The row is not as expected.
        DataError: Its path would lead out of the folder of the download.
    """
    size = row.get("size")
    path = row["path"]
    if not isinstance(path, str) or not isinstance(row["asset_id"], str):
        raise TypeError("an asset without path or id")
    check_path(path)
    return Asset(
        id=row["asset_id"],
        path=path,
        size=size if isinstance(size, int) else None,
        zarr=bool(row.get("zarr")) or path.endswith(".zarr"),
    )


def check_path(path: str) -> None:
    """Raise a DataError where a path of the archive does not stay in the folder of a download."""
    parts = path.split("/")
    unsafe = any(part in ("", ".", "..") for part in parts) or re.search(r"[\\:\x00-\x1f]", path)
    if unsafe or parts[0] in ("fetched.json", ".fetch.lock"):
        raise DataError(
            f"the archive names a file {path!r}, which is no path inside of a folder",
            "Tell the authors of the dandiset, or choose other files with --path.",
        )


def choose(assets: Sequence[Asset], patterns: Sequence[str], release: Release) -> list[Asset]:
    """The assets whose path fits one of the patterns, by path; all where there is no pattern.

    `*` also stands for `/`. A pattern that ends in `/` names a folder.

    Raises:
        ConfigError: No asset fits a pattern; the remedy lists some.
        DataError: Two assets would be the same file.
    """
    by_path = {asset.path: asset for asset in sorted(assets, key=lambda asset: asset.path)}
    if len(by_path) < len(assets):
        raise DataError(f"{release}: the archive lists the same file twice", "Try again later.")
    for path in by_path:
        if any(folder in by_path for folder in _folders(path)):
            raise DataError(f"{release}: '{path}' lies in a file, not in a folder")
        if any(f"{path}{suffix}" in by_path for suffix in (".part", ".part.json")):
            raise DataError(f"{release}: '{path}.part' is what raylab calls a download under way")
    for pattern in patterns:
        if not any(_fits(path, pattern) for path in by_path):
            what = f"{release}: none of {len(by_path)} files fits '{pattern}'"
            raise ConfigError(what, _listed(list(by_path)))
    if not by_path:
        raise ConfigError(f"{release} has no files", "Choose another --version.")
    return [
        asset
        for path, asset in by_path.items()
        if not patterns or any(_fits(path, pattern) for pattern in patterns)
    ]


def _fits(path: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(path, f"{pattern}*" if pattern.endswith("/") else pattern)


def _folders(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:length]) for length in range(1, len(parts))]


def _listed(paths: list[str]) -> str:
    more = f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
    return f"There are: {', '.join(paths[:SHOWN])}{more}."
