"""Entry point of a search for `ray job submit --working-dir . -- python jobs/search.py SPACE --data D --out S`."""

from __future__ import annotations

import sys

from raylab.cli import main

if __name__ == "__main__":
    main(["search", *sys.argv[1:]])
