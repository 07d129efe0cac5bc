"""The outer folds of an answer: a dataset's splits dealt anew, so that each part tests once."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from raylab.data.dataset import Dataset
from raylab.data.prepare import prepare
from raylab.errors import ConfigError, DataError

DEFAULT, FEWEST = 5, 3
# Kinds of splits whose folds are made of whole things, and how many of these a dataset has.
WHOLE: dict[str, Callable[[Dataset], int]] = {
    "sessions": lambda dataset: len(dataset.sessions),
    "animals": lambda dataset: len({entry["animal"] for entry in dataset.manifest["sessions"]}),
}
CUT = ("chronological", "blocked", "trials", "groups")
Check = Callable[[Dataset], None]  # raises DataError where a fold cannot be scored


def deal_folds(
    dataset: Dataset, folder: Path, *, folds: int | None, check: Check
) -> tuple[list[Path], list[str]]:
    """Make the datasets of the outer folds: fold k tests, the next one validates, the rest train.

    Args:
        folder: Where the folds `0`, `1`, ... go. No activity is copied.
        folds: Their number; 1 keeps the splits that the dataset has. Default: 5, or fewer where
            the dataset is too small for 5, or 1 where its splits cannot be dealt again.
        check: Called with each fold.

    Returns:
        The folds' folders, the dataset's own where there is one fold; and notes for the user.

    Raises:
        ConfigError: So many folds cannot be.
        DataError: A fold cannot be made or scored.
    """
    if folds is not None and folds != 1 and folds < FEWEST:
        raise ConfigError(
            f"folds {folds}: {FEWEST} or more are needed, so that each has samples to train, "
            "validate and test",
            "Use 5, or 1 for the splits that the dataset has.",
        )
    reason = why_fixed(dataset)
    if folds is not None and folds > 1 and reason:
        raise ConfigError(
            f"folds {folds}: {reason}", "Use 1, or other splits, such as --set splits.kind=blocked."
        )
    if folds == 1 or reason:
        check(dataset)
        return [dataset.path.resolve()], [] if folds == 1 else [f"one fold, because {reason}"]
    problem: DataError | None = None
    for count in [folds] if folds else _counts(dataset):
        try:
            paths = _dealt(dataset, folder, count, check)
        except DataError as error:
            shutil.rmtree(folder, ignore_errors=True)
            problem = problem or error
            continue
        fewer = f"{count} folds rather than {DEFAULT}, because {problem.what}" if problem else ""
        return paths, [fewer] if fewer else []
    assert problem is not None
    if folds:
        raise problem
    check(dataset)
    note = f"one fold, with the splits that the dataset has, because {problem.what}"
    return [dataset.path.resolve()], [note]


def why_fixed(dataset: Dataset) -> str:
    """Why the splits of a dataset cannot be dealt again; empty where they can."""
    splits = dataset.manifest["splits"]
    kind = str(splits.get("kind", ""))
    if splits.get("valid") or splits.get("test"):
        return "the dataset's recipe names the sessions or animals that validate and test"
    if kind in WHOLE:
        count = WHOLE[kind](dataset)
        return f"{count} {kind} are too few for folds" if count < FEWEST else ""
    return "" if kind in CUT else f"the dataset's splits are of the kind '{kind}'"


def _counts(dataset: Dataset) -> Iterator[int]:
    """How many folds to try, the most first."""
    kind = dataset.manifest["splits"]["kind"]
    most = min(DEFAULT, WHOLE[kind](dataset)) if kind in WHOLE else DEFAULT
    yield from range(most, FEWEST - 1, -1)


def _dealt(dataset: Dataset, folder: Path, count: int, check: Check) -> list[Path]:
    paths = []
    for fold in range(count):
        path = folder / str(fold)
        check(prepare(dataset.path, out=path, overrides=_overrides(dataset, count, fold)).dataset)
        paths.append(path)
    return paths


def _overrides(dataset: Dataset, count: int, fold: int) -> dict[str, Any]:
    splits = dataset.manifest["splits"]
    kind = splits["kind"]
    alone = kind in WHOLE and WHOLE[kind](dataset) == count
    more = {"splits.blocks": count} if kind == "blocked" and splits["blocks"] < count else {}
    # A seed has no effect where every session is left out once, and is refused there.
    seed = {"splits.seed": 0} if alone else {}
    return {"splits.folds": "leave_one_out" if alone else count, "splits.fold": fold} | more | seed
