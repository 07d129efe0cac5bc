"""The live page: what it polls, and who may read it."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from command import run
from simulated import began, finished, simulated, validated

from raylab.cli.show.following.live_server import live_server
from raylab.errors import StudyError
from raylab.reporting.live.page import live_page, live_values
from raylab.reporting.live.server import LiveServer
from raylab.tracking.study import StudyFolder

NAME = "<script>alert(1)</script>"


@pytest.fixture
def study(tmp_path: Path) -> StudyFolder:
    events = (
        began("0000", 0, params={"model.kind": "<b>mlp</b>"}),
        finished("0000", 9, 0.5, seconds=9),
        began("0001", 9, params={"model.kind": "<b>mlp</b>"}),
        validated("0001", 12, 50, 0.6),
    )
    return simulated(tmp_path / "study", *events, space={"budget": {"trials": 4}})


@pytest.fixture
def server(study: StudyFolder) -> Iterator[LiveServer]:
    with study.hold():
        serving = live_server(study.path, port=0)
        thread = threading.Thread(target=serving.serve)
        thread.start()
        yield serving
        serving.close()
        thread.join()


def get(
    server: LiveServer, path: str, *, host: str | None = None, method: str = "GET"
) -> tuple[int, str, dict[str, str]]:
    """(status, body, headers)"""
    address = server.address.removeprefix("http://").rstrip("/")
    connection = http.client.HTTPConnection(address, timeout=20)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", address if host is None else host)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body, dict(answer.getheaders())


def test_the_page_polls_what_the_study_is_doing(server: LiveServer) -> None:
    status, page, headers = get(server, "/")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert headers["X-Frame-Options"] == "DENY"
    assert "connect-src 'self'" in page
    assert "https://" not in page  # nothing is fetched from elsewhere
    values = json.loads(get(server, "/progress.json")[1])
    assert (values["state"], values["study"], values["share"]) == ("running", "study", 0.25)
    assert values["heads"] == ["trial", "step", "decoding.r2", "curve", "time left", "kind"]
    (row,) = values["rows"]
    assert row["cells"] == ["0001", "50/100", "0.6000"]
    assert (row["curve"], row["more"][1]) == ([0.6], "<b>mlp</b>")  # the page sets it as text
    assert [score for _, score in values["scores"]] == [0.5]
    assert values["latest"][0]["text"] == "trial 0000 completed at step 100: 0.5000"


def test_the_report_is_served_once_it_is_written(server: LiveServer, study: StudyFolder) -> None:
    assert get(server, "/report.html")[0] == 404
    study.report_path.write_text("<p>the report")
    assert get(server, "/report.html")[:2] == (200, "<p>the report")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "", "127.0.0.1", "10.0.0.1:1"])
def test_other_hosts_are_refused(server: LiveServer, host: str) -> None:
    status, body, _ = get(server, "/progress.json", host=host)
    assert status == 403
    assert "0001" not in body


def test_only_its_own_paths_are_answered(server: LiveServer) -> None:
    for path in ("/study.json", "/../study.json", "/%2e%2e/study.json", "//etc/passwd"):
        assert get(server, path)[0] == 404
    assert get(server, "/", method="POST")[0] == 501
    status, body, _ = get(server, "/", method="HEAD")
    assert (status, body) == (200, "")
    local = server.address.removeprefix("http://127.0.0.1").rstrip("/")
    assert get(server, "/", host=f"localhost{local}")[0] == 200


def test_a_port_that_is_taken_is_named(server: LiveServer, study: StudyFolder) -> None:
    port = int(server.address.rstrip("/").rsplit(":", 1)[-1])
    with pytest.raises(StudyError, match=f"--port {port}: "):
        live_server(study.path, port=port)


def test_a_damaged_ledger_is_said(server: LiveServer, study: StudyFolder) -> None:
    assert json.loads(get(server, "/progress.json")[1])["error"] == ""
    (segment, *_) = sorted((study.path / "ledger").glob("*.jsonl"))
    time.sleep(1)
    segment.rename(segment.with_name(f"00000009{segment.name[8:]}"))
    values = json.loads(get(server, "/progress.json")[1])
    assert values["state"] == "running"  # the last state that was read
    assert "ledger" in values["error"]


def test_names_are_escaped_and_a_missing_study_is_waited_for() -> None:
    assert NAME not in live_page(NAME)
    assert json.loads(live_values(None))["state"] == "waiting"


def test_options_of_the_live_page_are_checked(
    study: StudyFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (
        (study.path, "--port", 8000),
        (study.path, study.path, "--live"),
        (study.path, "--live", "--out", "x.html"),
    ):
        code, out, err = run(capsys, "report", *words)
        assert (code, out) == (2, "")
        assert "--live" in err
