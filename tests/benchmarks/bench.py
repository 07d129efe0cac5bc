"""`python -m tests.benchmarks.bench [--only PREFIX] [--out bench.json]`: raylab against its peers.

A benchmark is one entry of BENCHMARKS. Nothing here is asserted: numbers depend on the machine and
its load, ratios less so. Measure on a quiet machine.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from tests.benchmarks.contrastive import step_against_cebra
from tests.benchmarks.data import first_batch, many_files, processes, single_file
from tests.benchmarks.harness import Pair, Result, compare
from tests.benchmarks.prepares import start_prepare
from tests.benchmarks.quantizers import CONFIGS as QUANTIZERS
from tests.benchmarks.quantizers import quantizer
from tests.benchmarks.scores import consistency, knn
from tests.benchmarks.sessions import step_against_cebra as across_sessions
from tests.benchmarks.starts import start_search
from tests.benchmarks.studies import command, control_plane, grid, overhead
from tests.benchmarks.transform import transform
from tests.benchmarks.vqvae import step_against_plain

ENCODERS = ("offset1", "offset5", "offset10", "offset36")
CONDITIONALS = ("time", "time_delta", "delta", "discrete")
CONTRASTIVE = (
    *((conditional, encoder, 512) for conditional in CONDITIONALS for encoder in ENCODERS),
    *(("time", encoder, batch) for encoder in ("offset1", "offset10") for batch in (4, 32, 2048)),
)

BENCHMARKS: dict[str, Callable[[], Pair]] = {
    f"contrastive/{conditional}/{encoder}/{batch}": partial(
        step_against_cebra, conditional, encoder, batch
    )
    for conditional, encoder, batch in CONTRASTIVE
} | {f"prepare/file/{form}": partial(single_file, form) for form in ("domains", "masks")}
BENCHMARKS |= {
    f"multisession/{encoder}/512": partial(across_sessions, encoder, 512)
    for encoder in ("offset1", "offset10")
}
BENCHMARKS |= {
    f"transform/{encoder}/115459": partial(transform, encoder)
    for encoder in ("offset1", "offset10", "offset36")
}
BENCHMARKS |= {"scores/knn/25600x6400": knn, "scores/consistency/10": consistency}
BENCHMARKS |= {
    f"quantizer/{kind}/{batch}": partial(quantizer, kind, batch)
    for kind in QUANTIZERS
    for batch in (32, 256)
}
BENCHMARKS |= {
    f"vqvae/{kind}/{batch}": partial(step_against_plain, kind, batch)
    for kind in ("ema", "grouped_residual")
    for batch in (32, 256)
}
# No peer does the same: figures by name. `open` touches every sample, `train` runs one training
# step.
MEASURED: dict[str, Callable[[], dict[str, float]]] = {
    **{f"prepare/sessions/{count}": partial(many_files, count) for count in (4, 16, 64)},
    "start/prepare/4-small": partial(start_prepare, 4, small=True),
    "start/prepare/16": partial(start_prepare, 16),
    "data/first_batch": first_batch,
    **{f"data/open/{count}": partial(processes, count, False) for count in (1, 2, 4, 8)},
    **{f"data/train/{count}": partial(processes, count, True) for count in (1, 2, 4, 8)},
    "start/search": start_search,
    "study/command/32": command,
    "study/overhead/32": overhead,
    **{f"study/nothing/{count}": partial(control_plane, count) for count in (100, 1000)},
}
# Only when asked for by name: of 1,000 steps the peer takes most of an hour.
LONG: dict[str, Callable[[], dict[str, float]]] = {
    f"grid/{steps}": partial(grid, steps) for steps in (100, 1000)
}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench", description="Paired benchmarks against peers.")
    parser.add_argument(
        "--only", default="", metavar="PREFIX", help="run names that start with PREFIX"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the results as JSON")
    parser.add_argument("--rounds", type=int, default=5, help="A B rounds a benchmark (default 5)")
    parser.add_argument(
        "--seconds", type=float, default=0.5, help="about how long each side of a round runs"
    )
    options = parser.parse_args(arguments)
    known = (*BENCHMARKS, *MEASURED, *(LONG if options.only else ()))
    names = [name for name in known if name.startswith(options.only)]
    if not names:
        print(
            f"No benchmark starts with '{options.only}'. Known:",
            *known,
            sep="\n  ",
            file=sys.stderr,
        )
        return 2
    results: list[Result] = []
    figures: dict[str, dict[str, float]] = {}
    for done, name in enumerate(names, 1):
        if name in BENCHMARKS:
            results.append(
                compare(name, BENCHMARKS[name](), rounds=options.rounds, seconds=options.seconds)
            )
            text = f"{results[-1].ratio:.2f}"
        else:
            figures[name] = (MEASURED | LONG)[name]()
            text = shown(figures[name])
        print(f"[{done}/{len(names)}] {name}: {text}", file=sys.stderr, flush=True)
        if options.out:  # after each: what was measured stays, whatever ends a long run
            rows = [asdict(result) for result in results] + [
                {"name": key, **row} for key, row in figures.items()
            ]
            options.out.write_text(json.dumps(rows, indent=2) + "\n")
    console = Console()
    if results:
        console.print(table(results), width=max(console.width, 90))
    for name, row in figures.items():
        console.print(f"{name}: {shown(row)}", highlight=False)
    return 0


def shown(figures: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in figures.items())


def table(results: Sequence[Result]) -> Table:
    grid = Table(title="CPU time, one thread, medians of paired rounds", box=box.SIMPLE)
    grid.add_column("benchmark", no_wrap=True)
    for heading in ("ours ms", "peer ms", "peer / ours", "spread", "ours MB/s"):
        grid.add_column(heading, justify="right")
    for r in results:
        speed = f"{r.ours_mb_per_s:.0f}" if r.ours_mb_per_s else ""
        spread = f"{r.ratio_min:.2f} - {r.ratio_max:.2f}"
        grid.add_row(
            r.name, f"{r.ours_ms:.2f}", f"{r.peer_ms:.2f}", f"{r.ratio:.2f}", spread, speed
        )
    return grid


if __name__ == "__main__":
    sys.exit(main())
