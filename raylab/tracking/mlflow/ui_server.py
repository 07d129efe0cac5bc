"""MLflow's server for its user interface: started, waited for until it answers, and ended."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from types import FrameType

from raylab.errors import RaylabError
from raylab.tracking.mlflow.addresses import ui_command, without_password
from raylab.tracking.study import StudyFolder

ANSWERS_WITHIN_S = 120.0  # the first start on a busy machine makes the tables of the store
ENDS_WITHIN_S = 10.0
_POLL_S = 0.2
_ONE_ANSWER_S = 5.0
_TAIL = 3  # lines of the server's own text in an error
# MLflow's job runner would cost 240 MB and serve nothing here.
_QUIET = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}


class UiError(RaylabError):
    """MLflow's pages cannot be shown."""


@contextlib.contextmanager
def serving(
    uri: str, *, port: int, within_s: float = ANSWERS_WITHIN_S
) -> Iterator[subprocess.Popen[bytes]]:
    """MLflow's server on a tracking store, from its first answer until the block ends.

    The server and the processes that it starts have a session of their own: Ctrl-C reaches only
    this process, which then ends exactly the session that it began.

    Args:
        uri: The tracking store, such as `sqlite:////home/anna/runs/mlflow.db`.
        port: Where the server listens, on loopback.
        within_s: How long the server may take until it answers, in seconds.

    Raises:
        UiError: The port is taken, or the server ended or gave no answer in time; with its text.
    """
    refuse_taken(port)
    with tempfile.TemporaryFile() as text, _ended_by_sigterm():
        server = subprocess.Popen(
            ui_command(uri, port=port),
            env={**os.environ, **_QUIET},
            stdin=subprocess.DEVNULL,
            stdout=text,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            if not _answered(server, f"http://127.0.0.1:{port}", within_s):
                text.seek(0)
                raise _no_answer(server, within_s, text.read().decode(errors="replace"))
            yield server
        finally:
            _end(server)


def refuse_taken(port: int) -> None:
    """UiError where another program listens on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise UiError(
                f"port {port} of this machine cannot be used ({error.strerror})",
                f"Name a free one, such as --port {port + 1 if port < 65535 else 5000}.",
            ) from None


def runs_page(address: str, experiment: str, study: StudyFolder | None = None) -> str:
    """The address of the page with the runs of an experiment; of a study, with the study's runs.

    Where the store has no such experiment yet, it is the address of all experiments.

    Args:
        address: Of a server that answers, such as `http://127.0.0.1:5000`.

    Raises:
        UiError: The server does not answer as MLflow does.
    """
    query = urllib.parse.urlencode({"experiment_name": experiment})
    url = f"{address.rstrip('/')}/api/2.0/mlflow/experiments/get-by-name?{query}"
    try:
        with urllib.request.urlopen(url, timeout=_ONE_ANSWER_S) as answer:
            number = json.load(answer)["experiment"]["experiment_id"]
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise _no_mlflow(address, str(error)) from None
        return f"{address.rstrip('/')}/#/experiments"
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _no_mlflow(address, str(error)) from None
    page = f"{address.rstrip('/')}/#/experiments/{number}/runs"
    if study is None:
        return page
    wanted = f'tags."raylab.study_name" = "{study.name}"'
    return f"{page}?{urllib.parse.urlencode({'searchFilter': wanted})}"


def _no_mlflow(address: str, reason: str) -> UiError:
    return UiError(
        f"{without_password(address)}: no MLflow server answers ({reason})",
        "Start it, or name another store with MLFLOW_TRACKING_URI.",
    )


def _answered(server: subprocess.Popen[bytes], address: str, within_s: float) -> bool:
    """Wait until the server is healthy; False where it has ended or the time is over."""
    end = time.monotonic() + within_s
    while server.poll() is None and time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=_ONE_ANSWER_S) as answer:
                return bool(answer.status == 200)
        except OSError:
            time.sleep(_POLL_S)
    return False


def _no_answer(server: subprocess.Popen[bytes], within_s: float, text: str) -> UiError:
    code = server.poll()
    what = f"gave no answer within {within_s:g} s" if code is None else f"ended with code {code}"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    output = " | ".join(lines[-_TAIL:]) or "it printed nothing"
    return UiError(f"MLflow's server {what}: {output}", "`raylab doctor` checks the store.")


def _end(server: subprocess.Popen[bytes]) -> None:
    """End the session of the server: politely, and by force where that takes too long."""
    for kind in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, kind)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(ENDS_WITHIN_S)
            return


@contextlib.contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Whoever ends this process politely ends the server, too."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def experiment_of(study: StudyFolder | None) -> str:
    """The name of the experiment in which the runs of a study, or of any study, are."""
    tracking = (study.description.get("tracking") or {}) if study else {}
    return str(tracking.get("experiment") or "raylab")
