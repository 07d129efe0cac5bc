"""The verb `plan`: what a search would be, before it starts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

import raylab
from raylab.cli.group import DATA, JSON, PATH, SET, WORKERS, FiniteRange, parsed, verb
from raylab.cli.show.screen import print_json
from raylab.reporting.progress.wording import duration
from raylab.tuning.planning.results import DiskUse, Forecast, MemoryUse, Node, Seconds, Worker


@verb("raylab plan contrastive --data ds --trials 16")
@click.argument("space", type=PATH)
@DATA
@click.option(
    "--out",
    default=".",
    type=PATH,
    help="A folder on the disk that the study will use; default: the current folder.",
)
@click.option("--trials", type=click.IntRange(1), help="Number of trials; overrides budget.trials.")
@WORKERS
@SET
@click.option(
    "--probe/--no-probe",
    "timed",
    default=True,
    help="Run a few draws for a short time, to estimate time and memory.",
)
@click.option(
    "--probe-seconds",
    default=10.0,
    show_default=True,
    type=FiniteRange(0.1),
    help="Seconds that these runs take together.",
)
@JSON
def plan(
    space: Path,
    data: Path,
    out: Path,
    trials: int | None,
    workers: int | None,
    overrides: Sequence[str],
    timed: bool,
    probe_seconds: float,
    as_json: bool,
) -> None:
    """Describe what `search` would do: trials, how many at once, time, memory and disk.

    No trial is started, and nothing is written.

    SPACE is a YAML file, or the name of a space that raylab ships: see `raylab spaces`.
    """
    forecast = raylab.plan(
        space,
        data=data,
        out=out,
        trials=trials,
        overrides=parsed(overrides, workers=workers),
        timed=timed,
        probe_seconds=probe_seconds,
    )
    if as_json:
        print_json(forecast.to_dict())
    else:
        click.echo("\n".join(lines(forecast)))


def lines(forecast: Forecast) -> list[str]:
    """The forecast as lines of text."""
    at_once, each = forecast.at_once, forecast.each
    return [
        f"trials      {forecast.trials}",
        f"at once     {at_once.trials}, bound by {at_once.bound} ({_nodes(at_once.nodes)})",
        f"each trial  {_each(each)}",
        *_estimates(forecast, several=each.workers > 1),
        *(f"note: {note}" for note in forecast.notes),
        *(f"WARNING: {warning}" for warning in forecast.warnings),
    ]


def _estimates(forecast: Forecast, *, several: bool) -> list[str]:
    """Time, memory and disk, and what they were estimated from; nothing without a probe."""
    trial, study = forecast.trial_s, forecast.study_s
    memory, disk = forecast.memory, forecast.disk
    if trial is None or study is None or memory is None or disk is None:
        return []
    runs = sum(row.error is None for row in forecast.probe)
    measured = " Of several workers one was run, with the whole batch." if several else ""
    return [
        *_times(trial, study, several=several),
        *_space(memory, disk),
        f"Time, memory and disk are estimates from {runs} short runs of draws of the space, beside "
        f"each other as trials will be.{measured} Baselines and report come on top.",
    ]


def _times(trial: Seconds, study: Seconds, *, several: bool) -> list[str]:
    most = "at most " if several else ""
    text = [
        f"a trial     {most}{_range(trial)}",
        f"the study   {most}{_range(study)}",
    ]
    if trial.least < trial.estimate:
        text.append(
            f"            at least {duration(study.least)}, if the scheduler stops all that it can "
            "as soon as it can"
        )
    return text


def _range(time: Seconds) -> str:
    return f"{duration(time.estimate)} ({duration(time.low)} to {duration(time.high)})"


def _space(memory: MemoryUse, disk: DiskUse) -> list[str]:
    text = [
        f"memory      {_bytes(memory.worker)} a worker, {_bytes(memory.node)} on a node at once"
    ]
    if memory.gpu_free:
        text.append(f"GPU memory  {_bytes(memory.gpu)} of {_bytes(memory.gpu_free)}")
    text.append(f"disk        {_bytes(disk.study)} for the study, {_bytes(disk.free)} free")
    return text


def _nodes(nodes: Sequence[Node]) -> str:
    cpus, gpus = sum(node.cpus for node in nodes), sum(node.gpus for node in nodes)
    memory = sum(node.memory for node in nodes)
    return (
        f"{len(nodes)} node{'s' * (len(nodes) > 1)}: {cpus:g} CPU, {gpus:g} GPU, "
        f"{_bytes(memory)} memory"
    )


def _each(each: Worker) -> str:
    workers = "1 worker" if each.workers == 1 else f"{each.workers} workers, each"
    memory = f"{each.memory_gb:g} GB" if each.memory_gb else "no reserved"
    threads = f"{each.threads} thread{'s' * (each.threads > 1)}"
    return f"{workers}: {each.cpus} CPU, {threads}, {each.gpus:g} GPU, {memory} memory"


def _bytes(amount: float) -> str:
    return f"{amount / 1e9:.1f} GB" if amount >= 1e8 else f"{amount / 1e6:.1f} MB"
