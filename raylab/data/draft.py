"""`draft`: a recipe for files that nobody described to raylab."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from raylab.data.drafting.drafted import drafted
from raylab.data.drafting.guess import checks_of, plain, written
from raylab.data.looking.contents import look_beside
from raylab.data.looking.overview import contents_of
from raylab.data.recipe import parse_recipe
from raylab.errors import DataError
from raylab.results import Result


@dataclass(frozen=True, kw_only=True)
class Draft(Result):
    """A drafted recipe.

    Attributes:
        path: What it is for.
        recipe: The recipe, which `raylab.prepare(..., recipe=...)` takes.
        text: The recipe as YAML, with a comment on what each guess rests on.
        checks: The doubtful guesses, as `key: reason`.
    """

    path: str
    recipe: Mapping[str, Any]
    text: str
    checks: tuple[str, ...]


def draft(path: str | Path, *, out: str | Path | None = None) -> Draft:
    """Draft a recipe for a file or a folder: neural data, clock, labels, trials and splits.

    The draft rests on names, shapes and a sample of the values. Read it, and correct what is marked
    `# check`, before results rest on it.

    Args:
        path: A file, a folder or a pattern of files (`data/*_a.h5`).
        out: The YAML file to write, which must not exist yet.

    Returns:
        The recipe and its doubtful guesses.

    Raises:
        DataError: Nothing in the path looks like activity, the path cannot be read, or `out`
            exists.

    Example:
        >>> import numpy as np
        >>> counts, angle = np.arange(15_000).reshape(500, 30) % 4, np.linspace(0, 60, 500) % 6
        >>> np.savez("session.npz", spikes=counts, angle=angle)
        >>> drafted = raylab.draft("session.npz", out="drafted.yaml")
        >>> drafted.recipe["neural"]["layout"], drafted.recipe["labels"]["angle"]["kind"]
        ('time_neuron', 'circular')
        >>> drafted.checks
        ('time.rate_hz: nothing in the file states a rate',)
    """
    target = Path(out) if out is not None else None
    if target is not None and target.exists():
        raise DataError(f"{target}: already exists", "Choose another name, or remove it.")
    source = Path(path)
    beside = look_beside(source) if source.is_file() else ()
    guesses = drafted(contents_of(source), beside)
    recipe = plain(guesses)
    parse_recipe(recipe, f"draft for {path}")
    text = written(guesses, _head(source))
    if target is not None:
        target.write_text(text, encoding="utf-8")
    return Draft(path=str(path), recipe=recipe, text=text, checks=tuple(checks_of(guesses)))


def _head(path: Path) -> tuple[str, ...]:
    return (
        f"Drafted by `raylab inspect` from {path.name}: names, shapes and a sample of the values.",
        "A comment says what a guess rests on. Lines with `# check` are doubtful: look at them.",
    )
