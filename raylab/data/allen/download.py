"""One file over HTTP: resumed where it ended, never spliced of two versions, checked before it gets
its name.
"""

from __future__ import annotations

import base64
import hashlib
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import h5py
import requests

from raylab.data.allen.http import http_session, open_url, refusal, why
from raylab.data.allen.part import Broken, Part, Version
from raylab.errors import DataError
from raylab.files import file_digest

CHUNK = 1 << 16
# Failures in a row, none of which brought more bytes than there were before.
ATTEMPTS = 5
PAUSE_S = 1.0  # doubled with each such failure

Progress = Callable[[int, int | None], None]


class Stopped(Exception):
    """The user or a failure elsewhere ended all downloads; the part stays."""


@dataclass(frozen=True)
class Arrived:
    """A file that is whole, and not yet under its own name."""

    part: Part
    version: Version
    size: int
    sha256: str


def download(url: str, path: Path, *, stop: threading.Event, progress: Progress) -> Arrived:
    """Fetch `url` beside `path`, however often the connection ends.

    Args:
        stop: Ends the download soon after it is set.
        progress: Called with the bytes there and the size, if known.

    Raises:
        DataError: The server refuses, or it fails again and again without any progress.
        NotWritable: The disk is full or the folder cannot be written.
        Stopped: `stop` was set.
    """
    part = Part(path)
    best, barren = part.length, 0
    with http_session() as http:
        while True:
            try:
                return _attempt(http, url, part, stop, progress)
            except (Broken, requests.RequestException) as error:
                reason = why(error) if isinstance(error, requests.RequestException) else str(error)
            barren = 0 if part.length > best else barren + 1
            best = max(best, part.length)
            if barren >= ATTEMPTS:
                raise DataError(
                    f"{url}: {reason} ({ATTEMPTS} times)",
                    "Try again later; the part that was downloaded is kept.",
                )
            if stop.wait(PAUSE_S * 2 ** max(barren - 1, 0)):
                raise Stopped


def _attempt(
    http: requests.Session, url: str, part: Part, stop: threading.Event, progress: Progress
) -> Arrived:
    offset, version = part.resumable(), part.version()
    if not offset or offset != version.size:
        headers = {"Accept-Encoding": "identity"}  # compressed bytes could not be continued
        if offset:
            headers |= {"Range": f"bytes={offset}-", "If-Range": version.validator or ""}
        with open_url(http, url, headers=headers) as response:
            version = _begin(url, response, part, version, offset)
            for length in part.append(_until(stop, response)):
                progress(length, version.size)
    return _checked(part, version)


def _begin(
    url: str, response: requests.Response, part: Part, version: Version, offset: int
) -> Version:
    """The version whose bytes follow; the part is emptied unless they are the rest of what it
    holds.
    """
    if response.status_code == 206 and offset and version.continued_by(response, offset):
        return version
    if response.status_code in (206, 416):
        part.clear()
        raise Broken("the file has changed on the server, so it is fetched from its beginning")
    if response.status_code != 200:
        raise refusal(url, response)
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise DataError(
            f"{url}: the answer is compressed although this was not asked for",
            "Check whether a proxy changes the answer.",
        )
    part.begin(Version.of(response))
    return Version.of(response)


def _until(stop: threading.Event, response: requests.Response) -> Iterator[bytes]:
    for chunk in response.iter_content(CHUNK):
        if stop.is_set():
            raise Stopped
        yield chunk


def _checked(part: Part, version: Version) -> Arrived:
    """Size, checksums where the server gave any, and the HDF5 structure."""
    size = part.length
    if version.size is not None and size < version.size:
        raise Broken(f"ended after {size} of {version.size} bytes")
    wrong = (
        f"has {size} bytes, {version.size} were named"
        if version.size not in (None, size)
        else fault(part.path)
    )
    sha256 = "" if wrong else file_digest(part.path)
    wrong = wrong or _digest_fault(part.path, version, sha256)
    if wrong:
        part.clear()
        raise Broken(f"what came {wrong}")
    return Arrived(part, version, size, sha256)


def _digest_fault(path: Path, version: Version, sha256: str) -> str | None:
    if version.sha256 and version.sha256 != base64.b64encode(bytes.fromhex(sha256)).decode():
        return "does not have the SHA-256 that the server gave"
    if version.md5:
        with path.open("rb") as file:
            md5 = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).digest()
        if version.md5 != base64.b64encode(md5).decode():
            return "does not have the MD5 that the server gave"
    return None


def fault(path: Path) -> str | None:
    """Why a file is not a whole HDF5 file; None if it is.

    HDF5 keeps the address of its end in the superblock and the library compares it with the file's
    length on opening, so a file that was cut anywhere shows. Bytes that were changed in the middle
    do not; checksums are for these.
    """
    if not h5py.is_hdf5(path):
        with path.open("rb") as file:
            return (
                f"is not an HDF5 file ({path.stat().st_size} bytes, beginning with "
                f"{file.read(12)!r})"
            )
    try:
        with h5py.File(path, "r", locking=False):
            return None
    except (OSError, RuntimeError) as error:
        cut = re.search(r"eof = (\d+).*stored_eof = (\d+)", str(error))
        return f"is truncated: {cut[1]} of {cut[2]} bytes" if cut else f"is damaged ({error})"
