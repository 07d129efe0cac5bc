"""Decoding: nearest neighbours as scikit-learn's, scores that mean what they say, chance for what
knows nothing.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from helpers import recording, session
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, r2_score
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, NearestNeighbors

from raylab.config.readouts import KnnConfig
from raylab.config.training import EvaluationConfig
from raylab.config.view import ViewConfig
from raylab.data.session import Label
from raylab.data.views.view import make_timeline
from raylab.evaluation.bootstrap import block_bootstrap, interval
from raylab.evaluation.decoding import chance, decode, mean_scores, reference_samples
from raylab.evaluation.formulas import on_circle
from raylab.evaluation.neighbours import nearest, predict
from raylab.evaluation.scores import chance_scores, score_predictions

PARTS = np.array([[0, 240, 0], [240, 320, 1], [320, 400, 2]])
CONFIG = EvaluationConfig(neighbours=(1, 5, 9, 25))
KS = (1, 2, 5, 20)


def points(count: int, seed: int, dimension: int = 4) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, dimension))


each_metric = pytest.mark.parametrize("metric", ["euclidean", "cosine"])


@each_metric
@pytest.mark.parametrize("offset", [0.0, 5.0])
@pytest.mark.parametrize("dimension", [4, 12])
@pytest.mark.parametrize("silent", [False, True])
def test_neighbours_are_those_of_scikit_learn(
    metric: str, offset: float, dimension: int, silent: bool
) -> None:
    reference, queries = points(300, 0, dimension) + offset, points(80, 1, dimension) + offset
    reference[7] *= not silent
    expected = (
        NearestNeighbors(n_neighbors=7, metric=metric)
        .fit(reference)
        .kneighbors(queries, return_distance=False)
    )
    assert np.array_equal(nearest(reference, queries, k=7, metric=metric, tile=13), expected)


@each_metric
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), columns=st.integers(1, 3))
def test_continuous_predictions_are_those_of_scikit_learn(
    metric: str, seed: int, columns: int
) -> None:
    reference, queries = points(120, seed), points(30, seed + 1)
    values = points(120, seed + 2, columns)
    found = predict(Label.continuous(values), nearest(reference, queries, k=20, metric=metric), KS)
    for k in KS:
        oracle = KNeighborsRegressor(k, metric=metric).fit(reference, values)
        np.testing.assert_allclose(found[k], oracle.predict(queries).reshape(30, -1), atol=1e-9)


@each_metric
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000))
def test_circular_predictions_are_means_of_points_on_the_circle(metric: str, seed: int) -> None:
    reference, queries = points(120, seed), points(30, seed + 1)
    angles = np.random.default_rng(seed).uniform(-np.pi, np.pi, (120, 2))
    found = predict(
        Label.continuous(angles, kind="circular"),
        nearest(reference, queries, k=20, metric=metric),
        KS,
    )
    for k in KS:
        mean = (
            KNeighborsRegressor(k, metric=metric).fit(reference, on_circle(angles)).predict(queries)
        )
        np.testing.assert_allclose(found[k], np.arctan2(mean[:, 2:], mean[:, :2]), atol=1e-9)


@each_metric
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), classes=st.integers(2, 6))
def test_votes_and_their_ties_are_those_of_scikit_learn(
    metric: str, seed: int, classes: int
) -> None:
    reference, queries = points(120, seed), points(30, seed + 1)
    codes = np.random.default_rng(seed).integers(0, classes, 120)
    label = Label(kind="discrete", values=codes, classes=tuple(map(str, range(classes))))
    found = predict(label, nearest(reference, queries, k=20, metric=metric), KS)
    for k in KS:  # with k = 2 and 20 many votes are tied
        assert np.array_equal(
            found[k], KNeighborsClassifier(k, metric=metric).fit(reference, codes).predict(queries)
        )


def test_silent_rows_have_neighbours_too() -> None:
    found = nearest(np.zeros((5, 3)), np.ones((2, 3)), k=5, metric="cosine")
    assert sorted(found[0]) == [0, 1, 2, 3, 4]


# -- scores ----------------------------------------------------------------------------------------


def test_scores_are_fractions_and_the_label_s_own_unit() -> None:
    truth = np.array([[0.0], [1.0], [2.0], [3.0]])
    assert score_predictions("continuous", truth, truth) == {"r2": 1.0, "median_abs_error": 0.0}
    assert score_predictions("continuous", truth, truth + 0.25)[
        "median_abs_error"
    ] == pytest.approx(0.25)
    across = np.array([[np.pi - 0.05]] * 4), np.array([[-np.pi + 0.05]] * 4)
    assert score_predictions("circular", *across)["median_abs_error"] == pytest.approx(0.1)
    codes = np.array([0, 0, 0, 1])
    assert score_predictions("discrete", codes, np.zeros(4, int)) == {
        "balanced_accuracy": 0.5,
        "accuracy": 0.75,
    }


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000), constant=st.booleans())
def test_scores_are_those_of_scikit_learn(seed: int, constant: bool) -> None:
    random = np.random.default_rng(seed)
    truth, predicted = random.normal(size=(2, 12, 3))
    truth[:, 1] = truth[0, 1] if constant else truth[:, 1]
    truth[:, 2] = predicted[:, 2] = 3.0
    varies = [0] if constant else [0, 1]  # a constant column has no variance to explain
    assert score_predictions("continuous", truth, predicted)["r2"] == pytest.approx(
        r2_score(truth[:, varies], predicted[:, varies])
    )
    codes, guessed = random.integers(0, 5, (2, 12)) * 2
    found = score_predictions("discrete", codes, guessed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of a class that is predicted but never true
        expected = {
            "balanced_accuracy": balanced_accuracy_score(codes, guessed),
            "accuracy": (codes == guessed).mean(),
        }
    assert found == pytest.approx(expected)


def test_chance_is_the_best_constant_of_the_fitted_side() -> None:
    fitted, truth = np.array([[0.0], [0.0], [9.0]]), np.array([[1.0], [5.0]])
    found = chance_scores("continuous", fitted, truth)
    assert found["median_abs_error"] == pytest.approx(3.0)  # from the training median, 0
    assert found["r2"] == pytest.approx(0.0)  # the training mean happens to be the truth's
    discrete = chance_scores("discrete", np.array([1, 1, 0, 2]), np.array([0, 1, 2, 1]))
    assert discrete == {"balanced_accuracy": pytest.approx(1 / 3), "accuracy": 0.5}


def test_bootstrap_intervals_cover_at_their_rate() -> None:
    """The mean of correlated samples: intervals of single samples would cover about half of the
    time.
    """
    random, covered = np.random.default_rng(0), 0
    for seed in range(100):
        noise = random.normal(size=2000)
        values = np.convolve(
            noise, np.ones(25) / 5, mode="same"
        )  # correlated over 25 samples, mean zero
        draws = block_bootstrap(
            lambda at, values=values: {"mean": values[at].mean()}, len(values), seed=seed
        )
        low, high = interval([draws])["mean"]
        covered += low <= 0 <= high
    assert 84 <= covered <= 100


def test_bootstrap_of_few_samples_is_defined() -> None:
    for samples in (1, 2, 19, 20, 21):
        low, high = interval([block_bootstrap(lambda at: {"mean": float(at.mean())}, samples)])[
            "mean"
        ]
        assert 0 <= low <= high <= samples - 1


# -- decoding on the reference grid ----------------------------------------------------------------


def test_what_knows_nothing_scores_at_chance() -> None:
    """Labels shuffled against the features, over many draws: the interval of the mean covers
    chance.
    """
    scores: dict[str, list[float]] = {"position": [], "choice": []}
    for seed in range(30):
        random = np.random.default_rng(seed)
        labels = {
            "position": Label.continuous(random.normal(size=400)),
            "choice": Label.discrete(random.integers(0, 4, 400)),
        }
        timeline = make_timeline(recording(session(labels=labels), PARTS), ViewConfig())
        for label, found in scores.items():
            choice = KnnConfig(metric=("euclidean",), neighbours=(25,))
            decoded = decode(
                points(400, seed),
                timeline,
                CONFIG,
                label=label,
                fit=("train",),
                score="valid",
                choice=choice,
            )
            level = chance(timeline, CONFIG, label=label, fit=("train",), score="valid")
            assert decoded is not None
            assert level is not None
            primary = "r2" if label == "position" else "balanced_accuracy"
            found.append(decoded.primary - level[primary])
    for label, found in scores.items():
        mean, error = np.mean(found), np.std(found) / np.sqrt(len(found))
        slack = (
            0.06 if label == "position" else 0.0
        )  # a mean of 25 neighbours has 1/25 of the variance to lose
        assert mean - 3 * error - slack < 0 < mean + 3 * error + slack, (label, mean, error)


def test_the_choice_is_made_on_validation_and_used_on_test() -> None:
    one = recording(session(), PARTS)
    timeline = make_timeline(one, ViewConfig())
    with pytest.raises(AssertionError, match="chosen on validation"):
        decode(one.neural, timeline, CONFIG, label="position", fit=("train",), score="test")
    chosen = decode(one.neural, timeline, CONFIG, label="position", fit=("train",), score="valid")
    assert chosen is not None
    assert chosen.primary == max(
        decode(
            one.neural, timeline, CONFIG, label="position", fit=("train",), score="valid",
            choice=KnnConfig(metric=("euclidean",), neighbours=(k,)),
        ).primary  # type: ignore[union-attr]
        for k in CONFIG.neighbours
    )  # fmt: skip
    final = decode(
        one.neural, timeline, CONFIG, label="position", fit=("train", "valid"), score="test",
        choice=chosen.choice,
    )  # fmt: skip
    assert final is not None
    oracle = KNeighborsRegressor(chosen.choice.neighbours[0]).fit(
        one.neural[:320], one.labels["position"].values[:320]
    )
    np.testing.assert_allclose(final.predicted, oracle.predict(one.neural[320:]), atol=1e-5)


def test_unlabelled_samples_are_neither_neighbours_nor_scored() -> None:
    values = session().labels["position"].values.copy()
    values[50:60] = np.nan
    values[300:310] = np.nan
    one = recording(session(labels={"position": Label.continuous(values)}), PARTS)
    timeline = make_timeline(one, ViewConfig())
    decoded = decode(one.neural, timeline, CONFIG, label="position", fit=("train",), score="valid")
    assert decoded is not None
    assert len(decoded.truth) == 70
    assert np.isfinite(decoded.predicted).all()


@pytest.mark.parametrize("empty", [slice(0, 240), slice(240, 320)])
def test_a_side_without_labels_gives_no_score(empty: slice) -> None:
    values = session().labels["position"].values.copy()
    values[empty] = np.nan
    one = recording(session(labels={"position": Label.continuous(values)}), PARTS)
    timeline = make_timeline(one, ViewConfig())
    assert (
        decode(one.neural, timeline, CONFIG, label="position", fit=("train",), score="valid")
        is None
    )
    assert chance(timeline, CONFIG, label="position", fit=("train",), score="valid") is None


def test_fewer_fitted_samples_than_neighbours() -> None:
    values = session().labels["position"].values.copy()
    values[3:240] = np.nan
    one = recording(session(labels={"position": Label.continuous(values)}), PARTS)
    config = EvaluationConfig(neighbours=(5, 9))
    found = decode(
        one.neural,
        make_timeline(one, ViewConfig()),
        config,
        label="position",
        fit=("train",),
        score="valid",
    )
    assert found is not None
    assert found.choice == KnnConfig(metric=("euclidean",), neighbours=(3,))


def test_reference_samples_are_evenly_spaced_and_the_same_for_every_view() -> None:
    one = recording(session(), PARTS)
    plain, binned = (make_timeline(one, ViewConfig(bin_ms=bin_ms)) for bin_ms in (0, 500))
    taken = reference_samples(plain, ("train", "valid"), 50)
    assert np.array_equal(taken, reference_samples(binned, ("train", "valid"), 50))
    assert len(taken) == 100
    assert taken[0] == 0
    assert taken[49] == 239
    assert np.array_equal(reference_samples(plain, ("test",), 1000), np.arange(320, 400))


def test_means_leave_out_sessions_without_a_score() -> None:
    assert mean_scores([{"r2": 1.0}, None, {"r2": 0.0}]) == {"r2": 0.5}
    assert mean_scores([None]) == {}
