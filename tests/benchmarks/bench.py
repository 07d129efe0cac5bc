"""`python -m tests.benchmarks.bench [--only PREFIX] [--out bench.json]`: raylab against its peers.

A benchmark is one entry of BENCHMARKS. Nothing here is asserted: numbers depend on the machine and its load,
ratios less so. Measure on a quiet machine.
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
from tests.benchmarks.harness import Pair, Result, compare

ENCODERS = ("offset1", "offset5", "offset10", "offset36")
CONDITIONALS = ("time", "time_delta", "delta", "discrete")
CONTRASTIVE = (
    *((conditional, encoder, 512) for conditional in CONDITIONALS for encoder in ENCODERS),
    *(("time", encoder, batch) for encoder in ("offset1", "offset10") for batch in (4, 32, 2048)),
)

BENCHMARKS: dict[str, Callable[[], Pair]] = {
    f"contrastive/{conditional}/{encoder}/{batch}": partial(step_against_cebra, conditional, encoder, batch)
    for conditional, encoder, batch in CONTRASTIVE
}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench", description="Paired benchmarks against peers.")
    parser.add_argument("--only", default="", metavar="PREFIX", help="run names that start with PREFIX")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the results as JSON")
    parser.add_argument("--rounds", type=int, default=5, help="A B rounds a benchmark (default 5)")
    parser.add_argument("--seconds", type=float, default=0.5, help="about how long each side of a round runs")
    options = parser.parse_args(arguments)
    names = [name for name in BENCHMARKS if name.startswith(options.only)]
    if not names:
        print(f"No benchmark starts with '{options.only}'. Known:", *BENCHMARKS, sep="\n  ", file=sys.stderr)
        return 2
    results: list[Result] = []
    for name in names:
        results.append(compare(name, BENCHMARKS[name](), rounds=options.rounds, seconds=options.seconds))
        print(f"[{len(results)}/{len(names)}] {name}: {results[-1].ratio:.2f}", file=sys.stderr, flush=True)
        if options.out:  # after each: what was measured stays, whatever ends a long run
            options.out.write_text(json.dumps([asdict(result) for result in results], indent=2) + "\n")
    console = Console()
    console.print(table(results), width=max(console.width, 90))
    return 0


def table(results: Sequence[Result]) -> Table:
    shown = Table(title="CPU time, one thread, medians of paired rounds", box=box.SIMPLE)
    shown.add_column("benchmark", no_wrap=True)
    for heading in ("ours ms", "peer ms", "peer / ours", "spread"):
        shown.add_column(heading, justify="right")
    for r in results:
        spread = f"{r.ratio_min:.2f} - {r.ratio_max:.2f}"
        shown.add_row(r.name, f"{r.ours_ms:.2f}", f"{r.peer_ms:.2f}", f"{r.ratio:.2f}", spread)
    return shown


if __name__ == "__main__":
    sys.exit(main())
