"""What to do with a path that was looked at: the next commands."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path


def next_steps(path: Path, recipes: Sequence[str], *, draftable: bool) -> tuple[str, ...]:
    """The commands that turn the path into a dataset.

    Args:
        recipes: The shipped recipes that fit.
        draftable: A recipe can be drafted.
    """
    source = shlex.quote(str(path))
    steps = [f"raylab prepare {source} --recipe {name} --out dataset" for name in recipes]
    if draftable:
        steps += [
            f"raylab inspect {source} --draft recipe.yaml",
            f"raylab prepare {source} --recipe recipe.yaml --out dataset",
        ]
    return tuple(steps)
