"""Who trains, validates and tests: things (blocks, trials, groups, sessions, animals) dealt to the
three splits.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from raylab.config.splits import DealtSplits
from raylab.errors import DataError

SPLITS = ("train", "valid", "test")
CODE = {name: code for code, name in enumerate(SPLITS)}
TRAIN, VALID, TEST = CODE.values()


def deal(
    things: int, config: DealtSplits, *, seed: int, what: str, strata: np.ndarray | None = None
) -> np.ndarray:
    """(things,) split codes by `config`'s fractions or folds.

    Args:
        what: The things in an error, such as "rat.npz: session 'rat' has {count} trials".
        strata: (things,) codes; the things of each code are shared out on their own.

    Raises:
        DataError: fewer things than splits that want one, or than folds.
    """
    strata = np.zeros(things, np.int64) if strata is None else strata
    if config.fractions is not None:
        _check_enough(things, sum(share > 0 for share in config.fractions), what, "a split each")
        return _by_fractions(config.fractions, strata, np.random.default_rng(seed))
    folds = things if config.folds == "leave_one_out" else config.folds
    assert isinstance(folds, int)  # a config has fractions or folds; names are not dealt
    _check_enough(things, max(folds, 3), what, f"{folds} folds")
    for fold in (config.fold, config.valid_fold):
        if fold is not None and fold >= folds:
            raise DataError(
                f"{what.format(count=things)}: there is no fold {fold}", f"Use 0 to {folds - 1}."
            )
    if config.folds == "leave_one_out":
        return fold_codes(np.arange(things), folds, config)
    order = _shuffled(strata, np.random.default_rng(seed))
    fold_of = np.empty(things, np.int64)
    fold_of[np.concatenate(order)] = np.arange(things) % folds
    return fold_codes(fold_of, folds, config)


def fold_codes(fold_of: np.ndarray, folds: int, config: DealtSplits) -> np.ndarray:
    """Split codes from fold numbers: `fold` tests, `valid_fold` validates, the others train."""
    assert config.fold is not None
    following = (config.fold + 1) % folds
    validates = following if config.valid_fold is None else config.valid_fold
    codes = np.select([fold_of == config.fold, fold_of == validates], [TEST, VALID], TRAIN)
    return codes.astype(np.int64)


def quotas(things: int, fractions: Sequence[float]) -> np.ndarray:
    """(3,) how many of `things` each split gets: the nearest whole shares, one at least where there
    are enough.
    """
    exact = np.asarray(fractions) * things
    counts = np.floor(exact + 1e-9).astype(np.int64)
    if things >= (exact > 0).sum():
        counts = np.maximum(counts, exact > 0)
    while counts.sum() > things:
        counts[counts.argmax()] -= 1
    while counts.sum() < things:
        counts[(exact - counts).argmax()] += 1
    return counts


def _check_enough(things: int, needed: int, what: str, wanted: str) -> None:
    if things < needed:
        raise DataError(
            f"{what.format(count=things)}, too few for {wanted}: {needed} are needed",
            "Change `splits` in the recipe or with --set splits.kind=..., splits.fractions=... or "
            "splits.folds=...",
        )


def _shuffled(strata: np.ndarray, random: np.random.Generator) -> list[np.ndarray]:
    """The things of each stratum in random order."""
    return [random.permutation(np.flatnonzero(strata == code)) for code in np.unique(strata)]


def _by_fractions(
    fractions: tuple[float, ...], strata: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    # Strata too small for all splits are dealt as one: each on its own would always train.
    names, index, sizes = np.unique(strata, return_inverse=True, return_counts=True)
    small = sizes < sum(share > 0 for share in fractions)
    codes = np.empty(len(strata), np.int64)
    for order in _shuffled(np.where(small, names.min() - 1, names)[index], random):
        codes[order] = np.repeat([TRAIN, VALID, TEST], quotas(len(order), fractions))
    return codes
