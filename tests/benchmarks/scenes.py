"""`python -m tests.benchmarks.scenes`: natural scenes of a synthetic Neuropixels session (400
units, 118 scenes x 50 presentations), decoded per presentation by readouts and networks, from all
training presentations and from few of each.

What a readout leaves open, and which validation's model of a network is kept, is chosen on
validation; the test split is read once, with what was chosen. Mean over seeds (of the network and
of the shots drawn), lowest and highest in brackets. The session's difficulty was set by hand: its
numbers compare decoders, and say nothing about real recordings.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

import raylab
from raylab.config.parse import parse_trial
from raylab.data.dataset import Dataset
from raylab.data.shard import whole_shard
from raylab.training.loop import Training

DECODERS: dict[str, dict[str, Any]] = {
    "knn": {"metric": "cosine"},
    "naive_bayes": {},
    "lda": {},
    "logistic": {"c": [1e-4, 1e-3, 1e-2]},
    "mlp": {"dropout": 0.5},
    "gru": {"dropout": 0.5, "width": 128},
    "lstm": {"dropout": 0.5, "width": 128},
    "transformer": {"dropout": 0.3, "width": 128},
}
SHOTS = (None, 10, 3, 1)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=1000, help="of networks")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", default="", help="decoders whose names begin so")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    print("| decoder | shots | balanced accuracy | top 5 |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        raylab.synth_spikes(Path(folder) / "files", sessions=1, seed=0)
        raylab.prepare(
            Path(folder) / "files", recipe="synthetic_neuropixels", out=Path(folder) / "ds"
        )
        data = Dataset(Path(folder) / "ds")
        for name, model in DECODERS.items():
            for shots in SHOTS if name.startswith(options.only) else ():
                if name == "lda" and shots == 1:
                    continue  # one example a class has no covariance
                fixed = shots is None and name in ("knn", "naive_bayes", "lda", "logistic")
                seeds = range(1 if fixed else options.seeds)
                print(
                    row(
                        name,
                        shots,
                        [decoded(data, name, model, shots, seed, options.steps) for seed in seeds],
                    ),
                    flush=True,
                )


def decoded(
    data: Dataset, name: str, model: dict[str, Any], shots: int | None, seed: int, steps: int
) -> dict[str, float]:
    config = parse_trial(
        {
            "task": {"kind": "decoder", "label": "scene"},
            "view": {"zscore": True, "sqrt": True},
            "evaluation": {"per": "presentation"},
            "model": {"kind": name, **model},
            "training": {
                "max_steps": steps,
                "batch_size": 128,
                "shots": shots,
                "seed": seed,
                "keep": "best",
                "monitor": "decoding.score",
                "device": "cpu",
            },
            "optimizer": {
                "kind": "adamw",
                "learning_rate": 1e-3,
                "weight_decay": 0.05,
                "clip_norm": 1.0,
            },
        },
        "benchmark",
    )
    training = Training(config, data, whole_shard(data, config.view, config.sessions))
    while not training.done:
        training.advance()
        training.judge(training.validate().metrics)
    if training.best:
        training.model.load_state_dict(training.best)
    training.model.eval()
    predictions = training.task.predictions(config, training.model, training.shard, "test")
    assert predictions
    return next(iter(predictions.values())).scores


def row(name: str, shots: int | None, scores: list[dict[str, float]]) -> str:
    cells = [name, "all" if shots is None else str(shots)]
    for metric in ("balanced_accuracy", "top5_accuracy"):
        values = [seed[metric] for seed in scores]
        spread = f" ({min(values):.3f} ... {max(values):.3f})" if len(values) > 1 else ""
        cells.append(f"{np.mean(values):.3f}{spread}")
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
