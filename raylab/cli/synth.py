"""The verb `synth`: synthetic sessions."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

import raylab
from raylab.cli.group import PATH, verb


@verb(
    "raylab synth runs/recordings --sessions 4\nraylab synth runs/spikes --kind neuropixels "
    "--sessions 1"
)
@click.argument("out", type=PATH)
@click.option(
    "--kind", default="calcium", show_default=True, type=click.Choice(["calcium", "neuropixels"])
)
@click.option("--sessions", default=4, show_default=True, type=click.IntRange(1))
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0))
@click.option(
    "--samples",
    type=click.IntRange(100),
    help="Calcium: samples per session, at 30 Hz; default 6000.",
)
@click.option(
    "--form",
    type=click.Choice(["domains", "masks"]),
    help="Calcium: how the file states its splits; default domains.",
)
@click.option(
    "--tuning",
    type=click.Choice(["simple", "mixed"]),
    help="Calcium: mixed units answer to a conjunction of angle, speed and a third latent, with "
    "delays, as many units of cortex do; default simple.",
)
@click.option(
    "--units", type=click.IntRange(1), help="Units per session; default 150 to 240, or 400."
)
@click.option("--scenes", type=click.IntRange(2), help="Neuropixels: images; default 118.")
@click.option(
    "--presentations",
    type=click.IntRange(1),
    help="Neuropixels: presentations of each image; default 50.",
)
@click.option(
    "--noise",
    type=click.FloatRange(0),
    help="Calcium: standard deviation of the noise of a sample, in dF/F (one spike is 0.2); "
    "default 0.05. Neuropixels: standard deviation of the logarithm of a unit's gain in a "
    "presentation; default 0.5.",
)
def synth(
    out: Path,
    kind: str,
    sessions: int,
    seed: int,
    samples: int | None,
    form: Literal["domains", "masks"] | None,
    tuning: Literal["simple", "mixed"] | None,
    units: int | None,
    scenes: int | None,
    presentations: int | None,
    noise: float | None,
) -> None:
    """Write synthetic sessions with known tuning.

    calcium: two-photon sessions in the torch_brain format. neuropixels: spikes during scenes and
    gratings as npz, for the recipe synthetic_neuropixels.
    """
    if kind == "calcium":
        _refuse(kind, scenes=scenes, presentations=presentations)
        written = raylab.synth(
            out,
            sessions=sessions,
            seed=seed,
            samples=samples or 6000,
            form=form or "domains",
            tuning=tuning or "simple",
            units=(units, units) if units else (150, 240),
            noise=0.05 if noise is None else noise,
        )
    else:
        _refuse(kind, samples=samples, form=form, tuning=tuning)
        written = raylab.synth_spikes(
            out,
            sessions=sessions,
            seed=seed,
            units=units or 400,
            scenes=scenes or 118,
            presentations=presentations or 50,
            noise=0.5 if noise is None else noise,
        )
    from raylab.reporting.progress.wording import count

    click.echo(f"{count(len(written), 'session')} in {out}")


def _refuse(kind: str, **options: int | str | None) -> None:
    """Options of the other kind of sessions."""
    for name, value in options.items():
        if value is not None:
            raise click.UsageError(f"--{name} is not of --kind {kind}")
