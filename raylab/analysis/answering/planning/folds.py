"""The outer folds of an answer: a dataset's splits dealt anew, so that each part tests once."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from raylab.data.dataset import Dataset
from raylab.data.manifest import MANIFEST
from raylab.data.prepare import prepare
from raylab.errors import ConfigError, DataError

DEFAULT, FEWEST = 5, 3
# Kinds of splits whose folds are made of whole things, and how many of these a dataset has.
WHOLE: dict[str, Callable[[Dataset], int]] = {
    "sessions": lambda dataset: len(dataset.sessions),
    "animals": lambda dataset: len({entry["animal"] for entry in dataset.manifest["sessions"]}),
}
CUT = ("chronological", "blocked", "trials", "groups")
# The notes on a fold; raises DataError where it cannot be scored.
Check = Callable[[Dataset], Sequence[str]]


def deal_folds(
    dataset: Dataset, folder: Path, *, folds: int | None, check: Check
) -> tuple[list[Path], list[str]]:
    """Make the datasets of the outer folds: fold k tests, the next one validates, the rest train.

    Args:
        folder: Where the folds `0`, `1`, ... go. No activity is copied.
        folds: Their number; 1 keeps the splits that the dataset has. Default: 5, or fewer where
            the dataset is too small for 5, or 1 where its splits cannot be dealt again.
        check: Called with each fold; the notes on the folds are its results.

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
        why = [] if folds == 1 else [f"one fold, because {reason}"]
        return [dataset.path.resolve()], [*why, *check(dataset)]
    problem: DataError | None = None
    for count in [folds] if folds else _counts(dataset):
        try:
            paths, notes = _dealt(dataset, folder, count, check)
        except DataError as error:
            shutil.rmtree(folder, ignore_errors=True)
            problem = problem or error
            continue
        fewer = f"{count} folds rather than {DEFAULT}, because " if problem else ""
        return paths, [*([f"{fewer}{_why(problem, folder)}"] if problem else []), *notes]
    assert problem is not None
    if folds:
        raise DataError(_why(problem, folder), problem.remedy) from problem
    note = f"one fold, with the splits that the dataset has, because {_why(problem, folder)}"
    return [dataset.path.resolve()], [note, *check(dataset)]


def deal_rotation(
    dataset: Dataset, folder: Path, *, folds: int, fold: int, valid_fold: int
) -> Path:
    """Make the dataset of an outer fold with another validation part, unless it is there.

    Args:
        folder: Of the dataset that is made. No activity is copied.
        fold: The fold that tests. Its samples are never read by fits that validate.

    Raises:
        DataError: A split would be empty.
    """
    if not (folder / MANIFEST).is_file():
        overrides = {**_overrides(dataset, folds, fold), "splits.valid_fold": valid_fold}
        prepare(dataset.path, out=folder, overrides=overrides)
    return folder


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


def _why(problem: DataError, folder: Path) -> str:
    """What a fold lacks, without the temporary folder in which it was made."""
    return problem.what.replace(f"{folder.resolve()}/", "fold ").replace(f"{folder}/", "fold ")


def _dealt(
    dataset: Dataset, folder: Path, count: int, check: Check
) -> tuple[list[Path], list[str]]:
    """The folds' folders, and the notes on the folds, each once."""
    paths, notes = list[Path](), list[str]()
    for fold in range(count):
        path = folder / str(fold)
        made = prepare(dataset.path, out=path, overrides=_overrides(dataset, count, fold))
        notes += check(made.dataset)
        paths.append(path)
    return paths, list(dict.fromkeys(notes))


def _overrides(dataset: Dataset, count: int, fold: int) -> dict[str, Any]:
    splits = dataset.manifest["splits"]
    kind = splits["kind"]
    alone = kind in WHOLE and WHOLE[kind](dataset) == count
    more = {"splits.blocks": count} if kind == "blocked" and splits["blocks"] < count else {}
    # A seed has no effect where every session is left out once, and is refused there.
    seed = {"splits.seed": 0} if alone else {}
    return {"splits.folds": "leave_one_out" if alone else count, "splits.fold": fold} | more | seed
