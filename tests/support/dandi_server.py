"""An archive on loopback that speaks the REST interface of DANDI, on the file server of
`warehouse_server`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from warehouse_server import Warehouse, _Handler

PART = 64 << 20


def etag(data: bytes, part: int = PART) -> str:
    """As the archive computes it: MD5 of the parts' MD5s, and the number of parts."""
    parts = [data[start : start + part] for start in range(0, len(data), part)]
    joined = b"".join(hashlib.md5(one).digest() for one in parts)
    return f"{hashlib.md5(joined).hexdigest()}-{len(parts)}"


@dataclass
class Dandi(Warehouse):
    """
    Attributes:
        versions: Paths and contents by version; the newest published version comes last.
        rows: Further rows of the list of assets, as they are.
        digests: Digests of a path that are not those of its contents.
        status: Answered instead of a dandiset, such as 401.
        most_rows: Of a page.
    """

    versions: dict[str, dict[str, bytes]] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    digests: dict[str, dict[str, str]] = field(default_factory=dict)
    status: int = 200
    most_rows: int = 2

    def __post_init__(self) -> None:
        for files in self.versions.values():
            for path, data in files.items():
                self.files[f"/blobs/{path}"] = data

    def __enter__(self) -> Dandi:
        super().__enter__()
        self._server.RequestHandlerClass = type("Handler", (_Api,), {"warehouse": self})
        self.uri += "/api"
        return self

    def digest(self, path: str) -> dict[str, str]:
        data = self.files[f"/blobs/{path}"]
        known = {"dandi:sha2-256": hashlib.sha256(data).hexdigest(), "dandi:dandi-etag": etag(data)}
        return self.digests.get(path, known)


class _Api(_Handler):
    warehouse: Dandi

    def _file(self, method: str, path: str) -> None:
        parts = urlsplit(path)
        if not parts.path.startswith("/api/"):
            return super()._file(method, path)
        place = parts.path.removeprefix("/api/").strip("/").split("/")
        fault = self._fault(parts.path)
        if fault == "500":
            return self._send(500, b"oh", {})
        if place[0] == "assets" and place[-1] == "download":
            host = f"http://127.0.0.1:{self.server.server_port}"
            location = f"{host}/blobs/{self._path_of(place[1])}"
            return self._send(302, b"", {"Location": location})
        answer = self._answer(place, {k: v[0] for k, v in parse_qs(parts.query).items()})
        body = b'{"detail":"Not found."}' if answer is None else json.dumps(answer).encode()
        status = self.warehouse.status if answer is not None else 404
        if fault == "html":
            body = b"<html>Welcome</html>"
        return self._send(status, body, {"Content-Type": "application/json"}, fault)

    def _answer(self, place: list[str], query: dict[str, str]) -> Any:
        served = self.warehouse
        if place[0] == "assets":
            return {"digest": served.digest(self._path_of(place[1]))}
        if place[:2] != ["dandisets", "000128"]:
            return None
        versions = [{"version": name, "name": f"title {name}"} for name in served.versions]
        if len(place) == 2:
            published = [row for row in versions if row["version"] != "draft"]
            return {
                "identifier": "000128",
                "draft_version": next((v for v in versions if v["version"] == "draft"), None),
                "most_recent_published_version": published[-1] if published else None,
            }
        if len(place) == 3:
            return self._page(versions, query)
        files = served.versions.get(place[3])
        if files is None:
            return None
        rows = [
            {"asset_id": path.encode().hex(), "path": path, "size": len(data), "zarr": None}
            for path, data in sorted(files.items())
        ]
        return self._page(rows + served.rows, query)

    def _page(self, rows: list[dict[str, Any]], query: dict[str, str]) -> dict[str, Any]:
        size = min(int(query.get("page_size", 100)), self.warehouse.most_rows)
        number = int(query["page"])
        stop = number * size
        return {
            "count": len(rows) if number == 1 else None,
            "next": "http://elsewhere/" if stop < len(rows) else None,
            "previous": None,
            "results": rows[stop - size : stop],
        }

    @staticmethod
    def _path_of(asset_id: str) -> str:
        return bytes.fromhex(asset_id).decode()
