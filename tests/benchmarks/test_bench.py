"""The benchmark command works; what it measures is asserted nowhere."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


pytestmark = pytest.mark.slow


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.benchmarks.bench", *arguments]
    single_thread = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        command, cwd=ROOT, env=single_thread, capture_output=True, text=True, check=False
    )


def test_unknown_prefix_names_what_is_known() -> None:
    result = bench("--only", "nope")
    assert result.returncode == 2
    assert "contrastive/time/offset10/512" in result.stderr


def test_a_benchmark_end_to_end(tmp_path: Path) -> None:
    name = "contrastive/time/offset1/512"
    out = tmp_path / "bench.json"
    result = bench("--only", name, "--out", str(out), "--rounds", "1", "--seconds", "0.01")
    assert result.returncode == 0, result.stderr
    assert name in result.stdout
    (row,) = json.loads(out.read_text())
    assert set(row) == {
        "name",
        "ours_ms",
        "peer_ms",
        "ratio",
        "ratio_min",
        "ratio_max",
        "ours_mb_per_s",
    }
    assert row["name"] == name
    assert min(row["ours_ms"], row["peer_ms"], row["ratio"]) > 0
