"""A machine that dies in the middle of a search: its trials go on elsewhere, from their last
checkpoints.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from head import RAY, Head, head
from helpers import dataset, session
from processes import by_make_chaos, descendants, end, raylab, wait_until

from raylab.tracking.events import TrialLost
from raylab.tracking.study import StudyFolder

pytestmark = [pytest.mark.ray, pytest.mark.chaos, by_make_chaos]
STEPS = 6000
SPACE: dict[str, Any] = {
    "base": {
        "model.encoder.kind": "offset1",
        "training.batch_size": 64,
        "training.max_steps": STEPS,
        "training.validate_every": 200,
    },
    "search": {"loss.temperature": {"float": [0.5, 2.0]}},
    "sampler": {"kind": "random"},
    "budget": {"trials": 3},
}


def test_trials_of_a_dead_node_go_on_at_another(tmp_path: Path) -> None:
    data = dataset(tmp_path / "ds", session("a", samples=750))
    space, study, log = tmp_path / "space.yaml", tmp_path / "study", tmp_path / "log.txt"
    space.write_text(yaml.safe_dump(SPACE, sort_keys=False))
    with head(tmp_path, cpus=1) as cluster, _node(cluster, tmp_path / "node.log") as node:
        wait_until(lambda: _nodes(cluster) == 2, seconds=90)
        joined = {
            **cluster.environment,
            "RAY_ADDRESS": cluster.address,
            "RAYLAB_HOME": str(tmp_path),
        }
        with raylab(
            "search", space, "--data", data.path, "--out", study, log=log, **joined
        ) as process:
            wait_until(lambda: _both_report(study), seconds=180, process=process)
            end(node.pid, *descendants(node.pid))
            assert process.wait(300) == 0, log.read_text()
    found = StudyFolder.open(study)
    records = found.records()
    assert sorted(record.trial for record in records) == ["0000", "0001", "0002"]
    assert {(record.state, record.step) for record in records} == {("completed", STEPS)}
    assert all(
        [step for _, step, _ in record.history] == list(range(200, STEPS + 1, 200))
        for record in records
    )
    lost = {event.trial for event in found.ledger.read() if isinstance(event, TrialLost)}
    assert len(lost) == 1


class _node:
    """A second node on this machine, of one CPU."""

    def __init__(self, cluster: Head, log: Path) -> None:
        self._cluster, self._log = cluster, log

    def __enter__(self) -> subprocess.Popen[bytes]:
        command = [RAY, "start", "--block", f"--address={self._cluster.address}", "--num-cpus=1"]
        command += ["--disable-usage-stats", "--object-store-memory=200000000"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                env=self._cluster.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self._process

    def __exit__(self, *_: object) -> None:
        end(self._process.pid, *descendants(self._process.pid))
        self._process.wait(30)


def _nodes(cluster: Head) -> int:
    listed = subprocess.run(
        [RAY, "list", "nodes", f"--address={cluster.dashboard}"],
        env=cluster.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return listed.stdout.count("ALIVE")


def _both_report(study: Path) -> bool:
    if not (study / "ledger").is_dir():
        return False
    return sum(len(record.history) >= 2 for record in StudyFolder.open(study).records()) == 2
