"""A unit's loss comes from the candidate that is best on the other units."""

from __future__ import annotations

import numpy as np

from raylab.evaluation.certainty.confidence_set import confidence_set
from raylab.evaluation.certainty.cross_fit import cross_fitted


def test_each_unit_is_scored_by_the_choice_of_the_others() -> None:
    losses = np.random.default_rng(0).random((5, 24))
    fit = cross_fitted(losses)
    for unit in range(24):
        others = np.delete(losses, unit, axis=1).sum(axis=1)
        assert fit.chosen[unit] == others.argmin()
        assert fit.losses[unit] == losses[others.argmin(), unit]
    assert fit.best == losses.mean(axis=1).argmin()


def test_a_candidate_gains_nothing_from_luck_on_the_unit_that_scores_it() -> None:
    losses = np.ones((30, 30)) - np.eye(30)  # each candidate is perfect on one unit
    assert cross_fitted(losses).losses.tolist() == [1.0] * 30


def test_candidates_without_numbers_are_never_chosen() -> None:
    losses = np.array([[np.nan, 0.0, 0.0], [2.0, 2.0, 2.0], [np.inf, 1.0, 1.0]])
    fit = cross_fitted(losses)
    assert (fit.best, fit.chosen.tolist()) == (1, [1, 1, 1])
    assert not np.isfinite(cross_fitted(losses[[0]]).losses).all()


def test_a_set_is_not_broken_by_equal_constant_or_missing_losses() -> None:
    generator = np.random.default_rng(0)
    good = generator.random(30)
    losses = {
        "good": good,
        "copy": good.copy(),
        "offset": good + 0.5,
        "constant": np.full(30, 3.0),
        "broken": np.where(np.arange(30) == 4, np.nan, good),
    }
    found = confidence_set(losses)
    assert found is not None
    assert found.members == ("good", "copy")
    assert found.pvalues["broken"] == 0
    assert confidence_set({"a": np.zeros(20), "b": np.zeros(20)}).members == ("a", "b")
    assert confidence_set({"a": np.zeros(20), "b": np.ones(20)}).members == ("a",)
    assert confidence_set({"a": good}).members == ("a",)
    assert confidence_set({"a": good[:19], "b": good[:19]}) is None
    assert confidence_set(losses) == found
