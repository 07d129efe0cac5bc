"""Embedding a whole recording with one set of weights: `Model.transform` against cebra 0.6.1's
`transform`.
"""

from __future__ import annotations

import tempfile
import warnings
from functools import partial
from pathlib import Path

import cebra
import numpy as np
import torch

from raylab.interop.from_cebra import from_cebra
from tests.benchmarks.harness import Pair, Run

SAMPLES, UNITS, HIDDEN, OUTPUT = 115_459, 200, 32, 8


def transform(encoder: str) -> Pair:
    return Pair(ours=partial(our_transform, encoder), peer=partial(cebra_transform, encoder))


def activity(samples: int = SAMPLES) -> np.ndarray:
    return np.random.default_rng(0).poisson(0.3, (samples, UNITS)).astype(np.float32)


def estimator(encoder: str) -> cebra.CEBRA:
    """After one step: the same weights in every process."""
    torch.manual_seed(0)
    made = cebra.CEBRA(
        model_architecture=f"{encoder}-model",
        batch_size=32,
        output_dimension=OUTPUT,
        num_hidden_units=HIDDEN,
        max_iterations=1,
        device="cpu",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return made.fit(activity(1000))


def our_transform(encoder: str) -> Run:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.pt"
        estimator(encoder).save(path, backend="sklearn")
        model = from_cebra(path)
    x = activity()

    def run(steps: int) -> None:
        for _ in range(steps):
            model.transform(x)

    return run


def cebra_transform(encoder: str) -> Run:
    made, x = estimator(encoder), activity()

    def run(steps: int) -> None:
        for _ in range(steps):
            made.transform(x)

    return run
