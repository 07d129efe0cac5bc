"""What tests of Ray share. Small sessions come from `tests/unit/helpers.py`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))
