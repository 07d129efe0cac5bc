"""`python -m tests.benchmarks.decoding [--folds 5] [--only NAME] [--steps 500]`: every decoder
family on published recordings (RAYLAB_REAL_DATA, as for the tests), beside matched baselines.

Each fold of a recording is a dataset of its own. Of each family the view, the window and what the
readout leaves open are chosen by the validation score of that fold; the test split is read once,
with what was chosen. A readout is fitted anew on train and validation for it. Prints a Markdown
table: the mean over folds (and sessions), lowest and highest in brackets, and how far chance goes
when predictions are held against permuted labels.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

import raylab
from raylab.analysis.models.scorer import permuted
from raylab.config.decoder import DecoderTrial
from raylab.config.parse import parse_trial
from raylab.config.training import EvaluationConfig
from raylab.data.dataset import Dataset
from raylab.data.shard import whole_shard
from raylab.evaluation import metrics
from raylab.evaluation.baselines import Baselines
from raylab.training.loop import Training
from tests.benchmarks.science import REAL_DATA

CLASSES_ONLY = ("naive_bayes", "logistic", "lda")
READOUTS = ("knn", "naive_bayes", "ridge", "logistic", "svm", "lda")
NETWORKS = ("mlp", "gru", "tcn", "transformer")


@dataclass(frozen=True)
class Task:
    """
    Attributes:
        smoothing_ms: Widths to choose from.
        windows: Rows to choose from.
    """

    path: str
    recipe: str
    labels: tuple[str, ...]
    smoothing_ms: tuple[float, ...]
    windows: tuple[int, ...]
    per: str = "sample"
    view: dict[str, Any] = field(default_factory=dict)


TASKS = {
    "orbitofrontal": Task(
        "orbitofrontal", "orbitofrontal", ("stim",), (0, 100, 400), (1,), per="segment"
    ),
    "motor cortex": Task(
        "motor_cortex", "motor_cortex", ("target", "velocity"), (0, 80, 400), (1, 10)
    ),
    "worms": Task("worm", "worm", ("velocity", "reversal"), (0, 1200, 4800), (1, 10)),
    "hippocampus": Task(
        "hippocampus", "hippocampus", ("position", "direction"), (0, 100, 200, 400), (1, 10)
    ),
    "head direction": Task(
        "head_direction", "head_direction", ("angle",), (0, 100, 200), (1, 5), view={"bin_ms": 100}
    ),
}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--only", default="", help="recordings whose names begin so")
    parser.add_argument("--steps", type=int, default=500, help="of networks")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    print("| recording | label | decoder | score | permuted | seconds |\n|---|---|---|---|---|---|")
    for name, task in TASKS.items():
        if name.startswith(options.only):
            with tempfile.TemporaryDirectory() as folder:
                measure(name, task, Path(folder), folds=options.folds, steps=options.steps)


def measure(name: str, task: Task, folder: Path, *, folds: int, steps: int) -> None:
    raylab.prepare(REAL_DATA / task.path, recipe=task.recipe, out=folder / "all")
    datasets = []
    for fold in range(folds):
        overrides = {"splits.folds": folds, "splits.fold": fold}
        raylab.prepare(folder / "all", out=folder / str(fold), overrides=overrides)
        datasets.append(Dataset(folder / str(fold)))
    for label in task.labels:
        references = [baseline(data, task, label) for data in datasets]
        print(row(name, label, "chance", [scores["chance"] for scores in references]), flush=True)
        for kind in ("raw", "smoothed", "pca"):
            print(
                row(name, label, f"baseline: {kind}", [scores[kind] for scores in references]),
                flush=True,
            )
        discrete = datasets[0].labels[label].kind == "discrete"
        for family in (*READOUTS, *NETWORKS):
            if discrete or family not in CLASSES_ONLY:
                began = time.process_time()
                pairs = [best(data, task, label, family, steps) for data in datasets]
                scores, chance = zip(*pairs)
                took = time.process_time() - began
                print(
                    row(name, label, family, scores, chance=max(chance), seconds=took), flush=True
                )


def baseline(data: Dataset, task: Task, label: str) -> dict[str, float]:
    evaluation = EvaluationConfig(per=task.per)
    baselines = Baselines(data, evaluation, [label]).scores("test")
    primary = metrics.primary(data.labels[label].kind)
    return {kind: scores[label][primary] for kind, scores in baselines.items() if label in scores}


def best(data: Dataset, task: Task, label: str, family: str, steps: int) -> tuple[float, float]:
    """Means over sessions: the score on test of what validation chose, and the 97.5 % point of
    permuted labels.
    """
    chosen: tuple[float, Training] | None = None
    for config in candidates(task, label, family, steps):
        training = Training(config, data, whole_shard(data, config.view, config.sessions))
        while not training.done:
            training.advance()
        score = training.validate().metrics["decoding.score"]
        if chosen is None or score > chosen[0]:
            chosen = score, training
    assert chosen is not None
    training = chosen[1]
    training.model.eval()
    predictions = training.task.predictions(training.config, training.model, training.shard, "test")
    assert predictions
    chance = [permuted([item])[metrics.primary(item.kind)]["high"] for item in predictions.values()]
    return float(np.mean([item.primary for item in predictions.values()])), float(np.mean(chance))


def candidates(task: Task, label: str, family: str, steps: int) -> Iterator[DecoderTrial]:
    network = family in NETWORKS
    for smoothing in task.smoothing_ms[:: 2 if network else 1]:
        for window in task.windows[-1:] if network else task.windows:
            for zscore in (True,) if network else (False, True):
                value: dict[str, Any] = {
                    "task": {"kind": "decoder", "label": label},
                    "view": {"smoothing_ms": smoothing, "zscore": zscore, **task.view},
                    "input": {"window": window},
                    "model": {"kind": family, **({"dropout": 0.3} if network else {})},
                    "evaluation": {"per": task.per},
                    "training": {"max_steps": steps, "batch_size": 64, "device": "cpu"},
                    "optimizer": {
                        "kind": "adamw",
                        "learning_rate": 1e-3,
                        "weight_decay": 0.01,
                        "clip_norm": 1.0,
                    },
                }
                config = parse_trial(value, "benchmark")
                assert isinstance(config, DecoderTrial)
                yield config


def row(
    name: str,
    label: str,
    family: str,
    scores: Sequence[float],
    *,
    chance: float = np.nan,
    seconds: float = np.nan,
) -> str:
    low, high = min(scores), max(scores)
    cells = [name, label, family, f"{np.mean(scores):.3f} ({low:.3f} ... {high:.3f})"]
    cells += [
        "" if np.isnan(chance) else f"{chance:.3f}",
        "" if np.isnan(seconds) else f"{seconds:.0f}",
    ]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
