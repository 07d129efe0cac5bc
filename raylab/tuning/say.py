"""What receives lines of progress: a light module, because the signatures of verbs name it."""

from __future__ import annotations

from collections.abc import Callable

Say = Callable[[str], None]
