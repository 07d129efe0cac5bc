"""The REST interface of the DANDI archive: versions, assets, digests, addresses."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from types import TracebackType
from typing import Any
from urllib.parse import quote, urlencode

import requests

from raylab.config.explain import did_you_mean
from raylab.data.dandi.assets import Asset, Release, asset_of
from raylab.data.fetching.http import answer_of, http_session, refusal
from raylab.errors import ConfigError, DataError

BASE_URI = "https://api.dandiarchive.org/api"
SETTING = "RAYLAB_DANDI_URL"
PAGE_ROWS = 1000


class Archive:
    """An archive that speaks the interface of DANDI.

    Args:
        base_uri: The address of the interface; by default `RAYLAB_DANDI_URL`, else DANDI's.

    Raises:
        ConfigError: The address is not one.
    """

    def __init__(self, base_uri: str | None = None) -> None:
        self.base_uri = (base_uri or os.environ.get(SETTING) or BASE_URI).rstrip("/")
        if not re.match(r"https?://[^/]", self.base_uri):
            raise ConfigError(
                f"'{self.base_uri}' is not the address of an archive", f"For example: {BASE_URI}"
            )
        self._http = http_session()

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._http.close()

    def release(self, dandiset: str, version: str | None) -> Release:
        """A version of a dandiset; by default the newest that is published, else the draft.

        Raises:
            ConfigError: The dandiset or the version is not there.
            DataError: The dandiset is embargoed, or the archive cannot be asked.
        """
        number = _number(dandiset)
        about = self._json(f"dandisets/{number}/", f"dandiset {number}")
        drafted, published = about.get("draft_version"), about.get("most_recent_published_version")
        rows = [row for row in (published, drafted) if isinstance(row, dict)]
        if version is not None and version not in [row.get("version") for row in rows]:
            rows = [
                row
                for row in self._rows(f"dandisets/{number}/versions/", f"dandiset {number}")
                if isinstance(row, dict)
            ]
            names = [str(row.get("version")) for row in rows]
            if version not in names:
                guess = did_you_mean(version, names)
                listed = f"There are: {', '.join(sorted(names)) or 'none'}."
                raise ConfigError(
                    f"dandiset {number} has no version '{version}'",
                    f"{guess} {listed}" if guess.startswith("Did") else listed,
                )
        for row in rows:
            if version in (None, row.get("version")) and isinstance(row.get("version"), str):
                return Release(
                    dandiset=number, version=row["version"], title=str(row.get("name") or "")
                )
        raise self._odd(f"dandiset {number} without a version")

    def assets(self, release: Release) -> list[Asset]:
        """All files of a version.

        Raises:
            DataError: The archive cannot be asked, or its list makes no sense.
        """
        place = f"dandisets/{release.dandiset}/versions/{quote(release.version)}/assets/"
        try:
            return [asset_of(row) for row in self._rows(place, str(release), order="path")]
        except (KeyError, TypeError, AttributeError) as error:
            raise self._odd(f"{release}: {type(error).__name__} {error}") from None

    def digests(self, asset: Asset) -> dict[str, str]:
        """Digests of the contents by name, such as `dandi:sha2-256`."""
        about = self._json(f"assets/{quote(asset.id)}/", f"'{asset.path}'")
        digests = about.get("digest")
        if not isinstance(digests, dict):
            return {}
        return {str(name): str(value) for name, value in digests.items()}

    def url(self, asset: Asset) -> str:
        """The address that leads to the contents."""
        return f"{self.base_uri}/assets/{quote(asset.id)}/download/"

    def _rows(self, place: str, what: str, **options: str) -> Iterator[Any]:
        """The rows of all pages; their addresses are not taken from the answers."""
        number, count, expected = 0, 0, None
        while True:
            number += 1
            query = urlencode({"page": number, "page_size": PAGE_ROWS, **options})
            page = self._json(f"{place}?{query}", what)
            rows = page.get("results")
            if not isinstance(rows, list):
                raise self._odd(f"a page of {what} without rows")
            expected = page.get("count") if number == 1 else expected
            count += len(rows)
            yield from rows
            if not page.get("next") or not rows:
                break
        if isinstance(expected, int) and count != expected:
            raise self._odd(f"{count} of {expected} rows of {what}")

    def _json(self, place: str, what: str) -> dict[str, Any]:
        url = f"{self.base_uri}/{place}"
        response = answer_of(self._http, url, self.base_uri)
        if response.status_code == 404 and self._object(response):
            raise ConfigError(
                f"{self.base_uri}: {what} is not there", "Check the number and the version."
            )
        if response.status_code in (401, 403):
            raise DataError(
                f"{self.base_uri}: {what} is embargoed or private ({response.status_code})",
                "raylab reads public data only: its owners can download it with the `dandi` "
                "command.",
            )
        if response.status_code != 200:
            raise refusal(url, response)
        return self._object(response)

    def _object(self, response: requests.Response) -> dict[str, Any]:
        try:
            value = json.loads(response.content)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise DataError(
                f"{response.url}: the answer is not that of an archive",
                f"Check --base-uri and {SETTING}; the address of DANDI is {BASE_URI}.",
            )
        return value

    def _odd(self, what: str) -> DataError:
        return DataError(
            f"{self.base_uri}: an answer is not as expected ({what})",
            "Try again; if it stays so, report it with this message.",
        )


def _number(text: str) -> str:
    """`000128` of `128`, `000128` and `DANDI:000128`."""
    digits = re.fullmatch(r"(?i)(?:dandi:)?(\d{1,6})", text.strip())
    if digits is None:
        raise ConfigError(f"'{text}' is not the number of a dandiset", "For example: 000128")
    return digits[1].zfill(6)
