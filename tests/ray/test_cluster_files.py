"""Files for clusters that no test can start: valid to the programs that read them, closed to
strangers, consistent.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import ray
import yaml
from click.testing import CliRunner

from raylab.cli import cli

REPO = Path(__file__).parents[2]


@pytest.fixture
def cloud() -> dict[str, Any]:
    return dict(yaml.safe_load((REPO / "cluster.yaml").read_text()))


def test_the_cloud_file_is_valid_to_ray(
    cloud: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ray.autoscaler._private.util import prepare_config, validate_config

    monkeypatch.setenv("HOME", str(tmp_path))
    schema = json.loads((Path(ray.__file__).parent / "autoscaler" / "ray-schema.json").read_text())
    jsonschema.validate(cloud, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**cloud, "idle_timeout": 1}, schema)
    prepared = prepare_config(cloud)
    validate_config(prepared)
    # `prepare_config` fills in what is missing; nothing of ours may have been.
    for key in ("setup_commands", "head_start_ray_commands", "worker_start_ray_commands"):
        assert prepared[key] == cloud[key]


def test_the_cloud_file_starts_small_and_closed(cloud: dict[str, Any]) -> None:
    types = cloud["available_node_types"]
    assert "MarketType" not in str(types[cloud["head_node_type"]])
    workers = [entry for name, entry in types.items() if name != cloud["head_node_type"]]
    assert [entry["min_workers"] for entry in workers] == [0]
    for key in ("head_start_ray_commands", "worker_start_ray_commands"):
        start = cloud[key][-1]
        assert "RAY_AUTH_MODE=token" in start
        assert "--disable-usage-stats" in start
    assert "--dashboard-host=127.0.0.1" in cloud["head_start_ray_commands"][-1]
    assert cloud["file_mounts"]["~/.ray/auth_token"] == "~/.ray/auth_token"
    assert any("chmod 600 ~/.ray/auth_token" in command for command in cloud["setup_commands"])
    assert any("--constraint constraints.txt" in command for command in cloud["setup_commands"])
    assert {".venv/", "runs/"} <= set(cloud["rsync_exclude"])


def test_the_slurm_script_parses_and_runs_the_job() -> None:
    path = REPO / "jobs" / "slurm.sh"
    subprocess.run(["bash", "-n", path], check=True)
    text = path.read_text()
    assert "ray symmetric-run --address" in text
    assert "RAY_AUTH_MODE=token" in text
    assert "#SBATCH --exclusive" in text  # symmetric-run ends with `ray stop`
    _runs_a_search(
        re.sub(r"\s+", " ", text.split(" -- env ")[1].replace('"$@"', "")), "SPACE --data D --out S"
    )


def test_the_kuberay_job_is_one_and_runs_the_job() -> None:
    job = yaml.safe_load((REPO / "jobs" / "kuberay.yaml").read_text())
    assert (job["apiVersion"], job["kind"]) == ("ray.io/v1", "RayJob")
    cluster = job["spec"]["rayClusterSpec"]
    assert cluster["authOptions"] == {"mode": "token"}
    installed = (REPO / "constraints.txt").read_text()
    assert f"ray=={cluster['rayVersion']}" in installed
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    for group in groups:
        pod = group["template"]["spec"]
        volumes = {volume["name"] for volume in pod["volumes"]}
        for container in pod["containers"]:
            assert {mount["name"] for mount in container["volumeMounts"]} <= volumes
            assert container["image"] == groups[0]["template"]["spec"]["containers"][0]["image"]
    assert all(group["minReplicas"] == 0 for group in cluster["workerGroupSpecs"])
    _runs_a_search(job["spec"]["entrypoint"], "")


def _runs_a_search(command: str, arguments: str) -> None:
    """The command names a script and a space that exist, and options that `raylab search` has."""
    words = f"{command} {arguments}".split()
    script = next(word for word in words if word.endswith("jobs/run.py"))
    assert (REPO / "jobs" / Path(script).name).is_file()
    assert words[words.index(script) + 1] == "search"
    for word in words:
        if word.endswith(".yaml"):
            assert (REPO / "search_spaces" / Path(word).name).is_file()
    options = {word for word in words[words.index(script) :] if word.startswith("--")}
    usage = CliRunner().invoke(cli, ["search", "--help"]).output
    assert options
    assert all(option in usage for option in options)
