"""The ledger: events of a study in immutable segment files, since object stores cannot append."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import re
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from raylab.errors import StudyError
from raylab.files import write_text
from raylab.tracking.events import Event, TrialReported, parse_event

_SEGMENT = re.compile(r"^(\d{8})-([0-9a-f]{8})\.jsonl$")


class Ledger:
    """Events in the order they were written, one JSON object per line (see `events`).

    A segment `00000007-1a2b3c4d.jsonl` carries its number and a checksum of its bytes in its name:
    two writers that take one number do not overwrite each other, and a cut or changed segment is
    seen on reading.

    Args:
        folder: A local folder, or a URL that fsspec knows (`s3://...`, `memory://...`). Created
            when needed.
        buffer_s: Reports are held back this long (seconds), so that fast trials do not write one
            file a step.
    """

    def __init__(self, folder: Path | str, *, buffer_s: float = 1.0) -> None:
        self._fs, root = url_to_fs(str(folder))
        self.folder = root.rstrip("/")
        self._buffer_s = buffer_s
        self._pending: list[Event] = []
        self._timer: threading.Timer | None = None
        self._written = 0
        self._read: dict[str, list[Event]] = {}  # segments never change: parse each once
        self._lock = threading.RLock()

    def append(self, *events: Event) -> None:
        """Record events as one segment: at once, or soon where all are (frequent) reports."""
        with self._lock:
            self._pending += events
            if self._buffer_s <= 0 or not all(isinstance(event, TrialReported) for event in events):
                self.flush()
            elif self._pending and self._timer is None:
                self._timer = threading.Timer(self._buffer_s, self._flush_later)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        """Write what is held back. After an OSError it stays held back, and the next call tries
        again.
        """
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if self._pending:
                self._write("".join(_line(event) for event in self._pending))
                self._pending = []

    def read(self) -> list[Event]:
        """Every event, in order. StudyError names a segment that is damaged or missing."""
        with self._lock:
            self.flush()
            for name in (names := self._whole_listing()):
                if name not in self._read:
                    self._read[name] = self._parse(name)
            return [event for name in names for event in self._read[name]]

    def _flush_later(self) -> None:
        with contextlib.suppress(
            OSError
        ):  # the next append reports a full disk, in a thread that can act on it
            self.flush()

    def _write(self, text: str) -> None:
        taken = [_number(name) for name in self._listing()]
        number = max([self._written, *taken]) + 1
        checksum = hashlib.sha256(text.encode()).hexdigest()[:8]
        path = f"{self.folder}/{number:08d}-{checksum}.jsonl"
        if isinstance(self._fs, LocalFileSystem):
            write_text(Path(path), text)
        else:
            self._fs.pipe_file(path, text.encode())
        self._written = number

    def _listing(self) -> list[str]:
        """Names of whole segments, by number. Temporary files of a killed writer do not match."""
        try:
            names = self._names()
        except FileNotFoundError:
            return []
        return sorted(name for name in names if _SEGMENT.match(name))

    def _names(self) -> list[str]:
        if isinstance(self._fs, LocalFileSystem):  # fsspec takes five times as long
            return os.listdir(self.folder)
        self._fs.invalidate_cache(self.folder)
        return [path.rsplit("/", 1)[-1] for path in self._fs.ls(self.folder, detail=False)]

    def _whole_listing(self) -> list[str]:
        """The listing, without holes. A listing taken while files appear may skip one: so look
        twice.
        """
        for _ in range(2):
            names = self._listing()
            numbers = {_number(name) for name in names}
            missing = sorted(set(range(1, max(numbers, default=0) + 1)) - numbers)
            if not missing:
                return names
            time.sleep(0.05)
        raise StudyError(
            f"{self.folder}: segment {missing[0]:08d} of the ledger is missing",
            "Restore it from a copy of the study.",
        )

    def _parse(self, name: str) -> list[Event]:
        path = f"{self.folder}/{name}"
        raw = self._fs.cat_file(path)
        if hashlib.sha256(raw).hexdigest()[:8] != name[9:17]:
            raise StudyError(
                f"{path}: this segment was cut or changed after it was written",
                "Restore it from a copy of the study.",
            )
        try:
            return [parse_event(json.loads(line)) for line in raw.decode().splitlines()]
        except ValueError as error:
            raise StudyError(f"{path}: {error}", "Use the raylab that wrote it.") from None


def _number(name: str) -> int:
    return int(name[:8])


def _line(event: Event) -> str:
    return json.dumps(_finite(event.to_dict()), separators=(",", ":"), allow_nan=False) + "\n"


def _finite(value: object) -> object:
    """JSON has no NaN: it becomes null (NaN on reading). Numpy scalars become numbers."""
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return value
