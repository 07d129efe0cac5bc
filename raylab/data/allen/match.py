"""Sessions that fit, with their size on the server and what there is of them on disk."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import requests

from raylab.data.allen.listing import Listing
from raylab.data.allen.rma import Warehouse
from raylab.data.fetching.hdf5 import fault
from raylab.data.fetching.http import http_session, open_url
from raylab.data.fetching.part import Part, Version
from raylab.data.fetching.transfer import Wanted, state


@dataclass(frozen=True, kw_only=True)
class Match(Wanted):
    """A session that fits, and what there is of it."""

    session: Listing


def matches(
    warehouse: Warehouse, folder: Path, sessions: Sequence[Listing], parallel: int
) -> list[Match]:
    """Each session with its file; asks the server for the sizes, several at a time."""

    def match(session: Listing) -> Match:
        url, path = warehouse.url(session.link), folder / session.file
        size, begun = _remote_size(url), Part(path).resumable()
        wrong = _fault(path, size) if path.is_file() else None
        whole = path.is_file() and wrong is None
        return Match(
            session=session,
            url=url,
            path=path,
            size=size,
            whole=whole,
            begun=begun,
            here=state(size, whole, begun, wrong),
        )

    with ThreadPoolExecutor(parallel) as pool:
        return list(pool.map(match, sessions))


def _remote_size(url: str) -> int | None:
    """The warehouse's tables have no sizes; its file server says them, if it will."""
    try:
        with (
            http_session() as http,
            open_url(http, url, method="HEAD", headers={"Accept-Encoding": "identity"}) as response,
        ):
            return Version.of(response).size
    except requests.RequestException:
        return None


def _fault(path: Path, size: int | None) -> str | None:
    there = path.stat().st_size
    differs = size is not None and there != size
    return fault(path) or (f"has {there} bytes, the warehouse's file {size}" if differs else None)
