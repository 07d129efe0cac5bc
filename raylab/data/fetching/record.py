"""`fetched.json`: what a folder's files are, where they come from, and when they came."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from raylab.data.fetching.download import Arrived
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
        self._files: dict[str, Any] = record["files"]

    def of(self, name: str) -> dict[str, Any]:
        """The entry of a file; empty where there is none."""
        entry = self._files.get(name)
        return entry if isinstance(entry, dict) else {}

    def add(self, name: str, arrived: Arrived, url: str, described: Mapping[str, Any]) -> None:
        """Note a file that came.

        Args:
            name: The path of the file in the folder.
            described: What the archive says of the file.
        """
        entry = {
            "url": url,
            "size": arrived.size,
            "sha256": arrived.sha256,
            "etag": arrived.version.etag,
            "modified": arrived.version.modified,
            "fetched": datetime.now(UTC).isoformat(timespec="seconds"),
            **described,
        }
        with self._lock:
            self._files[name] = entry
            write_json(self.path, {"files": dict(sorted(self._files.items()))})
