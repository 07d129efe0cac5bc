"""Units with mixed tuning answer to a conjunction of variables, some time after it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from raylab.cli import cli
from raylab.data.readers.read import read_source
from raylab.data.readers.sources import list_sources
from raylab.data.synthesis.mixed import LONGEST_DELAY_S, PEAK_HZ, mixed_rates
from raylab.data.synthesis.truth import RATE_HZ, Truth


@pytest.fixture(scope="module")
def truth() -> Truth:
    return Truth.draw(20_000, np.random.default_rng(0))


def test_a_unit_fires_where_angle_speed_and_latent_are_all_right(truth: Truth) -> None:
    rates = mixed_rates(truth, 40, np.random.default_rng(1))
    assert rates.min() >= 0.2
    assert rates.max() <= 0.2 + PEAK_HZ[1]
    best = rates >= np.quantile(rates, 0.99, axis=0)
    for values in (truth.speed, truth.latent[:, 2]):
        inside = [values[unit].std() for unit in best.T]
        assert np.median(inside) < 0.75 * values.std()
    # 1 - the length of the mean direction: 0 where all angles are the same, 1 of a uniform circle.
    spread = [1 - np.linalg.norm(truth.latent[unit, :2].mean(axis=0)) for unit in best.T]
    assert np.median(spread) < 0.4


def test_units_follow_with_delays_of_up_to_half_a_second() -> None:
    steps = 1 + int(LONGEST_DELAY_S * RATE_HZ)
    still = np.zeros(400)
    moved = np.where(np.arange(400) < 200, 0.0, 20.0)
    latent = np.stack([np.ones(400), still, still], axis=1).astype(np.float32)
    none = np.zeros((0, 4), np.int64)
    truth = Truth(latent=latent, speed=moved, gratings=none, movie=none)
    changes = np.diff(mixed_rates(truth, 60, np.random.default_rng(0)), axis=0) != 0
    at = [int(unit.argmax()) - 199 for unit in changes.T if unit.any()]
    assert min(at) >= 0
    assert max(at) < steps
    assert len(set(at)) > steps // 2


def test_the_command_writes_mixed_sessions_of_as_many_units_as_asked(tmp_path: Path) -> None:
    arguments = ["synth", str(tmp_path), "--sessions", "1", "--samples", "600", "--units", "12"]
    assert CliRunner().invoke(cli, [*arguments, "--tuning", "mixed"]).exit_code == 0
    (session,) = [read_source(source) for source in list_sources(tmp_path)]
    assert session.neural.shape == (600, 12)
    refused = CliRunner().invoke(
        cli, ["synth", str(tmp_path / "n"), "--kind", "neuropixels", "--tuning", "mixed"]
    )
    assert (refused.exit_code, "--tuning is not of --kind neuropixels" in refused.output) == (
        2,
        True,
    )
