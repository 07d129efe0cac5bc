"""Sessions that fit, with their size on the server and what there is of them on disk."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import requests

from raylab.data.allen.download import fault
from raylab.data.allen.http import http_session, open_url
from raylab.data.allen.listing import Listing
from raylab.data.allen.part import Part, Version
from raylab.data.allen.rma import Warehouse


@dataclass(frozen=True)
class Match:
    """A session that fits, and what there is of it.

    Attributes:
        size: Bytes, as the warehouse says; None where it does not.
        whole: The file is there and whole.
        begun: Bytes of an earlier download that need not come again.
        here: All this in words: "", "whole", "35 %", or what is wrong with the file that is there.
    """

    session: Listing
    url: str
    path: Path
    size: int | None
    whole: bool
    begun: int
    here: str

    @property
    def missing(self) -> int | None:
        """Bytes still to come, if known."""
        if self.whole:
            return 0
        return None if self.size is None else max(0, self.size - self.begun)


def matches(
    warehouse: Warehouse, folder: Path, sessions: Sequence[Listing], parallel: int
) -> list[Match]:
    """Each session with its file; asks the server for the sizes, several at a time."""

    def match(session: Listing) -> Match:
        url, path = warehouse.url(session.link), folder / session.file
        size, begun = _remote_size(url), Part(path).resumable()
        wrong = _fault(path, size) if path.is_file() else None
        whole = path.is_file() and wrong is None
        percent = f"{100 * begun // size} %" if begun and size else ""
        return Match(
            session, url, path, size, whole, begun, here="whole" if whole else wrong or percent
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
