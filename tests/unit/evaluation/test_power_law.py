"""The fitted law: it finds the law that errors were drawn from, and says when it cannot."""

from __future__ import annotations

import numpy as np
import pytest

from raylab.evaluation.power_law import fit_power_law

SIZES = [250, 500, 1000, 2000, 4000, 8000, 16000]
TRUE = {"a": 3.0, "b": 0.45, "c": 0.08}


def errors(noise: float, seeds: int, *, minus: float = 0.0, draw: int = 0) -> list[list[float]]:
    random = np.random.default_rng(draw)
    means = TRUE["a"] * np.array(SIZES, float) ** -TRUE["b"] + TRUE["c"] - minus
    return [(mean + noise * random.normal(size=seeds)).tolist() for mean in means]


def test_a_law_without_noise_is_found_exactly() -> None:
    found = fit_power_law(SIZES, errors(0, 1))
    assert [found[name] for name in "abc"] == pytest.approx(list(TRUE.values()), rel=1e-3)
    assert found["r2"] == pytest.approx(1)
    assert (found["intervals"], found["curve"]["low"], found["notes"]) == (None, None, [])


def test_intervals_hold_the_law_as_often_as_they_say() -> None:
    """95 % of a bootstrap over 12 seeds; of 12 draws, fewer than 9 would be rare."""
    held = dict.fromkeys("abc", 0)
    for draw in range(12):
        found = fit_power_law(SIZES, errors(0.01, 12, draw=draw), resamples=50)
        for name in "abc":
            low, high = found["intervals"][name]
            assert low < found[name] < high
            held[name] += low <= TRUE[name] <= high
    assert min(held.values()) >= 9, held


def test_the_curve_and_its_band_are_along_the_sizes() -> None:
    found = fit_power_law(SIZES, errors(0.01, 5), resamples=40)
    curve = {name: np.array(values) for name, values in found["curve"].items()}
    assert (curve["sizes"][0], curve["sizes"][-1]) == pytest.approx((SIZES[0], SIZES[-1]))
    assert (np.diff(curve["errors"]) < 0).all()
    assert (curve["low"] < curve["high"]).all()
    assert curve["errors"][0] == pytest.approx(found["a"] * SIZES[0] ** -found["b"] + found["c"])


def test_what_has_no_bound_may_end_below_zero() -> None:
    below = fit_power_law(SIZES, errors(0, 1, minus=2), floor=-np.inf)
    assert [below[name] for name in "abc"] == pytest.approx([3.0, 0.45, 0.08 - 2], rel=1e-3)


@pytest.mark.parametrize(
    ("sizes", "found", "why"),
    [
        (
            SIZES[:3],
            errors(0, 1)[:3],
            "3 sizes with a score; a fit of 3 parameters needs 4 or more",
        ),
        ([500, 500, 1000, 1000], errors(0, 1)[:4], "2 sizes"),
        (SIZES, [*errors(0, 1)[:-1], []], "a size has no score"),
        (SIZES, [*errors(0, 1)[:-1], [float("nan")]], "not a number"),
    ],
)
def test_too_little_is_not_fitted(sizes: list[float], found: list[list[float]], why: str) -> None:
    result = fit_power_law(sizes, found)
    assert list(result) == ["refused"]
    assert why in result["refused"]


def test_what_does_not_fall_is_said() -> None:
    for rising in ([[0.3]] * 7, [[0.2 + 0.02 * place] for place in range(7)]):
        assert fit_power_law(SIZES, rising)["notes"] == [
            "the error does not fall with size here: the exponent says nothing"
        ]
    without_floor = [[3 * size**-0.5] for size in SIZES]
    assert "c lies at its bound (0)" in fit_power_law(SIZES, without_floor)["notes"][0]
