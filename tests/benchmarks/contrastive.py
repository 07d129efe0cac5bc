"""Contrastive training steps: raylab's loop against the step of cebra 0.6.1's estimator, on the
same data.
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
from raylab.config.sampling import sampling_section
from raylab.data.datasets.specs import LabelSpec, SessionSpec
from raylab.data.session import Label
from raylab.data.shard import Chunk, SessionShard
from raylab.data.views.view import Timeline
from raylab.training.loop import Training
from tests.benchmarks.harness import Pair, Run

SAMPLES, UNITS, HIDDEN, OUTPUT, OFFSET, DELTA = 32_000, 200, 32, 8, 10, 0.1
# steps that raylab's sampler draws at once: a round runs whole blocks, or it would skip their cost
BLOCK = 64


@cache
def recording() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(T, N) counts of tuned neurons, the (T, 2) smooth latent behind them, and its angle in 8
    classes.
    """
    random = np.random.default_rng(0)
    latent = gaussian_filter1d(random.standard_normal((SAMPLES, 2)), 20, axis=0)
    latent /= latent.std(axis=0)
    centres = 1.2 * random.standard_normal((UNITS, 2))
    distance = ((latent[:, None] - centres) ** 2).sum(-1)
    counts = random.poisson(2 * np.exp(-distance / 0.72) + 0.05).astype(np.float32)
    classes = np.digitize(
        np.arctan2(latent[:, 1], latent[:, 0]), np.linspace(-np.pi, np.pi, 9)[1:-1]
    )
    return counts, latent, classes


def step_against_cebra(conditional: str, encoder: str, batch_size: int) -> Pair:
    return Pair(
        ours=partial(our_steps, conditional, encoder, batch_size),
        peer=partial(cebra_steps, conditional, encoder, batch_size),
        block=BLOCK,
    )


def our_steps(conditional: str, encoder: str, batch_size: int) -> Run:
    """Sample, gather, encode, score, differentiate and update: what a trial does between
    validations.
    """
    counts, latent, classes = recording()
    label = Label.discrete(classes) if conditional == "discrete" else Label.continuous(latent)
    spec = LabelSpec(
        kind=label.kind, unit="", classes=label.classes, dims=1 if label.values.ndim == 1 else 2
    )
    config = ContrastiveTrial.model_validate(
        {
            "model": {
                "encoder": {"kind": encoder, "hidden_units": HIDDEN},
                "output_dimension": OUTPUT,
            },
            "sampling": sampling_section(conditional=conditional, time_offset=OFFSET, delta=DELTA),
            "training": {
                "batch_size": batch_size,
                "max_steps": 10**9,
                "validate_every": BLOCK,
                "device": "cpu",
            },
        }
    )
    session = SessionSpec(
        "bench", UNITS, 30.0, {"train": SAMPLES, "valid": 0, "test": 0}, {"label": spec}
    )
    dataset = SimpleNamespace(sessions={"bench": session})
    training = Training(config, dataset, {"bench": shard(counts, label)})  # type: ignore[arg-type]

    def run(steps: int) -> None:
        for _ in range(steps // BLOCK):
            training.advance()

    return run


def shard(counts: np.ndarray, label: Label) -> SessionShard:
    """The whole recording as one training part, in memory."""
    rows = np.arange(SAMPLES)
    timeline = Timeline(
        "bench", np.array([[0, SAMPLES, 0]]), {"label": label}, rows, rows, 0 * rows, {}
    )
    chunk = Chunk(0, SAMPLES, 0, SAMPLES, 0, SAMPLES)
    return SessionShard(timeline, torch.from_numpy(counts), torch.from_numpy(rows), (chunk,), None)


def cebra_steps(conditional: str, encoder: str, batch_size: int) -> Run:
    """What `cebra.CEBRA.fit` repeats: indices, batch, `solver.step`."""
    counts, latent, classes = recording()
    labels = {"time": (), "discrete": (classes,)}.get(conditional, (latent.astype(np.float32),))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator = cebra.CEBRA(
            model_architecture=f"{encoder}-model",
            conditional=None if conditional in ("time", "discrete") else conditional,
            batch_size=batch_size,
            learning_rate=3e-4,
            temperature=1.0,
            time_offsets=OFFSET,
            delta=DELTA,
            output_dimension=OUTPUT,
            num_hidden_units=HIDDEN,
            max_iterations=10**9,
            device="cpu",
        )
        solver, model, loader, _ = estimator._prepare_fit(counts, *labels)
    model.train()

    def run(steps: int) -> None:
        for _ in range(steps):
            solver.step(loader.dataset.load_batch(loader.get_indices(num_samples=batch_size)))

    return run
