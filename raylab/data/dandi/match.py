"""Files of a dandiset that are wanted, with what there is of them on disk."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from raylab.data.dandi.archive import Archive
from raylab.data.dandi.assets import Asset
from raylab.data.dandi.digests import Expected
from raylab.data.fetching.part import Part
from raylab.data.fetching.record import Record
from raylab.data.fetching.transfer import Wanted, state


@dataclass(frozen=True, kw_only=True)
class AssetMatch(Wanted):
    """A file of a dandiset that is wanted, and what there is of it."""

    asset: Asset


def matches(
    base_uri: str, folder: Path, assets: Sequence[Asset], parallel: int
) -> list[AssetMatch]:
    """Each file with what there is of it.

    A file of the right size is whole if the record says that it was verified against the digest
    that the archive states now; else its digest is computed.
    """
    record = Record(folder)

    def match(asset: Asset) -> AssetMatch:
        path = folder / asset.path
        with Archive(base_uri) as archive:
            wrong = _fault(archive, asset, path, record) if path.is_file() else None
            url = archive.url(asset)
        begun, whole = Part(path).resumable(), path.is_file() and wrong is None
        return AssetMatch(
            asset=asset,
            url=url,
            path=path,
            size=asset.size,
            whole=whole,
            begun=begun,
            here=state(asset.size, whole, begun, wrong),
        )

    with ThreadPoolExecutor(parallel) as pool:
        return list(pool.map(match, assets))


def _fault(archive: Archive, asset: Asset, path: Path, record: Record) -> str | None:
    if asset.size is not None and path.stat().st_size != asset.size:
        return Expected(asset.size, {}).fault(path)
    expected = Expected(asset.size, archive.digests(asset))
    verified = record.of(asset.path).get("verified")
    if verified and verified == verified_by(expected):
        return None
    return expected.fault(path)


def verified_by(expected: Expected) -> dict[str, str] | None:
    """The digest that the record keeps of a verified file; None where there was none."""
    name = expected.digest
    return {name: expected.digests[name]} if name else None
