"""`python -m tests.benchmarks.latents FOLDER`: does an embedding recover the latent that drives
synthetic neurons?

For each noise level one session is made and prepared, contrastive models are trained over seeds, by
time alone and by the latent as a label, and all embeddings are scored on validation samples by the
R2 of a linear map to the latent, fitted on training samples, and by that of the nearest-neighbour
decoder. Prints Markdown tables: mean over seeds, lowest and highest in brackets.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import raylab

OTHERS = ("pca", "umap", "tsne")
SAMPLING: dict[str, dict[str, Any]] = {
    "contrastive, by time": {"conditional": "time", "time_offset": 10},
    "contrastive, by the latent": {
        "conditional": "time_delta",
        "time_offset": 10,
        "labels": ["latent"],
    },
}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="latents", description=__doc__)
    parser.add_argument(
        "folder",
        type=Path,
        help="for recordings, data and studies; finished studies are used again",
    )
    parser.add_argument(
        "--noise", type=float, nargs="+", default=[0.05, 0.5, 2.0], help="dF/F; a spike is 0.2"
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--samples", type=int, default=9000)
    parser.add_argument("--units", type=int, default=100)
    options = parser.parse_args(arguments)
    scores = {
        noise: recovered(options.folder / f"noise-{noise:g}", noise, options)
        for noise in options.noise
    }
    for metric in ("linear_r2", "r2"):
        print(f"\n{metric}\n\n{table(scores, metric)}")


def recovered(
    folder: Path, noise: float, options: argparse.Namespace
) -> dict[str, list[dict[str, float]]]:
    """Method -> scores of the latent on validation, one a seed."""
    if not (folder / "ds").is_dir():
        size = {"samples": options.samples, "units": (options.units, options.units)}
        raylab.synth(folder / "raw", sessions=1, noise=noise, **size)
        raylab.prepare(folder / "raw", out=folder / "ds")
    scores: dict[str, list[dict[str, float]]] = defaultdict(list)
    for name, sampling in SAMPLING.items():
        study = folder / sampling["conditional"]
        if not study.is_dir():
            raylab.search(space(sampling, options), data=folder / "ds", out=study, say=note)
        for seed, row in enumerate(sorted(raylab.leaderboard(study), key=lambda row: row.trial)):
            others = OTHERS if sampling["conditional"] == "time" else ()
            compared = raylab.compare_embeddings(study, trial=row.trial, against=others, seed=seed)
            for method, entry in compared.methods.items():
                scores[method if method in OTHERS else name].append(entry.scores["latent"])
        note(f"noise {noise:g}: {name} done")
    return scores


def space(sampling: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    return {
        "task": {"kind": "contrastive", "label": "latent"},
        "base": {
            "model": {"encoder": {"kind": "offset10"}, "output_dimension": 8},
            "sampling": sampling,
            "training": {
                "max_steps": options.steps,
                "validate_every": 100,
                "keep": "best",  # by held-out bits: at low signal, long training fits noise
                "monitor": "goodness_of_fit",
                "device": "cpu",
            },
        },
        "search": {"training.seed": {"int": [0, 10**6]}},
        "sampler": {"kind": "random"},
        "budget": {"trials": options.seeds},
    }


def table(scores: dict[float, dict[str, list[dict[str, float]]]], metric: str) -> str:
    heads = ["embedding", *(f"noise {noise:g}" for noise in scores)]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for method in next(iter(scores.values())):
        each = [[seed[metric] for seed in methods[method]] for methods in scores.values()]
        cells = [
            f"{sum(values) / len(values):.2f} ({min(values):.2f} ... {max(values):.2f})"
            for values in each
        ]
        lines.append(f"| {method} | {' | '.join(cells)} |")
    return "\n".join(lines)


def note(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
