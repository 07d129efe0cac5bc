"""A disk that fills up while a study runs: the study stops and says so, no trial is blamed, and
`resume` ends it.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers import dataset, session
from processes import raylab, wait_until

from raylab.tracking.study import StudyFolder

pytestmark = [pytest.mark.ray, pytest.mark.chaos]
SPACE: dict[str, Any] = {
    "base": {
        "model.encoder.kind": "offset1",
        "training.batch_size": 64,
        "training.max_steps": 1200,
        "training.validate_every": 100,
    },
    "search": {"loss.temperature": {"float": [0.5, 2.0]}},
    "sampler": {"kind": "random"},
    "budget": {"trials": 3},
    "resources": {"concurrent": 2},
}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 32 MB in memory, where one may be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", folder], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_stops_the_study_and_room_lets_it_go_on(
    tmp_path: Path, small_disk: Path
) -> None:
    data = dataset(tmp_path / "ds", session("a", samples=750))
    space, study, log = tmp_path / "space.yaml", small_disk / "study", tmp_path / "log.txt"
    space.write_text(yaml.safe_dump(SPACE, sort_keys=False))
    home = {"RAYLAB_HOME": str(tmp_path)}
    with raylab("search", space, "--data", data.path, "--out", study, log=log, **home) as process:
        wait_until(lambda: _reports(study) >= 2, seconds=120, process=process)
        ballast = small_disk / "ballast"
        _fill(ballast)
        assert process.wait(120) == 2, log.read_text()
    said = log.read_text()
    assert "no space left in" in said
    assert "Traceback" not in said
    ballast.unlink()
    assert "failed" not in {record.state for record in StudyFolder.open(study).records()}
    with raylab("resume", study, log=log, **home) as process:
        assert process.wait(180) == 0, log.read_text()
    records = StudyFolder.open(study).records()
    assert [record.state for record in records] == ["completed"] * 3
    assert {record.step for record in records} == {1200}


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 65536)
        except OSError:
            return


def _reports(study: Path) -> int:
    if not (study / "ledger").is_dir():
        return 0
    return sum(len(record.history) for record in StudyFolder.open(study).records())
