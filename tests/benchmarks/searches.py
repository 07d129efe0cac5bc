"""`python -m tests.benchmarks.searches FOLDER`: what a search is worth: the best validation score
found so far against the training spent, for random draws, TPE, TPE with ASHA, and population-based
training, over seeds.

The unit of training is a whole trial (`--steps` steps), so that searches which stop trials early,
or train few members on and on, are compared at equal cost. The same call again goes on where it was
stopped.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import t as student

import raylab
from raylab.cluster import connect
from raylab.tracking.study import StudyFolder
from tests.benchmarks.science import REAL_DATA

SEARCH = {
    "optimizer.learning_rate": {"float": [1e-5, 3e-2], "log": True},
    "loss.temperature": {"float": [0.05, 3.0], "log": True},
    "sampling.time_offset": {"int": [1, 30]},
    "training.batch_size": {"categorical": [64, 128, 256]},
    "view.smoothing_ms": {"float": [0, 400]},
    "model.encoder.kind": {"categorical": ["offset1", "offset5", "offset10"]},
    "model.output_dimension": {"int": [2, 16]},
}
METHODS: dict[str, dict[str, Any]] = {
    "random": {"sampler": {"kind": "random"}},
    "TPE": {"sampler": {"kind": "tpe"}},
    "TPE + ASHA": {"sampler": {"kind": "tpe"}, "scheduler": {"kind": "asha"}},
    "PBT": {"sampler": {"kind": "random"}, "scheduler": {"kind": "pbt"}},
}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="searches", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--trials", type=int, default=20, help="whole trainings that each search may spend"
    )
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--tasks", default="buddy,synthetic")
    options = parser.parse_args(arguments)
    os.environ["RAYLAB_HOME"] = str(options.folder)
    connect(cpus=2)
    curves_of: dict[str, Any] = {}
    for task in options.tasks.split(","):
        data = _data(task, options.folder)
        for method in METHODS:
            curves = [
                _curve(_study(data, method, seed, options), options)
                for seed in range(options.seeds)
            ]
            curves_of.setdefault(task, {})[method] = curves
            print(task, method, [round(curve[-1], 4) for curve in curves], flush=True)
    (options.folder / "searches.json").write_text(json.dumps(curves_of))
    print(table(curves_of, options.trials))
    draw(curves_of, options.folder / "searches.png")


def _data(task: str, folder: Path) -> Path:
    out = folder / task
    if out.exists():
        return out
    if task == "buddy":
        raylab.prepare(REAL_DATA / "hippocampus" / "buddy.jl", recipe="hippocampus", out=out)
    else:
        raylab.synth(folder / "raw", sessions=1, samples=4000, units=(40, 40))
        raylab.prepare(folder / "raw", out=out)
    return out


def _study(data: Path, method: str, seed: int, options: Any) -> StudyFolder:
    out = options.folder / f"{data.name}-{method.replace(' ', '')}-{seed}"
    if out.exists():
        return raylab.resume(out, say=lambda line: None)
    sections = {key: dict(value) for key, value in METHODS[method].items()}
    sections["sampler"]["seed"] = seed
    trials, kind = options.trials, sections.get("scheduler", {}).get("kind")
    if (
        kind == "asha"
    ):  # more trials for the same training: its first rung is a ninth of a whole one
        sections["scheduler"]["grace_steps"] = options.steps // 9
        trials *= 3
    if kind == "pbt":  # half as many members, each trained twice as long
        sections["scheduler"]["grace_steps"] = options.steps // 3
        trials //= 2
    steps = options.steps * (2 if kind == "pbt" else 1)
    base = {
        "training.max_steps": steps,
        "training.validate_every": options.steps // 9,
        "training.device": "cpu",
    }
    space = {
        "base": base,
        "search": SEARCH,
        "budget": {"trials": trials},
        "resources": {"concurrent": 2},
        **sections,
    }
    return raylab.search(space, data=data, out=out, say=lambda line: None)


def _curve(study: StudyFolder, options: Any) -> list[float]:
    """The best score of any validation after each whole trial's worth of steps, in the order of
    time.
    """
    before: dict[str, int] = {}
    spent, best, curve = 0, -np.inf, [-np.inf] * options.trials
    reports = sorted(
        (t, r.trial, step, m["decoding.score"]) for r in study.records() for t, step, m in r.history
    )
    for _, trial, step, score in reports:
        spent += step - before.get(trial, 0)
        before[trial] = step
        best = max(best, score)
        for at in range(
            min(options.trials, max(0, -(-spent // options.steps)) - 1), options.trials
        ):
            curve[at] = best
    return curve


def table(curves_of: dict[str, Any], trials: int) -> str:
    """Markdown: mean and 95 % interval (Student's t) over seeds."""
    marks = sorted({max(1, trials // 4), max(1, trials // 2), trials})
    lines = [
        "| task | search | " + " | ".join(f"after {mark}" for mark in marks) + " |",
        "|---|---|" + "---|" * len(marks),
    ]
    for task, methods in curves_of.items():
        for method, curves in methods.items():
            values = np.array(curves)[:, [mark - 1 for mark in marks]]
            half = (
                student.ppf(0.975, len(values) - 1)
                * values.std(axis=0, ddof=1)
                / np.sqrt(len(values))
            )
            cells = [f"{mean:.3f} ± {each:.3f}" for mean, each in zip(values.mean(axis=0), half)]
            lines.append(f"| {task} | {method} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def draw(curves_of: dict[str, Any], path: Path) -> None:
    figure, axes = plt.subplots(
        1, len(curves_of), figsize=(5.2 * len(curves_of), 3.6), squeeze=False
    )
    for axis, (task, methods) in zip(axes[0], curves_of.items()):
        for method, curves in methods.items():
            values = np.array(curves)
            x, mean = np.arange(1, values.shape[1] + 1), values.mean(axis=0)
            half = (
                student.ppf(0.975, len(values) - 1)
                * values.std(axis=0, ddof=1)
                / np.sqrt(len(values))
            )
            (line,) = axis.plot(x, mean, label=method, linewidth=1.6)
            axis.fill_between(
                x, mean - half, mean + half, alpha=0.15, color=line.get_color(), linewidth=0
            )
        axis.set(
            title=task, xlabel="training spent (whole trials)", ylabel="best validation R2 so far"
        )
        axis.spines[["top", "right"]].set_visible(False)
    axes[0][0].legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path, dpi=130)


if __name__ == "__main__":
    main()
