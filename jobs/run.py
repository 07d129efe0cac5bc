"""Any raylab command as a Ray job:

    ray job submit --working-dir . -- python jobs/run.py search SPACE --data DATASET --out STUDY
    ray job submit --working-dir . -- python jobs/run.py train CONFIG --data DATASET --out STUDY

The dataset and the study must lie on storage that every node sees. Ray runs a job in a copy of the
working directory and deletes the copy afterwards. MLflow's store is therefore written beside the
study, unless RAYLAB_HOME or MLFLOW_TRACKING_URI names another place.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from raylab.cli import main

if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--out", type=Path)
    study = parser.parse_known_args()[0].out
    if study is not None:
        os.environ.setdefault("RAYLAB_HOME", str(study.absolute().parent))
    main(sys.argv[1:])
