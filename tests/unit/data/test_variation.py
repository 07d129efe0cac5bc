"""One relative threshold says what varies: labels, targets, scales of units and R2."""

from __future__ import annotations

import numpy as np
import pytest

from raylab.data.session import Label
from raylab.data.views.variation import columns_varying, label_varies, value_text, varying
from raylab.evaluation.scores import score_predictions


@pytest.mark.parametrize("value", [0.0, 0.3, -0.1, 1e9 + 0.1, 1.7e9, 5e-324, 1e-300, 1e300])
def test_a_constant_is_one_wherever_it_lies(value: float) -> None:
    values = np.full((1000, 1), value)
    assert not varying(values).any()
    # The last digits differ, as they do after sums in another order.
    assert not varying(values * (1 + np.linspace(-2e-16, 2e-16, 1000))[:, None]).any()


@pytest.mark.parametrize("offset", [0.0, 0.3, 1e9, 1.7e9])
@pytest.mark.parametrize("spread", [5.0, 0.01])
def test_what_varies_varies_far_from_zero_too(offset: float, spread: float) -> None:
    values = offset + spread * np.sin(np.arange(100.0))[:, None]
    assert varying(values).all()


def test_float32_has_fewer_digits() -> None:
    values = np.full((10, 2), 0.3, np.float32)
    values[0, 0] = np.nextafter(np.float32(0.3), np.float32(1))
    values[0, 1] = 0.3003
    assert varying(values).tolist() == [False, True]


def test_no_value_no_variation() -> None:
    assert varying(np.zeros((0, 3))).tolist() == [False] * 3
    assert not label_varies(Label.continuous(np.full(5, np.nan)))


def test_angles_are_compared_on_the_circle() -> None:
    turns = np.array([[0.0, 0.5], [2 * np.pi, 0.5], [-2 * np.pi, 0.5 + 1e-16]])
    assert columns_varying(Label.continuous(turns, kind="circular")).tolist() == [False, False]
    border = Label.continuous(np.array([np.pi, -np.pi, np.pi]), kind="circular")
    assert not label_varies(border)
    assert label_varies(Label.continuous(np.array([np.pi, -np.pi + 0.01]), kind="circular"))


def test_values_in_messages() -> None:
    assert value_text(Label.discrete(np.array(["", "left"]))) == "'left'"
    assert value_text(Label.continuous(np.full(3, 0.3), unit="m")) == "0.3 m"
    assert value_text(Label.continuous(np.array([[0.5, 2.0]]), unit="cm")) == "(0.5, 2) cm"


@pytest.mark.parametrize("value", [0.3, 1e9 + 0.1, 5e-324])
@pytest.mark.parametrize("kind", ["continuous", "circular"])
def test_r2_leaves_constant_columns_out(kind: str, value: float) -> None:
    """Not 0, not -1e32: a constant column has no variance that could be explained."""
    random = np.random.default_rng(0)
    truth = np.column_stack([random.uniform(-2, 2, 500), np.full(500, value)])
    predicted = truth + 0.1 * random.normal(size=truth.shape)
    both = score_predictions(kind, truth, predicted)["r2"]
    assert both == score_predictions(kind, truth[:, :1], predicted[:, :1])["r2"]
    assert 0.9 < both < 1
    assert np.isnan(score_predictions(kind, truth[:, 1:], predicted[:, 1:])["r2"])


def test_r2_of_tiny_and_of_far_values() -> None:
    random = np.random.default_rng(0)
    truth, error = random.normal(size=(2, 300, 1))
    plain = score_predictions("continuous", truth, truth + 0.1 * error)["r2"]
    for scale, offset in ((1e-100, 0.0), (1.0, 1.7e9), (1e-3, 1e6)):
        moved = scale * truth + offset
        r2 = score_predictions("continuous", moved, moved + 0.1 * scale * error)["r2"]
        assert r2 == pytest.approx(plain, abs=1e-5)
