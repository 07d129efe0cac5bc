"""`raylab.fetch_dandi`: choose files of a dandiset and download them, several at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from raylab.data.dandi.archive import Archive
from raylab.data.dandi.assets import Release, choose
from raylab.data.dandi.digests import Expected
from raylab.data.dandi.match import AssetMatch, matches, verified_by
from raylab.data.fetching.download import Check
from raylab.data.fetching.transfer import transfer
from raylab.errors import ConfigError
from raylab.paths import local_path
from raylab.results import Result

# A file whose digest is wrong is fetched once more: the archive's own copy may be wrong.
CONTENTS = 2


@dataclass(frozen=True)
class FailedAsset(Result):
    """A file of a dandiset that could not be fetched, and why."""

    path: str
    error: str


@dataclass(frozen=True)
class FetchedDandiset(Result):
    """What became of the files of a dandiset that were wanted.

    Attributes:
        release: The dandiset and its version.
        folder: Where the files are.
        matched: The files that were wanted, and what there was of each before.
        fetched: Files that were downloaded and verified.
        skipped: Files that were whole already.
        failed: Files that could not be fetched.
        left_out: Paths of Zarr folders, which are not downloaded.
        dry_run: Whether nothing was to be downloaded.
    """

    release: Release
    folder: Path
    matched: list[AssetMatch]
    fetched: list[Path]
    skipped: list[Path]
    failed: list[FailedAsset]
    left_out: list[str]
    dry_run: bool = False

    @property
    def bytes(self) -> int | None:
        """The size of all files that are wanted; None where the size of one is not known."""
        sizes = [match.size for match in self.matched]
        known = [size for size in sizes if size is not None]
        return sum(known) if len(known) == len(sizes) else None

    def to_dict(self) -> dict[str, Any]:
        return {
            "source": "dandi",
            **asdict(self.release),
            "folder": str(self.folder),
            "dry_run": self.dry_run,
            "matched": [
                {
                    "id": match.asset.id,
                    "path": match.asset.path,
                    "url": match.url,
                    "size": match.size,
                    "whole": match.whole,
                }
                for match in self.matched
            ],
            "bytes": self.bytes,
            "fetched": [str(path) for path in self.fetched],
            "skipped": [str(path) for path in self.skipped],
            "failed": [failure.to_dict() for failure in self.failed],
            "left_out": self.left_out,
        }


def fetch_dandi(
    dandiset: str,
    *,
    out: Path | str,
    version: str | None = None,
    path: str | Sequence[str] = (),
    limit: int | None = None,
    parallel: int = 4,
    base_uri: str | None = None,
    dry_run: bool = False,
    confirm: Callable[[FetchedDandiset], bool] | None = None,
    progress: Callable[[str, int, int | None], None] | None = None,
) -> FetchedDandiset:
    """Download files of a dandiset of the DANDI archive.

    The files keep their paths in the dandiset. Whole files that are there already are kept, partial
    downloads are continued, and each file is verified by the digest that the archive states.

    Args:
        dandiset: The number of the dandiset, such as "000128".
        out: A folder, which is made if it does not exist. Beside the files it gets `fetched.json`,
            which says where each file comes from.
        version: A published version or "draft"; by default the newest published version, or the
            draft if nothing is published.
        path: Patterns of paths, such as "sub-Jenkins/*.nwb"; a file has to fit one of them.
        limit: Take only so many files, the first by path.
        parallel: Number of downloads at a time.
        base_uri: Address of another archive that speaks the same protocol. By default
            `RAYLAB_DANDI_URL` of the environment, else the DANDI archive.
        dry_run: Only list the files.
        confirm: Called with the list before anything is downloaded; False ends it there.
        progress: Called from several threads with a file's path, the bytes that are there, and the
            file's size or None.

    Returns:
        The version that was taken, the files, and which of them were fetched, skipped or failed.

    Raises:
        ConfigError: There is no such dandiset, version, or file.
        DataError: The dandiset is embargoed, or the archive cannot be reached; or the folder is
            full, not writable or in use. A file that fails alone is in `failed` instead.

    Example:
        >>> result = raylab.fetch_dandi("000128", out="dandi", path="*.nwb", dry_run=True)
        >>> [match.asset.path for match in result.matched]
        ['sub-a/a1.nwb', 'sub-b/b1.nwb']
        >>> str(result.release)
        'DANDI:000128/draft'
    """
    for name, number in (("limit", limit), ("parallel", parallel)):
        if number is not None and number < 1:
            raise ConfigError(f"{name} is {number}", "It must be at least 1.")
    folder, patterns = local_path(out), (path,) if isinstance(path, str) else tuple(path)
    with Archive(base_uri) as archive:
        release = archive.release(dandiset, version)
        assets = choose(archive.assets(release), patterns, release)
        uri = archive.base_uri
    left_out = [asset.path for asset in assets if asset.zarr]
    files = [asset for asset in assets if not asset.zarr][:limit]
    if not files:
        raise ConfigError(
            f"{release}: all {len(left_out)} files that fit are Zarr folders",
            "raylab does not read NWB in Zarr: choose other files.",
        )
    matched = matches(uri, folder, files, parallel)
    whole = [match.path for match in matched if match.whole]
    done = FetchedDandiset(release, folder, matched, [], whole, [], left_out, dry_run)
    agreed = confirm(done) if confirm else True
    todo = [match for match in matched if not match.whole]
    if dry_run or not agreed or not todo:
        return done
    return _downloaded(done, uri, todo, parallel, progress)


def _downloaded(
    done: FetchedDandiset,
    base_uri: str,
    todo: Sequence[AssetMatch],
    parallel: int,
    progress: Callable[[str, int, int | None], None] | None,
) -> FetchedDandiset:
    expected: dict[str, Expected] = {}

    def check(match: AssetMatch) -> Check:
        with Archive(base_uri) as archive:
            wanted = Expected(match.size, archive.digests(match.asset))
        expected[match.asset.path] = wanted
        return wanted.fault

    def description(match: AssetMatch) -> dict[str, Any]:
        return {
            "source": "dandi",
            "dandiset": done.release.dandiset,
            "version": done.release.version,
            "asset": match.asset.id,
            "verified": verified_by(expected[match.asset.path]),
        }

    fetched, failures = transfer(
        done.folder,
        todo,
        parallel=parallel,
        progress=progress,
        description=description,
        check=check,
        contents=CONTENTS,
    )
    failed = [FailedAsset(match.asset.path, error) for match, error in failures]
    return replace(done, fetched=fetched, failed=sorted(failed, key=lambda failure: failure.path))
