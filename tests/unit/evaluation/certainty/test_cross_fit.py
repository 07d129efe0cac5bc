"""A unit's loss comes from the candidate that is best on the other units."""

from __future__ import annotations

import numpy as np

from raylab.evaluation.certainty.confidence_set import confidence_set
from raylab.evaluation.certainty.cross_fit import cross_fitted, left_out


def test_each_unit_is_scored_by_the_choice_of_the_other_groups() -> None:
    losses = np.random.default_rng(0).random((5, 24))
    fit, changed = cross_fitted(losses), losses.copy()
    for held in left_out(24):
        others = np.delete(losses, held, axis=1).sum(axis=1)
        assert set(fit.chosen[held]) == {others.argmin()}
        # the units themselves have no say in which candidates score them
        changed[:, held] = losses[:, held] + 1e-3 * np.arange(5)[:, None]
        mixed = cross_fitted(changed).losses[held] - fit.losses[held]
        assert np.ptp(mixed) < 1e-3
        changed[:, held] = losses[:, held]
    assert fit.best == losses.mean(axis=1).argmin()
    lowest, highest = losses.min(axis=0), losses.max(axis=0)
    assert ((lowest <= fit.losses) & (fit.losses <= highest)).all()


def test_one_candidate_is_scored_by_its_own_losses() -> None:
    losses = np.random.default_rng(0).random((1, 30))
    assert np.allclose(cross_fitted(losses).losses, losses[0])
    assert np.allclose(cross_fitted(np.repeat(losses, 4, axis=0)).losses, losses[0])


def test_candidates_that_are_clearly_worse_do_not_count() -> None:
    generator = np.random.default_rng(0)
    good = generator.random(40)
    losses = np.stack([good, *(good + 3 + 0.1 * generator.random((20, 40)))])
    assert np.allclose(cross_fitted(losses).losses, good, atol=1e-9)


def test_a_candidate_gains_nothing_from_luck_on_the_units_that_score_it() -> None:
    """Of many that are equally good, the best one seems better; its cross-fitted loss does not."""
    generator = np.random.default_rng(1)
    tables = generator.standard_normal((300, 50, 40))
    lucky = np.mean([each.mean(axis=1).min() for each in tables])
    honest = np.mean([cross_fitted(each).losses.mean() for each in tables])
    assert lucky < -0.3
    assert abs(honest) < 0.02


def test_candidates_without_numbers_are_never_chosen() -> None:
    losses = np.array([[np.nan, 0.0, 0.0], [2.0, 2.0, 2.0], [np.inf, 1.0, 1.0]])
    fit = cross_fitted(losses)
    assert (fit.best, fit.chosen.tolist()) == (1, [1, 1, 1])
    assert not np.isfinite(cross_fitted(losses[[0]]).losses).all()
    assert cross_fitted(np.array([[2.0], [1.0]])).losses.tolist() == [1.0]  # a single unit


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
    claimed = confidence_set(losses)
    assert claimed is not None
    assert claimed.members == ("good", "copy")
    assert claimed.pvalues["broken"] == 0
    assert confidence_set({"a": np.zeros(20), "b": np.zeros(20)}).members == ("a", "b")
    assert confidence_set({"a": np.zeros(20), "b": np.ones(20)}).members == ("a",)
    assert confidence_set({"a": good}).members == ("a",)
    assert confidence_set({"a": good[:19], "b": good[:19]}) is None
    assert confidence_set(losses) == claimed
