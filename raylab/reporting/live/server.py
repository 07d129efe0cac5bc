"""A server on loopback for the live page of a study.

It answers this machine's browsers only. A page of another site, whose name resolves to this
machine, is refused by its Host header (DNS rebinding), and nothing can be changed through it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

from raylab.errors import StudyError

LOOPBACK = "127.0.0.1"
HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HTML, JSON = "text/html; charset=utf-8", "application/json"


class LiveServer:
    """Serves the live page until it is closed.

    Args:
        page: Gives the page.
        values: Gives what the page polls, as JSON.
        report: The report of the study, which is served once it is there.
        port: 0 for any free port.

    Attributes:
        address: Of the page, for a browser.

    Raises:
        StudyError: The port is taken, or may not be used.
    """

    def __init__(
        self,
        page: Callable[[], str],
        values: Callable[[], str],
        *,
        report: Path | None = None,
        port: int = 0,
    ) -> None:
        routes = {
            "/": (HTML, lambda: page().encode()),
            "/progress.json": (JSON, lambda: values().encode()),
        }
        if report is not None:
            routes["/report.html"] = (HTML, report.read_bytes)

        class Handler(_Handler):
            answers = routes

        try:
            self._server = ThreadingHTTPServer((LOOPBACK, port), Handler)
        except OSError as error:
            raise StudyError(
                f"--port {port}: {error.strerror or error}",
                "Choose another port, or leave --port out for a free one.",
            ) from None
        self._server.daemon_threads = True
        self.address = f"http://{LOOPBACK}:{self._server.server_port}/"

    def serve(self) -> None:
        """Answer requests until `close`, or Ctrl-C."""
        self._server.serve_forever()

    def close(self) -> None:
        """Stop answering; the port is free again."""
        self._server.shutdown()
        self.release()

    def release(self) -> None:
        """Free the port, after `serve` has ended."""
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD on the addresses of loopback."""

    answers: ClassVar[dict[str, tuple[str, Callable[[], bytes]]]] = {}
    server_version = "raylab"
    sys_version = ""
    timeout = 30  # a connection that says nothing is closed

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def _answer(self, *, body: bool) -> None:
        if not self._is_local():
            self.send_error(403, "This page is for browsers on this machine")
            return
        kind, content = self.answers.get(self.path.partition("?")[0], (None, None))
        try:
            data = content() if content else None
        except FileNotFoundError:  # a report that is not written yet
            data = None
        if kind is None or data is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            with contextlib.suppress(ConnectionError):  # a browser that has gone meanwhile
                self.wfile.write(data)

    def _is_local(self) -> bool:
        """Whether the request names this machine's loopback and this port as its host."""
        assert isinstance(self.server, ThreadingHTTPServer)
        port = self.server.server_port
        hosts = {f"{name}:{port}" for name in (LOOPBACK, "localhost")}
        return (self.headers.get("Host") or "").lower() in hosts

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing: a line per request would hide the address of the page."""
