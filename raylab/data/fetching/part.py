"""A download under way: `NAME.part`, and beside it which version of the remote file these are the
first bytes of.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import requests

from raylab.errors import DataError
from raylab.files import write_json


class Broken(Exception):
    """A download that ended early; it may be tried again."""


class NotWritable(DataError):
    """The disk is full or the folder cannot be written: the other downloads cannot go on either."""


@dataclass(frozen=True)
class Version:
    """What a server says of a file: enough to know whether two answers are about the same bytes.

    Attributes:
        sha256, md5: In base64, where the server gives one (`Repr-Digest`, `Digest`, `Content-MD5`).
    """

    etag: str | None = None
    modified: str | None = None
    size: int | None = None
    sha256: str | None = None
    md5: str | None = None

    @classmethod
    def of(cls, response: requests.Response) -> Version:
        headers = response.headers
        digests = f"{headers.get('Repr-Digest', '')},{headers.get('Digest', '')}"
        sha256, md5 = (
            re.search(rf"(?i){name}=:?([A-Za-z0-9+/=]+)", digests) for name in ("sha-256", "md5")
        )
        # Of a part or of a compressed answer, Content-Length and Content-MD5 are not the file's.
        whole = (
            response.status_code == 200
            and headers.get("Content-Encoding", "identity") == "identity"
        )
        length = headers.get("Content-Length", "")
        return cls(
            etag=headers.get("ETag"),
            modified=headers.get("Last-Modified"),
            size=int(length) if whole and length.isdecimal() else None,
            sha256=sha256[1] if sha256 else None,
            md5=md5[1] if md5 else (headers.get("Content-MD5") if whole else None),
        )

    @property
    def validator(self) -> str | None:
        """For If-Range, which takes no weak tags; None: a part of this version cannot be continued
        safely.
        """
        if self.size is None:
            return None
        strong = self.etag if self.etag and not self.etag.startswith("W/") else None
        return strong or self.modified

    def continued_by(self, response: requests.Response, offset: int) -> bool:
        """Whether a 206 answer is the rest of this version, from `offset` on. Some servers do not
        heed If-Range.
        """
        given = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", response.headers.get("Content-Range", ""))
        now = Version.of(response)
        same = now.etag in (None, self.etag) and now.modified in (None, self.modified)
        return given is not None and (int(given[1]), int(given[2])) == (offset, self.size) and same


class Part:
    """The part of a file, on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path.with_name(f"{path.name}.part")
        self._note = path.with_name(f"{path.name}.part.json")

    @property
    def length(self) -> int:
        return self.path.stat().st_size if self.path.is_file() else 0

    def version(self) -> Version:
        """Of the bytes there; an unknown one cannot be continued."""
        try:
            return Version(**json.loads(self._note.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return Version()

    def resumable(self) -> int:
        """How many bytes the next request may leave out."""
        version, length = self.version(), self.length
        return (
            length
            if version.validator and version.size is not None and 0 < length <= version.size
            else 0
        )

    def begin(self, version: Version) -> None:
        """Empty, and to be filled with this version."""
        try:
            self.path.unlink(
                missing_ok=True
            )  # first: a note must never describe bytes of another version
            write_json(self._note, dataclasses.asdict(version))
        except OSError as error:
            raise _not_writable(self.path, error) from None

    def append(self, chunks: Iterable[bytes]) -> Iterator[int]:
        """Write each chunk at once, without a buffer: a killed process leaves all that it received.
        Yields lengths.
        """
        try:
            with self.path.open("ab", buffering=0) as file:
                for chunk in chunks:
                    view = memoryview(chunk)
                    while view:
                        view = view[file.write(view) :]
                    yield file.tell()
        except requests.RequestException:
            raise  # an OSError too, of the network
        except OSError as error:
            raise _not_writable(self.path, error) from None

    def clear(self) -> None:
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def become(self, path: Path) -> None:
        """The whole file, under its own name; on disk before it has it."""
        with self.path.open("rb") as file:
            os.fsync(file.fileno())
        self.path.replace(path)
        self._note.unlink(missing_ok=True)


def _not_writable(path: Path, error: OSError) -> NotWritable:
    return NotWritable(
        f"{path}: cannot be written ({error.strerror or error})",
        "Make room or choose another --out; the same command goes on where it stopped.",
    )
