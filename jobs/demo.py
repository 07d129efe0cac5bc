"""The main job on sessions it makes itself: `make demo`. Study in runs/demo, MLflow in
runs/mlflow.db.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from raylab.cli import main

HOME = Path("runs")
RECORDINGS, DATASET, STUDY = HOME / "demo-recordings", HOME / "demo-data", HOME / "demo"


def step(text: str, *arguments: str | Path) -> None:
    print(f"\n== {text}\n$ raylab {' '.join(map(str, arguments))}", flush=True)
    main([str(argument) for argument in arguments])


for folder in (RECORDINGS, DATASET, STUDY):  # of an earlier demo
    shutil.rmtree(folder, ignore_errors=True)
step(
    "four synthetic two-photon sessions with known latents",
    "synth",
    RECORDINGS,
    "--sessions",
    "4",
    "--samples",
    "15000",
)
step("prepared once: splits, units, labels", "prepare", RECORDINGS, "--out", DATASET)
step(
    "a search: trials in parallel, the worst stopped early",
    "search",
    "search_spaces/smoke.yaml",
    "--data",
    DATASET,
    "--out",
    STUDY,
)
print(f"\nOpen {STUDY / 'report.html'} in a browser, or the MLflow UI with: .venv/bin/raylab ui")
