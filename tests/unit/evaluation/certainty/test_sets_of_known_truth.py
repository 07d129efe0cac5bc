"""Confidence sets and chance on simulated tables of losses, whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from simulated_losses import entrants

from raylab.evaluation.certainty.beyond_chance import beats_chance
from raylab.evaluation.certainty.confidence_set import confidence_set
from raylab.evaluation.certainty.cross_fit import cross_fitted

TRIES = (1, 5, 20, 60)
TABLES = 60
# Of a rate of 90 % in so many tables, two standard errors of the simulation.
LEAST = 0.9 - 2 * np.sqrt(0.09 / TABLES)


def losses_of(tables: list[np.ndarray]) -> dict[str, np.ndarray]:
    return {str(number): cross_fitted(each).losses for number, each in enumerate(tables)}


def share_of_sets(units: int, correlation: float, tries=TRIES, tables: int = TABLES) -> float:
    generator = np.random.default_rng(units)
    return np.mean(
        [
            len(
                confidence_set(
                    losses_of(entrants(generator, tries, units, correlation=correlation))
                ).members
            )
            == len(tries)
            for _ in range(tables)
        ]
    )


@pytest.mark.parametrize("units", [20, 60])
def test_entrants_that_are_equally_good_are_all_in_the_set(units: int) -> None:
    assert share_of_sets(units, 0.3) >= LEAST


@pytest.mark.slow
@pytest.mark.parametrize("correlation", [0.0, 0.3])
@pytest.mark.parametrize("units", [20, 40, 100])
@pytest.mark.parametrize("tries", [TRIES, (1,) * 10])
def test_sets_hold_what_they_state(units: int, correlation: float, tries: tuple[int, ...]) -> None:
    assert share_of_sets(units, correlation, tries, 200) >= 0.9 - 2 * np.sqrt(0.09 / 200)


def test_an_entrant_that_explodes_hides_no_difference_of_the_others() -> None:
    """As a Wiener filter does in neighbouring units of a recording: R2 of -20 beside .1 and .4."""
    generator = np.random.default_rng(0)
    shared, own = generator.normal(size=80), generator.normal(size=(2, 80))
    losses = {"best": 0.6 + 0.3 * (shared + own[0]), "worse": 0.9 + 0.3 * (shared + own[1])}
    exploding = np.repeat(generator.exponential(20.0, 8), 10)
    assert confidence_set(losses).members == ("best",)
    assert "worse" not in confidence_set({**losses, "exploding": exploding}).members


@pytest.mark.parametrize("better", [0, 3])
def test_an_entrant_that_is_better_by_a_margin_is_alone_in_the_set(better: int) -> None:
    generator = np.random.default_rng(better)
    gains = tuple(2.0 * (number == better) for number in range(len(TRIES)))
    alone = [
        confidence_set(losses_of(entrants(generator, TRIES, 60, gains=gains))).members
        == (str(better),)
        for _ in range(20)
    ]
    assert np.mean(alone) >= 0.95


@pytest.mark.parametrize("units", [20, 60])
def test_labels_without_information_beat_no_chance(units: int) -> None:
    """At the 95 % that are stated, or more often: the constant is as good as every entrant."""
    generator = np.random.default_rng(units)
    better = 0
    for _ in range(300):
        *tables, constant = entrants(generator, (1, 3, 10, 30, 1), units)
        better += bool(beats_chance(losses_of(tables), constant[0]))
    assert better / 300 <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 300)


def test_what_predicts_better_than_a_constant_is_named() -> None:
    generator = np.random.default_rng(0)
    good, useless = entrants(generator, (4, 4), 40, gains=(3.0, 0.0))
    losses = {"good": cross_fitted(good).losses, "useless": cross_fitted(useless).losses}
    chance = np.full(40, 5.0)
    assert beats_chance(losses, chance) == ("good",)
    assert beats_chance({"same": chance}, chance) == ()
    assert beats_chance({"perfect": np.zeros(40)}, chance) == ("perfect",)
    assert beats_chance({"broken": np.full(40, np.nan)}, chance) == ()
