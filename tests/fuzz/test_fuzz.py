"""The fuzz cases that CI runs: the same ones every time. `make fuzz` runs others."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CASES = 1000


@pytest.mark.fuzz
@pytest.mark.timeout(1800)
def test_no_file_crashes_hangs_leaks_or_shows_a_traceback(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "tests.fuzz.run",
        "--cases",
        str(CASES),
        "--seed",
        "0",
        "--keep",
        str(tmp_path),
    ]
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=one_thread, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    _, head, *_, totals, last = done.stdout.splitlines()
    assert last.startswith(f"{CASES} cases in")
    counts = dict(zip(head.split(), map(int, totals.split()[1:])))
    assert min(counts["readable"], counts["refused"]) > CASES // 10, (
        counts
    )  # neither harmless nor hopeless
