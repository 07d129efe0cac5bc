"""`python -m tests.benchmarks.science FOLDER`: do raylab and cebra 0.6.1 learn the same from the
same data?

For each published recording (RAYLAB_REAL_DATA, as for the tests) both train the same encoder on the
same rows for as many steps, over seeds; both embeddings are decoded by the same decoder on the same
samples of the test split, k chosen on validation. Prints a Markdown table: mean over seeds, lowest
and highest in brackets, and the consistency of seeds.

What differs: raylab draws no pair across a gap, where cebra sees the training parts joined;
raylab's nearest neighbours are exact; an angle is an angle to raylab, and (cos, sin) to cebra.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cebra
import numpy as np
import torch

import raylab
from raylab.analysis.models.trained import Trained
from raylab.data.session import Label
from raylab.data.splitting.splits import CODE
from raylab.evaluation.consistency import consistency_matrix, off_diagonal
from raylab.tracking.study import StudyFolder
from raylab.tracking.winner import winner

REAL_DATA = Path(os.environ.get("RAYLAB_REAL_DATA", Path(__file__).parents[3] / "shared" / "data"))
SHARED = {
    "temperature": 1.0,
    "batch_size": 512,
    "output_dimension": 8,
    "time_offsets": 10,
    "learning_rate": 3e-4,
}
SPLIT = "test"
Both = tuple[dict[str, Any], dict[str, Any]]  # scores by label, of raylab and of cebra


@dataclass(frozen=True)
class Task:
    """A recording, and the label whose changes define positive pairs."""

    path: str
    recipe: str
    label: str
    zscore: bool


TASKS = {
    "buddy": Task("hippocampus/buddy.jl", "hippocampus", "position", False),
    "head direction": Task("head_direction/dataHD.mat", "head_direction", "angle", False),
    **{
        f"worm {number}": Task(f"worm/{path.name}", "worm", "velocity", True)
        for number, path in enumerate(sorted((REAL_DATA / "worm").glob("*.h5")), 1)
    },
}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="science", description=__doc__)
    parser.add_argument(
        "folder", type=Path, help="for data and studies; what is finished there is used again"
    )
    parser.add_argument("--only", nargs="+", choices=list(TASKS), default=list(TASKS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=1000)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    lines = [
        line
        for name in options.only
        for line in compared(options.folder / name.replace(" ", "-"), name, options)
    ]
    print("| recording | score | raylab | cebra |", "|---|---|---|---|", *lines, sep="\n")


def compared(folder: Path, name: str, options: argparse.Namespace) -> list[str]:
    task = TASKS[name]
    if not (folder / "ds").is_dir():
        raylab.prepare(REAL_DATA / task.path, recipe=task.recipe, out=folder / "ds")
    if not (folder / "study").is_dir():
        raylab.search(space(task, options), data=folder / "ds", out=folder / "study", say=note)
    study = StudyFolder.open(folder / "study")
    scores: list[Both] = []
    peers: list[np.ndarray] = []
    for seed in range(options.seeds):
        trained = Trained.load(study, winner(study, f"{seed:04d}"))
        file = folder / f"cebra-{seed}.npz"
        if not file.exists():
            embed_with_cebra(trained, task, seed, options.steps, file)
        methods = raylab.compare_embeddings(
            study.path, trial=f"{seed:04d}", against=[file], split=SPLIT, samples=10**6
        )
        ours, theirs = methods.methods.values()
        scores.append((ours.scores, theirs.scores))
        peers.append(held_out(trained, file))
        note(f"{name}: seed {seed} done")
    trials = [f"{seed:04d}" for seed in range(options.seeds)]
    mean = raylab.consistency(study.path, trials=trials, split=SPLIT).mean
    others = off_diagonal(consistency_matrix(peers)).mean()
    return [
        *lines_of(name, scores),
        f"| {name} | consistency of seeds | {mean:.3f} | {others:.3f} |",
    ]


def lines_of(name: str, scores: Sequence[Both]) -> list[str]:
    wanted = ("r2", "median_abs_error", "balanced_accuracy", "linear_r2")
    first = scores[0][0]
    lines = []
    for label, metric in [
        (label, metric) for label in first for metric in wanted if metric in first[label]
    ]:
        ours, theirs = ([seed[side][label][metric] for seed in scores] for side in (0, 1))
        lines.append(f"| {name} | {label} {metric} | {spread(ours)} | {spread(theirs)} |")
    return lines


def space(task: Task, options: argparse.Namespace) -> dict[str, Any]:
    return {
        "task": {"kind": "contrastive", "label": task.label},
        "base": {
            "view.zscore": task.zscore,
            "model": {"encoder": {"kind": "offset10", "hidden_units": 32}, "output_dimension": 8},
            "loss.temperature": 1.0,
            "sampling": {"conditional": "time_delta", "time_offset": 10, "labels": [task.label]},
            "optimizer.learning_rate": SHARED["learning_rate"],
            "training": {
                "max_steps": options.steps,
                "batch_size": SHARED["batch_size"],
                "device": "cpu",
            },
        },
        "search": {"training.seed": {"int": [0, 10**6]}},
        "sampler": {"kind": "random"},
        "budget": {"trials": options.seeds},
    }


def embed_with_cebra(trained: Trained, task: Task, seed: int, steps: int, file: Path) -> None:
    """Fit on the view's training rows, embed every part by itself, and save one embedding per
    sample.
    """
    ((session, shard),) = trained.shard.items()
    timeline, x = shard.timeline, shard.x.numpy()
    parts = timeline.parts
    training = np.concatenate([np.arange(a, b) for a, b, code in parts if code == CODE["train"]])
    label = columns(timeline.labels[task.label])
    training = training[np.isfinite(label[training]).all(axis=1)]
    torch.manual_seed(seed)
    np.random.seed(seed)
    estimator = cebra.CEBRA(
        model_architecture="offset10-model",
        conditional="time_delta",
        num_hidden_units=32,
        max_iterations=steps,
        device="cpu",
        **SHARED,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator.fit(x[training], label[training].astype(np.float32))
        rows = np.concatenate([transformed(estimator, x[a:b]) for a, b, _ in parts])
    samples = {"session": np.full(len(timeline.samples), session), "sample": timeline.samples}
    np.savez(file, embedding=rows[timeline.rows], **samples)


def transformed(estimator: cebra.CEBRA, part: np.ndarray) -> np.ndarray:
    """Of parts shorter than the receptive field, which cebra refuses, the last row repeats."""
    missing = max(0, len(estimator.model_.get_offset()) - len(part))
    return estimator.transform(np.concatenate([part, part[-1:].repeat(missing, axis=0)]))[
        : len(part)
    ]


def columns(label: Label) -> np.ndarray:
    """(T, D) numbers, as cebra takes them."""
    values = np.asarray(label.values, np.float64).reshape(len(label.values), -1)
    return (
        np.concatenate([np.cos(values), np.sin(values)], axis=1)
        if label.kind == "circular"
        else values
    )


def held_out(trained: Trained, file: Path) -> np.ndarray:
    """Cebra's embedding of the samples that ours is compared on."""
    ((_, shard),) = trained.shard.items()
    return np.load(file)["embedding"][shard.timeline.splits == CODE[SPLIT]]


def spread(values: Sequence[float]) -> str:
    return f"{np.mean(values):.3f} ({min(values):.3f} ... {max(values):.3f})"


def note(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
