"""One file over HTTP: resumed where it ended, never spliced of two versions, checked before it gets
its name.
"""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import requests

from raylab.data.fetching.http import http_session, open_url, refusal, why
from raylab.data.fetching.part import Broken, Part, Version
from raylab.errors import DataError
from raylab.files import file_digest

CHUNK = 1 << 16
# Failures in a row, none of which brought more bytes than there were before.
ATTEMPTS = 5
PAUSE_S = 1.0  # doubled with each such failure

Progress = Callable[[int, int | None], None]
# Why a file that came is not the wanted one, by its path and its SHA-256; None where it is.
Check = Callable[[Path, str], str | None]


class Wrong(Broken):
    """All bytes came, and they are not those of the file."""


class Stopped(Exception):
    """The user or a failure elsewhere ended all downloads; the part stays."""


@dataclass(frozen=True)
class Arrived:
    """A file that is whole, and not yet under its own name."""

    part: Part
    version: Version
    size: int
    sha256: str


def download(
    url: str,
    path: Path,
    *,
    stop: threading.Event,
    progress: Progress,
    check: Check,
    contents: int = ATTEMPTS,
) -> Arrived:
    """Fetch `url` beside `path`, however often the connection ends.

    Args:
        stop: Ends the download soon after it is set.
        progress: Called with the bytes there and the size, if known.
        check: Says what is wrong with all the bytes that came.
        contents: How often contents that are wrong are fetched before this is an error.

    Raises:
        DataError: The server refuses, or it fails again and again without any progress.
        NotWritable: The disk is full or the folder cannot be written.
        Stopped: `stop` was set.
    """
    part = Part(path)
    best, barren, wrong = part.length, 0, 0
    with http_session() as http:
        while True:
            try:
                return _checked(part, _attempt(http, url, part, stop, progress), check)
            except (Broken, requests.RequestException) as error:
                reason = why(error) if isinstance(error, requests.RequestException) else str(error)
                wrong += isinstance(error, Wrong)
            barren = 0 if part.length > best else barren + 1
            best = max(best, part.length)
            if barren >= ATTEMPTS or wrong >= contents:
                raise DataError(
                    f"{url}: {reason} ({min(ATTEMPTS, contents)} times)",
                    "Try again later; the part that was downloaded is kept.",
                )
            if stop.wait(PAUSE_S * 2 ** max(barren - 1, 0)):
                raise Stopped


def _attempt(
    http: requests.Session, url: str, part: Part, stop: threading.Event, progress: Progress
) -> Version:
    """The version of the file whose rest was brought, however much of it came."""
    offset, version = part.resumable(), part.version()
    if not offset or offset != version.size:
        headers = {"Accept-Encoding": "identity"}  # compressed bytes could not be continued
        if offset:
            headers |= {"Range": f"bytes={offset}-", "If-Range": version.validator or ""}
        with open_url(http, url, headers=headers) as response:
            version = _begin(url, response, part, version, offset)
            for length in part.append(_until(stop, response)):
                progress(length, version.size)
    return version


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


def _checked(part: Part, version: Version, check: Check) -> Arrived:
    """Size, checksums where the server gave any, and what the caller checks."""
    size = part.length
    if version.size is not None and size < version.size:
        raise Broken(f"ended after {size} of {version.size} bytes")
    sha256, wrong = "", f"has {size} bytes, {version.size} were named"
    if version.size in (None, size):
        sha256 = file_digest(part.path)
        wrong = check(part.path, sha256) or _digest_fault(part.path, version, sha256) or ""
    if wrong:
        part.clear()
        raise Wrong(f"what came {wrong}")
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
