"""The options of `compare` and `scale`, which train a grid at otherwise fixed settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from raylab.cli.checks.outputs import new_output
from raylab.config.explain import did_you_mean
from raylab.data.dataset import Dataset
from raylab.errors import ConfigError, StudyError
from raylab.space.load_space import load_space


def check_compare(
    space: str | Path,
    *,
    data: Path,
    out: Path,
    over: str | None,
    overrides: Mapping[str, object],
) -> None:
    """Check the options of `compare`.

    Raises:
        RaylabError: The space or dataset does not exist, `over` is not a searched choice, or `out`
            cannot be written and is no study that could be continued.
    """
    Dataset(data)
    loaded = load_space(space, overrides, source=str(space))
    choices = [
        path for path, parameter in loaded.search.items() if parameter.categorical is not None
    ]
    if over is not None and over not in choices:
        raise ConfigError(
            f"{space}: --over {over} is not a categorical path of `search`",
            did_you_mean(over, choices) if choices else "The space searches no choice.",
        )
    _continued_or_new(out, "study.json")


def check_scale(
    space: str | Path,
    *,
    data: Path,
    out: Path,
    data_fractions: Sequence[float],
    workers: Sequence[int],
    overrides: Mapping[str, object],
) -> None:
    """Check the options of `scale`.

    Raises:
        RaylabError: A number is out of range, the space or dataset does not exist, or `out` cannot
            be written and is no scaling study that could be continued.
    """
    if not data_fractions or not all(0 < fraction <= 1 for fraction in data_fractions):
        raise ConfigError(
            f"--data-fractions {_listed(data_fractions)}: each must be above 0 and at most 1",
            "For example --data-fractions 0.25,0.5,1.",
        )
    if not workers or min(workers) < 1:
        raise ConfigError(
            f"--workers {_listed(workers)}: each must be at least 1", "For example --workers 1,2."
        )
    Dataset(data)
    load_space(space, overrides, source=str(space))
    _continued_or_new(out, "*-workers-*/study.json")


def _continued_or_new(out: Path, studies: str) -> None:
    """Check that a folder can be made, or is empty, or holds a study that can be continued.

    Raises:
        StudyError: It can not, or it holds something else.
    """
    if not out.exists():
        new_output(out)
    elif not out.is_dir() or (any(out.iterdir()) and not any(out.glob(studies))):
        raise StudyError(f"{out}: already exists and is no such study", "Choose another --out.")


def _listed(numbers: Sequence[float]) -> str:
    return ",".join(f"{number:g}" for number in numbers) or "(none)"
