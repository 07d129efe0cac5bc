"""A search that is watched from another process, stopped by Ctrl-C, and followed to its end."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
import ray
import yaml
from helpers import dataset, session
from processes import RAYLAB, raylab, wait_until

from raylab.tracking.study import StudyFolder

pytestmark = pytest.mark.ray
SPACE: dict[str, Any] = {
    "objective": {"metric": "decoding.score"},
    "base": {
        "model": {"encoder": {"kind": "offset10", "hidden_units": 8}, "output_dimension": 3},
        "sampling": {"conditional": "time_delta", "time_offset": 2},
        "training": {"batch_size": 64, "max_steps": 1500, "validate_every": 50},
    },
    "search": {"optimizer.learning_rate": {"float": [1e-4, 1e-1], "log": True}},
    "sampler": {"kind": "random"},
    "budget": {"trials": 3},
    "resources": {"concurrent": 1},
}
CLOCK = re.compile(r"^\[\d\d:\d\d:\d\d\] ")


def test_a_watched_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ray.shutdown()
    monkeypatch.setenv("RAYLAB_HOME", str(tmp_path))
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    study, log, seen = tmp_path / "study", tmp_path / "log.txt", tmp_path / "seen.jsonl"
    (tmp_path / "space.yaml").write_text(yaml.safe_dump(SPACE))
    data = dataset(tmp_path / "ds", session("a", samples=900, units=8))
    search = ["search", tmp_path / "space.yaml", "--data", data.path, "--out", study]
    with (
        seen.open("w") as file,
        subprocess.Popen([*RAYLAB, "watch", study, "--json"], stdout=file) as watching,
    ):
        with raylab(*search, log=log) as process:
            wait_until(lambda: ended(study) >= 1, seconds=240, process=process)
            os.killpg(process.pid, signal.SIGINT)
            assert process.wait(90) == 130
        lines = log.read_text().splitlines()
        assert CLOCK.sub("", lines[0]).startswith("checking the space and the data")
        assert any(CLOCK.match(line) and " left)" in line for line in lines)
        assert lines[-1].endswith(f"To go on: raylab resume {study}")
        assert watching.poll() is None  # a study that was stopped has not ended
        screen = on_a_terminal("resume", study)
        assert watching.wait(60) == 0
    states = [json.loads(line)["state"] for line in seen.read_text().splitlines()]
    assert states[-1] == "ended"
    assert {"running", "stopped"} <= set(states)
    assert "of 3 trials" in screen
    assert "left" in screen
    assert screen.rindex("\x1b[?25h") > screen.rindex("\x1b[?25l")  # the cursor is back


def ended(study: Path) -> int:
    """How many trials have ended."""
    if not (study / "study.json").is_file():
        return 0
    return sum(record.state == "completed" for record in StudyFolder.open(study).records())


def on_a_terminal(*words: Any) -> str:
    """What a command that succeeds writes to a terminal."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([*RAYLAB, *words], stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        written = bytearray()
        try:
            while part := os.read(ours, 65536):
                written += part
        except OSError:  # the other end is closed
            pass
        assert process.wait(300) == 0, written.decode(errors="replace")
    os.close(ours)
    return written.decode(errors="replace")
