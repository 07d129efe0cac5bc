"""Entry point of a training for `ray job submit --working-dir . -- python jobs/train.py CONFIG --data D --out S`."""

from __future__ import annotations

import sys

from raylab.cli import main

if __name__ == "__main__":
    main(["train", *sys.argv[1:]])
