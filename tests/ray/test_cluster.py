"""Connecting to Ray: always our own local one or the one that was named, never another that happens
to run here.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from head import head
from processes import wait_until

from raylab.authentication import make_token
from raylab.cluster import connect
from raylab.errors import RaylabError, StudyError
from raylab.space.settings import Resources
from raylab.tuning.planning.study_plan import connect_for

LOCAL = """
import json, ray
from raylab.cluster import connect
found = connect(cpus=1)
address = ray.get_runtime_context().gcs_address
inside = ray.get(ray.remote(lambda: __import__("os").environ.get("RAY_ADDRESS")).remote())
import os
print(json.dumps([found["CPU"], address, inside, os.environ.get("RAY_ADDRESS"), connect()["CPU"]]))
"""


def test_an_address_where_nothing_listens_is_an_error_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ray itself would try for two minutes."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    monkeypatch.setenv("RAY_ADDRESS", address)
    with pytest.raises(RaylabError, match=f"{address}.*nothing answers there"):
        connect()
    monkeypatch.setenv("RAY_ADDRESS", "nonsense")
    with pytest.raises(RaylabError, match="nonsense"):
        connect()


def test_a_token_is_its_owners_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH", "RAY_AUTH_MODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    token = tmp_path / ".ray" / "auth_token"
    make_token()
    made = token.read_text()
    assert len(made) == 64
    assert token.stat().st_mode & 0o777 == 0o600
    token.chmod(0o644)  # as Ray writes it
    make_token()
    assert token.read_text() == made
    assert token.stat().st_mode & 0o777 == 0o600


def test_a_trial_that_does_not_fit_is_refused_unless_the_cluster_may_grow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "raylab.tuning.planning.study_plan.nodes_for", lambda resources: [{"CPU": 4.0}]
    )
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    assert connect_for(Resources(cpus=2), trials=9) == 2
    with pytest.raises(StudyError, match="one trial needs 6 CPU, the whole cluster has 4"):
        connect_for(Resources(cpus=3, workers=2, concurrent=3), trials=9)
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    assert connect_for(Resources(cpus=3, workers=2, concurrent=3), trials=9) == 3
    with pytest.raises(StudyError, match=r"set resources\.concurrent"):
        connect_for(Resources(gpus=1), trials=9)


@pytest.mark.ray
def test_a_local_ray_is_not_the_cluster_that_runs_here(tmp_path: Path) -> None:
    """A bare `ray.init` takes what `ray start` noted in its folder for its cluster; neither driver
    nor workers may.
    """
    with head(tmp_path, cpus=3) as running:
        note = running.folder / "ray_current_cluster"
        wait_until(note.is_file, seconds=20)
        assert port(note.read_text()) == port(running.address)
        environment = {**running.environment, "RAY_TMPDIR": str(running.folder)}
        shown = subprocess.run(
            [sys.executable, "-c", LOCAL],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
    cpus, address, inside, outside, again = json.loads(shown.stdout)
    assert (cpus, again) == (1, 1)
    assert port(address) != port(running.address)
    assert port(inside) == port(address)  # for the State API, which would search the machine
    assert outside is None


def port(address: str) -> str:
    return address.rsplit(":", 1)[1]
