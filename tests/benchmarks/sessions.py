"""Training steps over four sessions (32,000 samples in all) of different width, positives across
them, against cebra 0.6.1's estimator.
"""

from __future__ import annotations

import warnings
from functools import cache, partial
from types import SimpleNamespace

import cebra
import numpy as np
import torch
from scipy.ndimage import gaussian_filter1d

from raylab.config.contrastive import ContrastiveTrial
from raylab.data.datasets.specs import LabelSpec, SessionSpec
from raylab.data.session import Label
from raylab.data.shard import Chunk, SessionShard
from raylab.data.views.view import Timeline
from raylab.training.loop import Training
from tests.benchmarks.harness import Pair, Run

SAMPLES, WIDTHS, HIDDEN, OUTPUT, OFFSET = 8_000, (150, 240, 227, 181), 32, 8, 10
BLOCK = 32  # steps that raylab's sampler draws at once at batch 512: a round runs whole blocks


@cache
def recordings() -> list[tuple[np.ndarray, np.ndarray]]:
    """(T, N) counts of tuned neurons and the (T, 2) latent behind them, of each session."""
    sessions = []
    for seed, units in enumerate(WIDTHS):
        random = np.random.default_rng(seed)
        latent = gaussian_filter1d(random.standard_normal((SAMPLES, 2)), 20, axis=0)
        latent /= latent.std(axis=0)
        distance = ((latent[:, None] - 1.2 * random.standard_normal((units, 2))) ** 2).sum(-1)
        sessions.append(
            (random.poisson(2 * np.exp(-distance / 0.72) + 0.05).astype(np.float32), latent)
        )
    return sessions


def step_against_cebra(encoder: str, batch_size: int) -> Pair:
    return Pair(
        ours=partial(our_steps, encoder, batch_size),
        peer=partial(cebra_steps, encoder, batch_size),
        block=BLOCK,
    )


def our_steps(encoder: str, batch_size: int) -> Run:
    config = ContrastiveTrial.model_validate(
        {
            "model": {
                "encoder": {"kind": encoder, "hidden_units": HIDDEN},
                "output_dimension": OUTPUT,
            },
            "sampling": {"conditional": "time_delta", "time_offset": OFFSET, "positives": "across"},
            "training": {
                "batch_size": batch_size,
                "max_steps": 10**9,
                "validate_every": BLOCK,
                "device": "cpu",
            },
        }
    )
    specs, shards, rows = {}, {}, np.arange(SAMPLES)
    for name, (counts, latent) in zip("abcd", recordings()):
        spec = LabelSpec(kind="continuous", unit="", classes=(), dims=2)
        splits = {"train": SAMPLES, "valid": 0, "test": 0}
        specs[name] = SessionSpec(name, counts.shape[1], 30.0, splits, {"label": spec})
        labels = {"label": Label.continuous(latent)}
        timeline = Timeline(name, np.array([[0, SAMPLES, 0]]), labels, rows, rows, 0 * rows, {})
        chunk = Chunk(0, SAMPLES, 0, SAMPLES, 0, SAMPLES)
        held = (torch.from_numpy(counts), torch.from_numpy(rows))
        shards[name] = SessionShard(timeline, *held, (chunk,), None)  # type: ignore[arg-type]
    training = Training(config, SimpleNamespace(sessions=specs), shards)  # type: ignore[arg-type]

    def run(steps: int) -> None:
        for _ in range(steps // BLOCK):
            training.advance()

    return run


def cebra_steps(encoder: str, batch_size: int) -> Run:
    """What `cebra.CEBRA.fit` repeats: indices, batch, `solver.step`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator = cebra.CEBRA(
            model_architecture=f"{encoder}-model",
            conditional="time_delta",
            batch_size=batch_size,
            learning_rate=3e-4,
            temperature=1.0,
            time_offsets=OFFSET,
            output_dimension=OUTPUT,
            num_hidden_units=HIDDEN,
            max_iterations=10**9,
            device="cpu",
        )
        activity, labels = (list(of) for of in zip(*recordings()))
        solver, model, loader, several = estimator._prepare_fit(
            activity, [of.astype(np.float32) for of in labels]
        )
    assert several
    model.train()

    def run(steps: int) -> None:
        for _ in range(steps):
            solver.step(loader.dataset.load_batch(loader.get_indices(num_samples=batch_size)))

    return run
