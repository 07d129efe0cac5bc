"""How an error falls with size: error(n) = a * n^-b + c, fitted to means over seeds, with intervals
by bootstrap.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.optimize import OptimizeWarning, curve_fit

PARAMETERS = 3
FEWEST = PARAMETERS + 1  # a curve through as many points as it has parameters says nothing
STEEPEST = 4.0  # of exponents; published ones of deep networks lie between 0.05 and 0.5
RESAMPLES = 400
CURVE_POINTS = 40
STARTS = (0.1, 0.5, 1.5)
NEAR = 1e-3  # to a bound, or to nothing


@dataclass(frozen=True)
class PowerLaw:
    """error(n) = a * n^-b + c; what Hestness et al. (2017, arXiv 1712.00409) fit over data, with
    the floor c that no amount of data removes, and Kaplan et al. (2020, arXiv 2001.08361) over
    model size.
    """

    a: float
    b: float
    c: float

    def at(self, sizes: np.ndarray) -> np.ndarray:
        return _law(np.asarray(sizes, float), self.a, self.b, self.c)


def fit_power_law(
    sizes: Sequence[float],
    errors: Sequence[Sequence[float]],
    *,
    floor: float = 0.0,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Any]:
    """Least squares on the means of each size, within a >= 0, 0 <= b <= STEEPEST, c >= floor.

    Args:
        sizes: (P,) above 0, such as training samples or hidden units.
        errors: For each size those of its seeds. A bootstrap draws from each size's seeds by
            themselves, as its trials were trained by themselves; of few seeds it is too narrow, of
            one seed there is none.
        floor: What the error cannot be below; -inf for a quantity without a bound.

    Returns:
        {"a", "b", "c", "intervals": {name: 95 %} or None, "r2": of the means, "notes", "curve":
        {"sizes", "errors", "low", "high": None of one seed}}, or {"refused": why}.
    """
    refused = _refusal(sizes, errors)
    if refused:
        return {"refused": refused}
    at = np.asarray(sizes, float)
    means = np.array([np.mean(each) for each in errors])
    law = _fit(at, means, floor, STARTS)
    if law is None:
        return {"refused": "no fit was found"}
    drawn = _resampled(at, errors, floor, resamples, np.random.default_rng(seed), law)
    along = np.geomspace(at.min(), at.max(), CURVE_POINTS)
    rest, spread = np.square(means - law.at(at)).sum(), np.square(means - means.mean()).sum()
    low, high = _interval(np.stack([each.at(along) for each in drawn])) if drawn else (None, None)
    return {
        **asdict(law),
        "intervals": _intervals(drawn),
        "r2": float(1 - rest / spread) if spread > 0 else None,
        "notes": _notes(law, at, floor),
        "curve": {
            "sizes": along.tolist(),
            "errors": law.at(along).tolist(),
            "low": low,
            "high": high,
        },
    }


def _refusal(sizes: Sequence[float], errors: Sequence[Sequence[float]]) -> str | None:
    different = len({size for size, scores in zip(sizes, errors, strict=True) if len(scores)})
    if different < FEWEST:
        return (
            f"{different} sizes with a score; a fit of {PARAMETERS} parameters needs {FEWEST} "
            "or more"
        )
    if any(not len(scores) for scores in errors) or not all(
        np.isfinite(scores).all() for scores in errors
    ):
        return "a size has no score, or one that is not a number"
    return None


def _fit(
    sizes: np.ndarray, means: np.ndarray, floor: float, starts: Sequence[float]
) -> PowerLaw | None:
    """The best of several starts, in units of the middle size and the spread, so that steps are
    alike in size.
    """
    middle, unit = float(np.exp(np.log(sizes).mean())), float(max(np.ptp(means), 1e-12))
    low = (floor - means.min()) / unit
    fits: list[tuple[float, np.ndarray]] = []
    for start in starts:
        begin = [max(means.max() - means.min(), 1e-9) / unit / 2, start, max(low + 1e-6, -0.1)]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter(
                    "ignore", OptimizeWarning
                )  # of the covariance, which is not used
                values, _ = curve_fit(
                    _law,
                    sizes / middle,
                    (means - means.min()) / unit,
                    p0=begin,
                    jac=_slopes,
                    bounds=([0, 0, low], [np.inf, STEEPEST, np.inf]),
                    max_nfev=5000,
                )
        except RuntimeError:  # no convergence from here
            continue
        fitted = _law(sizes / middle, *values)
        fits.append((float(np.square(fitted - (means - means.min()) / unit).sum()), values))
    if not fits:
        return None
    a, b, c = min(fits, key=lambda fit: fit[0])[1]
    return PowerLaw(float(a * unit * middle**b), float(b), float(c * unit + means.min()))


def _law(n: np.ndarray, a: float, b: float, c: float) -> np.ndarray:
    return np.asarray(a * n**-b + c)


def _slopes(n: np.ndarray, a: float, b: float, _: float) -> np.ndarray:
    """By a, b and c."""
    return np.stack([n**-b, -a * np.log(n) * n**-b, np.ones_like(n)], axis=1)


def _resampled(
    sizes: np.ndarray,
    errors: Sequence[Sequence[float]],
    floor: float,
    resamples: int,
    random: np.random.Generator,
    law: PowerLaw,
) -> list[PowerLaw]:
    if min(len(each) for each in errors) < 2:
        return []
    starts = (float(np.clip(law.b, 0.05, STEEPEST - 0.1)),)
    drawn = []
    for _ in range(resamples):
        means = np.array(
            [np.mean(random.choice(np.asarray(each, float), len(each))) for each in errors]
        )
        drawn.append(_fit(sizes, means, floor, starts))
    return [each for each in drawn if each is not None]


def _intervals(drawn: Sequence[PowerLaw]) -> dict[str, list[float]] | None:
    if not drawn:
        return None
    low, high = _interval(np.array([[law.a, law.b, law.c] for law in drawn]))
    return {name: [low[place], high[place]] for place, name in enumerate("abc")}


def _interval(values: np.ndarray) -> tuple[list[float], list[float]]:
    low, high = np.percentile(values, [2.5, 97.5], axis=0)
    return low.tolist(), high.tolist()


def _notes(law: PowerLaw, sizes: np.ndarray, floor: float) -> list[str]:
    first, last = law.at(np.array([sizes.min(), sizes.max()]))
    if first - last <= NEAR * abs(first):
        return ["the error does not fall with size here: the exponent says nothing"]
    notes = []
    if law.b < NEAR or law.b > STEEPEST - NEAR:
        notes.append(
            f"the exponent lies at its bound ({law.b:.3g}): these sizes do not determine it"
        )
    if np.isfinite(floor) and law.c - floor < NEAR * abs(last):
        notes.append(f"c lies at its bound ({floor:g}): these sizes show no error that would stay")
    return notes
