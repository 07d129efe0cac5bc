"""Scores of embeddings, against what cebra 0.6.1 calls for the same number."""

from __future__ import annotations

from functools import cache

import cebra
import numpy as np
from cebra.integrations.sklearn.metrics import consistency_score

from raylab.data.session import Label
from raylab.evaluation.consistency import consistency_matrix
from raylab.evaluation.neighbours import nearest, predict
from tests.benchmarks.contrastive import recording
from tests.benchmarks.harness import Pair, Run

TRAIN, NEIGHBOURS, DIMENSIONS, RUNS = 25_600, 36, 8, 10


@cache
def embeddings(count: int) -> list[np.ndarray]:
    """Of the recording's latent: `count` smooth maps onto a sphere, each with noise of its own, (T,
    8) float32.
    """
    _, latent, _ = recording()
    maps = []
    for seed in range(count):
        random = np.random.default_rng(seed)
        hidden = np.tanh(latent @ random.normal(size=(2, 32)))
        points = hidden @ random.normal(size=(32, DIMENSIONS)) / 8 + 0.05 * random.normal(
            size=(len(latent), DIMENSIONS)
        )
        maps.append((points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32))
    return maps


def knn() -> Pair:
    """Decoding the latent of 6,400 samples from 25,600, fit and prediction."""
    return Pair(ours=our_knn, peer=cebra_knn)


def our_knn() -> Run:
    (points,), label = embeddings(1), Label.continuous(recording()[1])
    train = Label.continuous(label.values[:TRAIN])

    def run(steps: int) -> None:
        for _ in range(steps):
            predict(
                train,
                nearest(points[:TRAIN], points[TRAIN:], k=NEIGHBOURS, metric="cosine"),
                (NEIGHBOURS,),
            )

    return run


def cebra_knn() -> Run:
    (points,), latent = embeddings(1), recording()[1]

    def run(steps: int) -> None:
        for _ in range(steps):
            decoder = cebra.KNNDecoder(n_neighbors=NEIGHBOURS, metric="cosine")
            decoder.fit(points[:TRAIN], latent[:TRAIN]).predict(points[TRAIN:])

    return run


def consistency() -> Pair:
    """All ordered pairs of ten runs."""
    return Pair(ours=our_consistency, peer=cebra_consistency)


def our_consistency() -> Run:
    runs = embeddings(RUNS)

    def run(steps: int) -> None:
        for _ in range(steps):
            consistency_matrix(runs)

    return run


def cebra_consistency() -> Run:
    runs = embeddings(RUNS)

    def run(steps: int) -> None:
        for _ in range(steps):
            consistency_score(runs, between="runs")

    return run
