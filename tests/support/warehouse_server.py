"""A warehouse on loopback that speaks RMA and serves files with ranges, and misbehaves by
script.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import socket
import struct
import sys
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

import h5py
import numpy as np


@lru_cache
def hdf5(seed: int, values: int = 40_000) -> bytes:
    """A small real HDF5 file that does not compress: 8 bytes a value."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file["x"] = np.random.default_rng(seed).normal(size=values)
    return buffer.getvalue()


@dataclass
class Asked:
    """One request, how many bytes of body were sent, and when."""

    method: str
    path: str
    headers: dict[str, str]
    status: int = 0
    sent: int = 0
    began: float = field(default_factory=time.monotonic)
    ended: float = float("inf")


@dataclass
class Warehouse:
    """
    Attributes:
        tables: Rows by model. Columns that begin with an underscore serve criteria and are not
            shown.
        files: Bytes by path.
        script: What goes wrong with the next GETs of a path, or with the next queries of a model,
            one each.
        headers: Further headers of all files; a value of None takes one away.
        pace_s: Pause after each 16 kB of a file.
    """

    tables: dict[str, list[dict[str, Any]]]
    files: dict[str, bytes]
    script: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    headers: dict[str, str | None] = field(default_factory=dict)
    pace_s: float = 0.0
    asked: list[Asked] = field(default_factory=list)
    uri: str = ""
    closing: threading.Event = field(default_factory=threading.Event)

    def of(self, path: str, method: str = "GET") -> list[Asked]:
        return [one for one in self.asked if one.path == path and one.method == method]

    def queries(self, model: str) -> list[str]:
        return [one.path for one in self.asked if f"model::{model}," in one.path]

    def __enter__(self) -> Warehouse:
        handler = type("Handler", (_Handler,), {"warehouse": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}
        )
        self._thread.start()
        self.uri = f"http://127.0.0.1:{self._server.server_port}"
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    def handle_error(self, *request: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # a client may leave at any time
            super().handle_error(*request)


class _Handler(BaseHTTPRequestHandler):
    warehouse: Warehouse
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # 40 ms an answer

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._handle("GET")

    def do_HEAD(self) -> None:
        self._handle("HEAD")

    def _handle(self, method: str) -> None:
        path = unquote(self.path)
        self.entry = Asked(method, path, dict(self.headers.items()))
        self.warehouse.asked.append(self.entry)
        if urlsplit(path).path == "/api/v2/data/query.json":
            self._query(path)
        else:
            self._file(method, path)
        self.entry.ended = time.monotonic()

    # -- queries -----------------------------------------------------------------------------------

    def _query(self, text: str) -> None:
        model = re.search(r"model::(\w+)", text)[1]
        fault = self._fault(model)
        if fault == "500":
            return self._send(500, b"oh", {})
        page = _page(self.warehouse.tables, model, text)
        if fault == "refused":
            page = {
                "success": False,
                "id": 0,
                "start_row": 0,
                "num_rows": 0,
                "total_rows": 0,
                "msg": "no such column",
            }
        if fault == "empty":
            page |= {"num_rows": 0, "msg": []}
        if fault == "fewer":
            page["msg"] = page["msg"][:-1]
        if fault == "grown":
            page["total_rows"] += 1
        body = b"<html>Welcome</html>" if fault == "html" else json.dumps(page).encode()
        return self._send(200, body, {"Content-Type": "application/json"}, fault)

    def _fault(self, key: str) -> str:
        script = self.warehouse.script[key]
        return script.pop(0) if script else ""

    # -- files -------------------------------------------------------------------------------------

    def _file(self, method: str, path: str) -> None:
        fault = self._fault(path if method == "GET" else f"HEAD {path}")
        if path not in self.warehouse.files or fault == "404":
            return self._send(404, b"not here", {})
        if fault == "500":
            return self._send(500, b"oh", {})
        body = self.warehouse.files[path]
        tag = f'"{hashlib.sha256(body).hexdigest()[:12]}"'
        known = {"Accept-Ranges": "bytes", "ETag": tag, **self.warehouse.headers}
        headers = {key: value for key, value in known.items() if value is not None}
        start = self._start(fault, headers.get("ETag"), headers.get("Last-Modified"))
        if start is None or fault == "whole":
            if fault == "short":
                body = body[: len(body) // 2]
            return self._send(200, body, headers, fault)
        if start >= len(body):
            return self._send(416, b"", {"Content-Range": f"bytes */{len(body)}"})
        stop = len(body) if fault != "less" else (start + len(body)) // 2
        if fault == "elsewhere":
            start, stop = 0, stop - start
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(body)}"
        return self._send(206, body[start:stop], headers, fault)

    def _start(self, fault: str, *validators: str | None) -> int | None:
        """Where the wanted range begins; None: the whole file is to be sent."""
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if wanted is None:
            return None
        condition = self.headers.get("If-Range")
        heeded = fault not in ("careless", "elsewhere")
        return (
            None
            if heeded and condition is not None and condition not in validators
            else int(wanted[1])
        )

    def _send(self, status: int, body: bytes, headers: dict[str, str], fault: str = "") -> None:
        self.entry.status = status
        if fault == "hang up":
            self.close_connection = True
            return
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.entry.method == "GET":
            self._body(body, fault)

    def _body(self, body: bytes, fault: str) -> None:
        share = {"cut": 2, "reset": 2, "stall": 2, "bit": 8}.get(fault, 1)
        body = body[: len(body) // share]
        try:
            for start in range(0, len(body), 1 << 14):
                self.wfile.write(body[start : start + (1 << 14)])
                self.entry.sent += min(1 << 14, len(body) - start)
                time.sleep(self.warehouse.pace_s)
        except OSError:  # the client was killed
            self.close_connection = True
        if fault == "stall":
            self.warehouse.closing.wait(20)
        if fault == "reset":
            time.sleep(0.1)  # a reset throws away what was not read yet
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if share > 1:
            self.close_connection = True


def _page(tables: dict[str, list[dict[str, Any]]], model: str, text: str) -> dict[str, Any]:
    """Rows by criteria, order and page. What a criterion asks of another model stands in a column
    `_model.column`.
    """
    rows = tables.get(model, [])
    # What stands between the model and the first stage that selects no rows.
    criteria = re.split(r",rma::(?:include|options)", text.partition(f"model::{model}")[2])[0]
    for other, column, values in re.findall(r"(\w*)\[(\w+)\$(?:eq|in)([^\]]*)\]", criteria):
        key = f"_{other}.{column}" if other else column
        wanted = values.replace("'", "").split(",")
        rows = [row for row in rows if str(row[key]) in wanted]
    rows = sorted(rows, key=lambda row: row[(_option(text, "order") or "id").strip("'")])
    shown = [_columns(row, _option(text, "only") or _option(text, "tabular")) for row in rows]
    start, number = int(_option(text, "start_row") or 0), _option(text, "num_rows")
    page = shown[start:] if number in (None, "'all'") else shown[start : start + int(number)]
    return {
        "success": True,
        "id": 0,
        "start_row": start,
        "num_rows": len(page),
        "total_rows": len(rows),
        "msg": page,
    }


def _option(text: str, name: str) -> str | None:
    found = re.search(rf"\[{name}\$eq([^\]]*)\]", text)
    return found[1] if found else None


def _columns(row: dict[str, Any], columns: str | None) -> dict[str, Any]:
    if columns is None:
        return {key: value for key, value in row.items() if not key.startswith("_")}
    names = [column.split(" as ")[-1].split(".")[-1] for column in columns.strip("'").split(",")]
    return {name: row[name] for name in names}
