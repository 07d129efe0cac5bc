"""Tokens on real heads: an open cluster is refused, ours are not open, and `raylab doctor` tells
them apart.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from head import Head, head, status
from helpers import recipe_file, recording_file

from raylab.authentication import asks_for_token

pytestmark = pytest.mark.ray
REPO = Path(__file__).parents[2]

JOIN = """
from raylab.cluster import connect
from raylab.errors import RaylabError
try:
    print(connect()["CPU"])
except RaylabError as error:
    print(error)
"""
OURS = """
import ray
from raylab.cluster import connect
connect(dashboard=True, cpus=1)
url = ray.init(ignore_reinit_error=True, logging_level="ERROR").address_info["webui_url"]
print(ray.get_runtime_context().gcs_address, url, flush=True)
input()
"""
NOT_OURS = (
    """
import ray
ray.init(
    address="local", num_cpus=1, include_dashboard=False, log_to_driver=False, logging_level="ERROR"
)
"""
    + JOIN
)


def python(code: str, environment: dict[str, str], **more: str) -> str:
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command,
        env=environment | more,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        cwd=REPO,
    )
    return done.stdout.strip()


def raylab(environment: dict[str, str], *arguments: Any) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "raylab.cli", *map(str, arguments)]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=240, cwd=REPO
    )
    return done.returncode, done.stdout, done.stderr


def findings(environment: dict[str, str]) -> tuple[int, dict[str, Any]]:
    """Exit code of doctor; the levels of its findings about the cluster it joins, and what they
    say.
    """
    code, out, _ = raylab(environment, "doctor", "--json")
    found = [
        one
        for one in json.loads(out)
        if one["check"] in ("cluster", "dashboard", "clock", "open Ray")
    ]
    return code, {one["check"]: (one["level"], one["what"]) for one in found}


def joining(cluster: Head, folder: Path) -> dict[str, str]:
    return cluster.environment | {"RAY_ADDRESS": cluster.address, "RAYLAB_HOME": str(folder)}


def test_an_open_cluster_is_refused_unless_that_is_accepted(tmp_path: Path) -> None:
    for name in ("a.npz", "b.npz"):  # one alone would be read without Ray
        recording_file(tmp_path / "recordings", name)
    prepare = [
        "prepare",
        tmp_path / "recordings",
        "--recipe",
        recipe_file(tmp_path),
        "--out",
        tmp_path / "ds",
    ]
    with head(tmp_path, cpus=1, asks=False) as cluster:
        assert not asks_for_token(cluster.address)
        environment = joining(cluster, tmp_path)
        code, _, told = raylab(environment, *prepare)
        assert code == 2
        assert f"the Ray cluster at {cluster.address} requires no token" in told
        assert "--insecure" in told
        told = python(JOIN, environment, RAY_ADDRESS="auto", RAY_TMPDIR=str(cluster.folder))
        # `auto` takes any Ray of the machine: where another one runs, it may be one that does not
        # let us in.
        assert "requires no token" in told or "at auto cannot be used" in told
        assert "cannot check from here" in python(
            JOIN, environment, RAY_ADDRESS="ray://127.0.0.1:10001"
        )
        assert python(JOIN, environment, RAYLAB_INSECURE="1") == "1.0"
        code, found = findings(environment)
        assert (code, found["cluster"][0], found["open Ray"][0]) == (1, "problem", "problem")
        assert cluster.address in found["cluster"][1]
        assert "dashboard" not in found  # not joined
        code, found = findings(environment | {"RAYLAB_INSECURE": "1"})
        assert (code, found["dashboard"][0], found["clock"][0]) == (1, "problem", "ok")
        assert "answers without a token" in found["dashboard"][1]
        code, _, told = raylab(environment, *prepare, "--insecure")
        assert code == 0, told
    assert (tmp_path / "ds").is_dir()


def test_a_cluster_with_a_token_is_joined_and_found_well(tmp_path: Path) -> None:
    with head(tmp_path, cpus=1) as cluster:
        assert asks_for_token(cluster.address)
        environment = joining(cluster, tmp_path)
        assert python(JOIN, environment) == "1.0"
        _, found = findings(environment)
        told = {
            name: level for name, (level, _) in found.items() if name != "open Ray"
        }  # others may run on the machine
        assert told == {"cluster": "ok", "dashboard": "ok", "clock": "ok"}
        assert found["clock"][1].startswith("the clock of node ")


def test_our_local_ray_asks_for_a_token_and_its_dashboard_is_on_loopback(tmp_path: Path) -> None:
    """Asked by this process, which knows no token. The environment says nothing of tokens, nor is
    one there yet.
    """
    environment = clean(tmp_path)
    command = [sys.executable, "-c", OURS]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPO
    ) as ours:
        assert ours.stdin
        assert ours.stdout
        address, dashboard = ours.stdout.readline().split()
        assert asks_for_token(address)
        assert dashboard.startswith("127.0.0.1:")
        assert status(f"http://{dashboard}/api/jobs/") == 401
        assert (tmp_path / ".ray" / "auth_token").stat().st_mode & 0o777 == 0o600
        ours.stdin.write("\n")


def test_a_local_ray_without_a_token_is_refused(tmp_path: Path) -> None:
    environment = clean(tmp_path) | {"RAY_AUTH_MODE": "disabled"}
    assert python(JOIN, environment).startswith("RAY_AUTH_MODE=disabled")
    assert python(NOT_OURS, environment).startswith(
        "the Ray that this process uses requires no token"
    )
    assert python(NOT_OURS, environment, RAYLAB_INSECURE="1") == "1.0"


def clean(home: Path) -> dict[str, str]:
    """An environment that names no cluster and no token."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("RAY_", "RAYLAB_", "MLFLOW_"))
    }
    return kept | {"HOME": str(home), "RAYLAB_HOME": str(home)}
