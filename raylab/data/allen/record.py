"""`fetched.json`: what a folder's files are, where they come from, and when they came."""

from __future__ import annotations

import dataclasses
import threading
from datetime import UTC, datetime
from pathlib import Path

from raylab.data.allen.download import Arrived
from raylab.data.allen.listing import Listing
from raylab.errors import DataError
from raylab.files import read_json, write_json


class Record:
    """The record of one folder; threads may add to it. Entries of earlier times and other sources
    stay.

    Raises:
        DataError: A record is there and cannot be read.
    """

    NAME = "fetched.json"

    def __init__(self, folder: Path) -> None:
        self.path = folder / self.NAME
        self._lock = threading.Lock()
        record = read_json(self.path) if self.path.exists() else {"files": {}}
        if not isinstance(record, dict) or not isinstance(record.get("files"), dict):
            raise DataError(f"{self.path}: not a record of `raylab fetch`", "Move it elsewhere.")
        self._files: dict[str, object] = record["files"]

    def add(self, listing: Listing, arrived: Arrived, *, source: str, url: str) -> None:
        session = dataclasses.asdict(listing)
        del session["file"], session["link"]
        entry = {
            "source": source,
            "url": url,
            "size": arrived.size,
            "sha256": arrived.sha256,
            "etag": arrived.version.etag,
            "modified": arrived.version.modified,
            "fetched": datetime.now(UTC).isoformat(timespec="seconds"),
            "session": session,
        }
        with self._lock:
            self._files[listing.file] = entry
            write_json(self.path, {"files": dict(sorted(self._files.items()))})
