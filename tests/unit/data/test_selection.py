"""Which units a view shows: as scikit-learn ranks them by training samples, always the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helpers import recording, session
from sklearn.feature_selection import f_classif, r_regression
from sklearn.linear_model import LinearRegression

from raylab.config.view import ViewConfig
from raylab.data.session import Label
from raylab.data.views.selection import Fitted, explained, pool
from raylab.data.views.view import view_activity
from raylab.errors import ConfigError

PARTS = np.array([[0, 240, 0], [240, 320, 1], [320, 400, 2]])
RANDOM = np.random.default_rng(0)
ACTIVITY = RANDOM.normal(size=(300, 5)).cumsum(axis=0).astype(np.float32)


def chosen(neural: np.ndarray | None = None, units: int = 6, **view: Any) -> list[int]:
    one = recording(session(units=units, **({} if neural is None else {"neural": neural})), PARTS)
    activity, fitted = view_activity(one, ViewConfig(**view))
    assert activity.shape == (400, len(fitted.columns))
    return fitted.columns.tolist()


# -- what a label explains -------------------------------------------------------------------------


def test_one_continuous_column_is_the_squared_correlation() -> None:
    label = Label.continuous(RANDOM.normal(size=300).cumsum())
    np.testing.assert_allclose(
        explained(ACTIVITY, label), r_regression(ACTIVITY, label.values[:, 0]) ** 2, rtol=1e-5
    )


@pytest.mark.parametrize("kind", ["continuous", "circular"])
def test_several_columns_are_the_multiple_correlation(kind: Any) -> None:
    label = Label.continuous(RANDOM.normal(size=(300, 2)).cumsum(axis=0), kind=kind)
    design = (
        np.concatenate([np.sin(label.values), np.cos(label.values)], 1)
        if kind == "circular"
        else label.values
    )
    expected = [LinearRegression().fit(design, unit).score(design, unit) for unit in ACTIVITY.T]
    np.testing.assert_allclose(explained(ACTIVITY, label), expected, rtol=1e-5)


def test_classes_are_eta_squared_of_the_f_statistic() -> None:
    label = Label.discrete(RANDOM.integers(0, 4, 300))
    f, _ = f_classif(ACTIVITY.astype(np.float64), label.values)
    np.testing.assert_allclose(explained(ACTIVITY, label), f * 3 / (f * 3 + 296), rtol=1e-5)


def test_a_constant_unit_is_explained_by_nothing() -> None:
    flat = np.concatenate([np.full((300, 1), 3.7, np.float32), ACTIVITY], axis=1)
    for label in (Label.continuous(np.arange(300.0)), Label.discrete(np.arange(300) % 3)):
        assert explained(flat, label)[0] == 0
    twice = Label.continuous(np.tile(np.arange(300.0)[:, None], 2))  # columns that say the same
    np.testing.assert_allclose(
        explained(flat, twice), explained(flat, Label.continuous(np.arange(300.0))), atol=1e-9
    )


# -- choices ---------------------------------------------------------------------------------------


def test_by_variance_of_the_view() -> None:
    neural = session().neural * np.array([1, 9, 2, 8, 3, 7], np.float32)
    spread = neural[:240].std(axis=0)
    expected = sorted(np.argsort(-spread)[:3].tolist())
    assert chosen(neural, selection={"kind": "variance", "count": 3}) == expected
    neural[240:, 0] *= 1000  # outside training: nobody looks
    assert chosen(neural, selection={"kind": "variance", "count": 3}) == expected
    clipped = chosen(
        neural, clip_max=0.0, clip_min=-0.01, selection={"kind": "variance", "count": 3}
    )
    assert clipped != expected  # the view counts, not what was recorded


@pytest.mark.parametrize("name", ["position", "heading", "choice"])
def test_by_correlation_with_a_label(name: str) -> None:
    one = session(units=6)
    neural = np.random.default_rng(3).normal(size=one.neural.shape).astype(np.float32)
    label = one.labels[name]
    values = np.cos(label.values[:, 0]) if name == "heading" else label.values.reshape(-1)
    neural[:240, [1, 4]] += 2 * values[:240, None]
    neural[240:, [0, 5]] += 50 * values[240:, None]  # only after training
    assert chosen(neural, selection={"kind": "correlation", "count": 2, "label": name}) == [1, 4]
    missing = Label(
        kind=label.kind,
        values=np.where(np.arange(400) < 60, -1, label.values)
        if label.kind == "discrete"
        else label.values.copy(),
        classes=label.classes,
    )
    if label.kind != "discrete":
        missing.values[:60] = np.nan
    other = recording(session(neural=neural, labels={name: missing}), PARTS)
    view = ViewConfig(
        selection={"kind": "correlation", "count": 2}, bin_ms=200
    )  # the session's first label
    assert view_activity(other, view)[1].columns.tolist() == [1, 4]


def test_by_correlation_with_the_time_that_the_view_adds() -> None:
    neural = np.random.default_rng(3).normal(size=(400, 6)).astype(np.float32)
    neural[:, 2] += np.arange(400) / 50
    selection = {"kind": "correlation", "count": 1, "label": "time"}
    assert chosen(neural, normalized_time=True, selection=selection) == [2]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"label": "none"}, "has no label 'none'"),
        ({"label": "position"}, "fewer than two values in the training samples"),
    ],
)
def test_labels_that_cannot_choose(changes: dict[str, Any], message: str) -> None:
    labels = {"position": Label.continuous(np.where(np.arange(400) < 240, 1.0, np.arange(400)))}
    one = recording(session(labels=labels), PARTS)
    with pytest.raises(ConfigError, match=message):
        view_activity(one, ViewConfig(selection={"kind": "correlation", "count": 2, **changes}))


def test_random_units_are_nested_and_of_their_session() -> None:
    few, more = (
        chosen(units=40, selection={"kind": "random", "count": count}) for count in (5, 12)
    )
    assert len(few) == 5
    assert set(few) < set(more)
    assert chosen(units=40, selection={"kind": "random", "count": 5}) == few
    assert chosen(units=40, selection={"kind": "random", "count": 5, "seed": 1}) != few
    other = recording(session("mouse", units=40), PARTS)
    assert (
        view_activity(other, ViewConfig(selection={"kind": "random", "count": 5}))[
            1
        ].columns.tolist()
        != few
    )


@pytest.mark.parametrize("kind", ["variance", "correlation", "random"])
def test_fewer_units_than_asked_for_are_all_taken(kind: str) -> None:
    assert chosen(selection={"kind": kind, "count": 7}) == [0, 1, 2, 3, 4, 5]


def test_outliers_go_first() -> None:
    neural = np.random.default_rng(1).normal(size=(400, 6)).astype(np.float32)
    neural[100, 3], neural[300, 1] = 80, 80  # the second after training
    assert chosen(neural, outlier_z=8) == [0, 1, 2, 4, 5]
    assert 3 not in chosen(neural, outlier_z=8, selection={"kind": "variance", "count": 2})
    assert chosen(neural, outlier_z=8, clip_max=3) == [0, 1, 2, 3, 4, 5]
    with pytest.raises(ConfigError, match=r"view\.outlier_z: every unit of session 'rat'"):
        chosen(neural, outlier_z=0.1)


def test_random_units_do_not_depend_on_outliers_elsewhere() -> None:
    neural = np.random.default_rng(1).normal(size=(400, 30)).astype(np.float32)
    selection = {"kind": "random", "count": 8}
    before = chosen(neural, selection=selection)
    neural[100, before[0]] = 80
    after = chosen(neural, outlier_z=8, selection=selection)
    assert set(before[1:]) < set(after)


def test_columns_without_z_score_are_the_activity() -> None:
    one = recording(session(), PARTS)
    activity, fitted = view_activity(
        one, ViewConfig(zscore=False, selection={"kind": "variance", "count": 2})
    )
    assert fitted.mean is None
    assert np.array_equal(activity, one.neural[:, fitted.columns])


# -- sessions without training samples -------------------------------------------------------------


def test_pooled_scale_is_that_of_all_training_rows() -> None:
    wide, narrow = RANDOM.normal(3, 5, (200, 3)), RANDOM.normal(-1, 2, (50, 2))
    fits = [
        (
            Fitted(np.arange(data.shape[1]), data.mean(0).astype("f4"), data.std(0).astype("f4")),
            len(data),
        )
        for data in (wide, narrow)
    ]
    both = np.concatenate([wide[:, :2], narrow])
    found = pool(fits, np.array([0, 2, 5, 9]))
    assert found.columns.tolist() == [0, 2, 5]  # no weight is trained for a fourth
    assert found.mean is not None
    assert found.std is not None
    np.testing.assert_allclose(found.mean, [*both.mean(0), wide[:, 2].mean()], rtol=1e-5)
    np.testing.assert_allclose(found.std, [*both.std(0), wide[:, 2].std()], rtol=1e-5)
    assert pool(fits, np.array([4])).mean == pytest.approx(both[:, 0].mean(), rel=1e-5)


def test_pooled_without_scale() -> None:
    assert pool([(Fitted(np.arange(2)), 5)], np.arange(3)).arrays().keys() == {"columns"}
