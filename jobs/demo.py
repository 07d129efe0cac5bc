"""An answer on sessions that it makes itself: `make demo`. Study in runs/demo, MLflow in
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
    "a synthetic two-photon session, whose units answer to conjunctions of variables",
    *("synth", RECORDINGS, "--sessions", "1", "--samples", "15000"),
    *("--units", "80", "--tuning", "mixed"),
)
step(
    "prepared once: units, labels, and splits of blocks, which can be dealt again as folds",
    *("prepare", RECORDINGS, "--out", DATASET, "--set", "splits.kind=blocked"),
)
step(
    "one question: which model decodes the running speed best, and how sure is that?",
    *("answer", DATASET, "--label", "running_speed", "--out", STUDY),
    *("--minutes", "3", "--folds", "3"),
)
print(f"\nOpen {STUDY / 'report.html'} in a browser, or the MLflow UI with: .venv/bin/raylab ui")
