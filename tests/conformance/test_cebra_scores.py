"""Consistency against cebra 0.6.1 itself, and the decoder it calls."""

from __future__ import annotations

import cebra
import numpy as np
import pytest
from cebra.integrations.sklearn.metrics import consistency_score

from raylab.data.session import Label
from raylab.evaluation.consistency import align, consistency_matrix, group_means, off_diagonal
from raylab.evaluation.neighbours import nearest, predict


def cloud(samples: int, dimensions: int, seed: int, *, offset: float = 0.0) -> np.ndarray:
    random = np.random.default_rng(seed)
    hidden = np.random.default_rng(99).normal(size=(samples, 3))
    return (
        hidden @ random.normal(size=(3, dimensions))
        + 0.5 * random.normal(size=(samples, dimensions))
        + offset
    )


def test_between_runs_of_any_dimension() -> None:
    runs = [
        cloud(700, dimensions, seed, offset=4.0 * seed)
        for seed, dimensions in enumerate((2, 3, 8, 16))
    ]
    expected, pairs, _ = consistency_score(runs, between="runs")
    found = consistency_matrix(runs)
    assert [tuple(pair) for pair in pairs] == [(a, b) for a in range(4) for b in range(4) if a != b]
    np.testing.assert_allclose(off_diagonal(found), expected, rtol=0, atol=1e-6)
    assert expected.min() < 0.3 < 0.7 < expected.max()


@pytest.mark.parametrize(("samples", "edges"), [(5000, 100), (400, 100), (150, 20)])
def test_between_datasets_aligned_by_a_label(samples: int, edges: int) -> None:
    """The few samples of the smaller case leave bins empty; both fill them from their
    neighbours.
    """
    random = np.random.default_rng(samples)
    labels = [random.uniform(low, 1, samples) for low in (-1, -0.98, -1, -1)]
    curves = [np.stack([np.sin(2 * x), np.cos(3 * x), x], axis=1) for x in labels]
    points = [
        curve @ random.normal(size=(3, 4)) + 0.3 * random.normal(size=(samples, 4))
        for curve in curves
    ]
    how = {
        "between": "datasets",
        "dataset_ids": ["a", "b", "a", "c"],
        "num_discretization_bins": edges,
    }
    expected, pairs, _ = consistency_score(points, labels=[label.copy() for label in labels], **how)
    aligned, missing = align(points, [Label.continuous(label) for label in labels], bins=edges - 1)
    names, found = group_means(consistency_matrix(aligned), ["a", "b", "a", "c"])
    told = dict(zip(dict.fromkeys(map(tuple, pairs.tolist())), expected))
    assert missing == 0
    assert len(told) == 6
    for (one, other), score in told.items():
        assert found[names.index(one), names.index(other)] == pytest.approx(score, abs=1e-6)


def test_knn_decoding_of_position_and_of_classes() -> None:
    points = cloud(900, 8, 1)
    position, classes = points[:, :2] + 1.0, (points[:, 2] > 0).astype(int)
    found = nearest(points[:700], points[700:], k=36, metric="cosine")
    for label, values in (
        (Label.continuous(position), position),
        (Label.discrete(classes), classes),
    ):
        train = Label(kind=label.kind, values=label.values[:700], classes=label.classes)
        expected = (
            cebra.KNNDecoder(n_neighbors=36, metric="cosine")
            .fit(points[:700], values[:700])
            .predict(points[700:])
        )
        np.testing.assert_allclose(predict(train, found, (36,))[36], expected, rtol=0, atol=1e-9)
