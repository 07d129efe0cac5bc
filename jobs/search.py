"""Entry point for `ray job submit --working-dir . -- python jobs/search.py SPACE --data DATASET
--out STUDY`.

Dataset and study lie on storage that every node sees. A job runs in a copy of the working directory
that Ray deletes, so MLflow's store goes beside the study unless RAYLAB_HOME or MLFLOW_TRACKING_URI
says otherwise.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from raylab.cli import main

if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--out", type=Path, default=Path())
    study = parser.parse_known_args()[0].out
    os.environ.setdefault("RAYLAB_HOME", str(study.absolute().parent))
    main(["search", *sys.argv[1:]])
