"""`raylab ui`: waits for the server, says where the runs are, and ends what it began."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from command import run
from fake_study import fake_study

from raylab.tracking.mlflow import ui_server
from raylab.tracking.mlflow.ui_server import UiError, runs_page, serving

SERVER = """
import json, sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        known = self.path == "/health" or self.path.endswith("experiment_name=raylab")
        self.send_response(200 if known else 404)
        self.end_headers()
        self.wfile.write(json.dumps({"experiment": {"experiment_id": "7"}}).encode())

HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
FAILING = "import sys; print('first line'); sys.exit('the database is of a later version')"


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes a Python program take the place of MLflow's server."""

    def place(code: str) -> None:
        monkeypatch.setattr(
            ui_server, "ui_command", lambda uri, port: [sys.executable, "-c", code, str(port)]
        )

    return place


def test_the_server_answers_and_ends_with_the_block(
    program: Callable[[str], None], port: int, tmp_path: Path
) -> None:
    program(SERVER)
    study = fake_study(tmp_path / "rats 1", states=())
    with serving("sqlite:///x.db", port=port) as server:
        address = f"http://127.0.0.1:{port}"
        assert runs_page(address, "raylab") == f"{address}/#/experiments/7/runs"
        page = runs_page(address, "raylab", study)
        assert page.endswith("searchFilter=tags.%22raylab.study_name%22+%3D+%22rats+1%22")
        assert runs_page(address, "another") == f"{address}/#/experiments"
        assert server.poll() is None
    assert server.poll() is not None


def test_a_server_that_ends_is_quoted(program: Callable[[str], None], port: int) -> None:
    program(FAILING)
    pattern = r"ended with code 1.*database is of a later"
    with (
        pytest.raises(UiError, match=pattern) as error,
        serving("sqlite:///x.db", port=port),
    ):
        pass
    assert "raylab doctor" in error.value.remedy


def test_a_server_without_an_answer_is_ended(program: Callable[[str], None], port: int) -> None:
    program("import time; time.sleep(60)")
    began = time.monotonic()
    with (
        pytest.raises(UiError, match=r"no answer within 0\.3 s: it printed nothing"),
        serving("sqlite:///x.db", port=port, within_s=0.3),
    ):
        pass
    assert time.monotonic() - began < 30


def test_a_taken_port_is_refused_before_anything_begins() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        with (
            pytest.raises(UiError, match=f"port {number}") as error,
            serving("sqlite:///x.db", port=number),
        ):
            pass
    assert "--port" in error.value.remedy


def test_nothing_answers(port: int) -> None:
    with pytest.raises(UiError, match="no MLflow server answers"):
        runs_page(f"http://127.0.0.1:{port}", "raylab")


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_the_verb_prints_the_page_and_ends_its_child(
    program: Callable[[str], None],
    port: int,
    kind: signal.Signals,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    program(SERVER)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    children: list[subprocess.Popen[bytes]] = []
    wait = subprocess.Popen.wait

    def interrupted(child: subprocess.Popen[bytes], timeout: float | None = None) -> int:
        if not children:
            children.append(child)
            threading.Timer(0.1, os.kill, (os.getpid(), kind)).start()
        return wait(child, timeout)

    monkeypatch.setattr(subprocess.Popen, "wait", interrupted)
    code, out, err = run(capsys, "ui", "--port", port)
    assert code == 0, err
    assert f"http://127.0.0.1:{port}/#/experiments/7/runs" in out
    assert children[0].poll() is not None
