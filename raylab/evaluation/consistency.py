"""Consistency of embeddings: the R2 of a linear map from one to another (Schneider, Lee & Mathis
2023).

The scores of cebra.sklearn.metrics.consistency_score 0.6.1, from one Gram matrix of all embeddings
side by side instead of a regression a pair: ten embeddings have 90 pairs and one Gram matrix.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Sequence

import numpy as np

from raylab.data.session import Label
from raylab.data.views.variation import relative_rounding
from raylab.errors import DataError

BINS = 99  # cebra digitises by 100 edges
NEAR = 2  # an empty bin takes the mean of neighbours up to so many bins away, as cebra does


def consistency_matrix(embeddings: Sequence[np.ndarray]) -> np.ndarray:
    """R2 of a least-squares map (with intercept) from embedding i to embedding j, fitted and scored
    on the same rows.

    Args:
        embeddings: K of shape (n, D_k), row by row of the same samples (or bins); D_k may differ.

    Returns:
        (K, K) float64, entry [i, j] the mean over the dimensions of j; the diagonal is 1. Not
        symmetric. A constant dimension counts 0 where scikit-learn says 1: a collapsed embedding is
        consistent with nothing.
    """
    scatter, smallest = _scatter(embeddings)
    scale = np.sqrt(scatter.diagonal())
    inverse = np.where(scale > smallest, 1 / np.maximum(scale, smallest), 0)
    correlation = scatter * inverse[:, None] * inverse
    borders = np.cumsum([0, *(embedding.shape[1] for embedding in embeddings)])
    blocks = [slice(a, b) for a, b in itertools.pairwise(borders)]
    explained = np.stack([_explained(correlation, block) for block in blocks])
    return np.stack([explained[:, block].mean(axis=1) for block in blocks], axis=1)


def _scatter(embeddings: Sequence[np.ndarray], tile: int = 2048) -> tuple[np.ndarray, np.ndarray]:
    """Centred sums of products of all columns of all embeddings, and the scale below which a column
    is constant.
    """
    shift = np.concatenate(
        [embedding[:tile].mean(axis=0, dtype=np.float64) for embedding in embeddings]
    )
    total, gram = np.zeros_like(shift), np.zeros((len(shift), len(shift)))
    for start in range(0, len(embeddings[0]), tile):  # tiles stay in the processor's cache
        rows = (
            np.concatenate(
                [embedding[start : start + tile] for embedding in embeddings],
                axis=1,
                dtype=np.float64,
            )
            - shift
        )
        total += rows.sum(axis=0)
        gram += rows.T @ rows
    count = len(embeddings[0])
    rounding = [np.full(each.shape[1], relative_rounding(each.dtype)) for each in embeddings]
    smallest = np.sqrt(count) * np.concatenate(rounding) * np.maximum(np.abs(shift), 1e-150)
    return gram - np.outer(total, total) / count, smallest


def _explained(correlation: np.ndarray, block: slice) -> np.ndarray:
    """Share of every column's variance that the columns of `block` explain together."""
    values, vectors = np.linalg.eigh(correlation[block, block])
    used = values > 1e-12 * len(
        values
    )  # what is left out explains nothing that float32 could tell from rounding
    projected = (vectors[:, used] / np.sqrt(values[used])).T @ correlation[block]
    return np.asarray((projected**2).sum(axis=0))


def chance_of_fit(dimensions: Sequence[int], samples: int) -> float:
    """The expected R2 of D predictors with nothing in common with n independent samples, D / (n -
    1), over all pairs.

    Neighbouring samples are not independent, so this is the least that chance reaches, not the
    most.
    """
    return min(1.0, float(np.mean(dimensions)) / max(samples - 1, 1))


def align(
    embeddings: Sequence[np.ndarray], labels: Sequence[Label], *, bins: int = BINS
) -> tuple[list[np.ndarray], int]:
    """Embeddings of different samples as means in bins of a label that all have, so that rows
    correspond.

    A continuous label is cut into `bins` equal bins between its extremes over all embeddings (the
    largest value itself falls beyond the last, as in cebra); a circular one into as many arcs; a
    discrete one has a bin a class, by name. A mean is scaled to length 1. Bins that some embedding
    has no sample in, nor within NEAR bins, are left out.

    Args:
        embeddings: K of shape (n_k, D_k).
        labels: Of these samples, all labelled, one column each.

    Returns:
        K arrays (bins, D_k), and the number of bins that were left out.

    Raises:
        DataError: the labels have no common form, or too few bins are left to tell a fit from
            chance.
    """
    codes, count, wrapped = _codes(labels, bins)
    near = 0 if wrapped is None else NEAR
    means = [
        _bin_means(np.asarray(embedding, np.float64), code, count, near, wrapped)
        for embedding, code in zip(embeddings, codes)
    ]
    kept = np.all([np.isfinite(mean).all(axis=1) for mean in means], axis=0)
    least = max(embedding.shape[1] for embedding in embeddings) + 2
    if kept.sum() < least:
        raise DataError(
            f"consistency: {kept.sum()} bins of the label are in all embeddings; a linear map of "
            f"{least - 2} dimensions fits so few without any consistency",
            "Choose a label with more classes or a wider common range, other bins (--bins), or a "
            "smaller embedding.",
        )
    shared = [mean[kept] for mean in means]
    return [mean / np.linalg.norm(mean, axis=1, keepdims=True) for mean in shared], int(
        count - kept.sum()
    )


def group_means(
    matrix: np.ndarray, groups: Sequence[Hashable]
) -> tuple[list[Hashable], np.ndarray]:
    """Means of a (K, K) matrix over pairs between (and, on the diagonal, within) groups; NaN where
    there is no pair.

    Between groups these are the scores that cebra gives with `dataset_ids`.
    """
    names = list(dict.fromkeys(groups))
    member = np.array([[group == name for group in groups] for name in names], float)
    pairs = 1 - np.eye(len(matrix))
    counts = member @ pairs @ member.T
    sums = member @ (matrix * pairs) @ member.T
    return names, np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def off_diagonal(matrix: np.ndarray) -> np.ndarray:
    """The entries between different embeddings (or groups), row by row."""
    return np.asarray(matrix[~np.eye(len(matrix), dtype=bool)])


def _codes(labels: Sequence[Label], bins: int) -> tuple[list[np.ndarray], int, bool | None]:
    """The bin of each sample, the number of bins, and whether the last is beside the first (None:
    none is).
    """
    kinds = {label.kind for label in labels}
    if len(kinds) > 1:
        raise DataError(
            f"consistency: the label is {' and '.join(sorted(kinds))} in different sessions"
        )
    if "discrete" in kinds:
        names = sorted({name for label in labels for name in label.classes})
        position = {name: place for place, name in enumerate(names)}
        return (
            [
                np.array([position[name] for name in label.classes], np.int64)[label.values]
                for label in labels
            ],
            len(names),
            None,
        )
    if any(label.values.shape[1] > 1 for label in labels):
        raise DataError(
            f"consistency: a label of {labels[0].values.shape[1]} columns; embeddings are aligned "
            "by one",
            "Prepare the column to align by as a label of its own.",
        )
    values = [label.values[:, 0] for label in labels]
    if "circular" in kinds:
        turns = [np.mod(column / (2 * np.pi), 1) for column in values]
        return (
            [np.minimum((column * bins).astype(np.int64), bins - 1) for column in turns],
            bins,
            True,
        )
    edges = np.linspace(
        min(column.min() for column in values), max(column.max() for column in values), bins + 1
    )
    return [np.digitize(column, edges) - 1 for column in values], bins, False


def _bin_means(
    values: np.ndarray, codes: np.ndarray, count: int, near: int, wrapped: bool | None
) -> np.ndarray:
    """(count, D) means of the rows of each bin; NaN where neither it nor a bin up to `near` away
    has any.
    """
    finite = np.isfinite(values).all(axis=1)
    values, codes = values[finite], codes[finite]
    table = np.concatenate([np.ones((len(values), 1)), values], axis=1)
    beyond = count + 1  # the largest value's own
    sums = np.stack([np.bincount(codes, column, minlength=beyond) for column in table.T], axis=1)
    sums = sums[:count] if wrapped else sums
    filled = np.full((count, values.shape[1]), np.nan)
    for distance in range(near + 1):
        shifts = range(-distance, distance + 1)
        around = np.sum([_shifted(sums, shift, bool(wrapped)) for shift in shifts], axis=0)[:count]
        fill = np.isnan(filled[:, 0]) & (around[:, 0] > 0)
        filled[fill] = around[fill, 1:] / around[fill, :1]
    return filled


def _shifted(sums: np.ndarray, shift: int, wrapped: bool) -> np.ndarray:
    """Row b is what lies `shift` bins after b."""
    moved = np.roll(sums, -shift, axis=0)
    if not wrapped and shift:
        moved[slice(-shift, None) if shift > 0 else slice(0, -shift)] = 0
    return moved
