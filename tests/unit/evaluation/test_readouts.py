"""Readouts: what they can decode, how settings are chosen, what is kept, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from raylab.config.parse import parse
from raylab.config.readouts import (
    NEIGHBOURS,
    READOUTS,
    ExtraTreesConfig,
    GradientBoostingConfig,
    KalmanConfig,
    KnnConfig,
    LdaConfig,
    LogisticConfig,
    NaiveBayesConfig,
    ReadoutConfig,
    RidgeConfig,
    SvmConfig,
    WienerCascadeConfig,
    WienerConfig,
)
from raylab.config.training import EvaluationConfig
from raylab.data.session import Label
from raylab.errors import ConfigError, TrainingError
from raylab.evaluation.readouts import (
    Predicted,
    choose_readout,
    fit_readout,
    require_support,
    supports,
)
from raylab.evaluation.scores import score_predictions
from raylab.files import map_tensors, write_tensors
from raylab.sampling.few_shot import few_shot

ONE_EACH: dict[str, ReadoutConfig] = {
    "knn": KnnConfig(neighbours=3, metric="euclidean"),
    "naive_bayes": NaiveBayesConfig(kind="naive_bayes", smoothing=1e-3),
    "ridge": RidgeConfig(kind="ridge", alpha=1.0),
    "logistic": LogisticConfig(kind="logistic", c=0.1),
    "svm": SvmConfig(kind="svm", c=0.01),
    "lda": LdaConfig(kind="lda"),
    "wiener": WienerConfig(kind="wiener"),
    "wiener_cascade": WienerCascadeConfig(kind="wiener_cascade", degree=3),
    "kalman": KalmanConfig(kind="kalman", order=0, process_noise=1.0),
    "gradient_boosting": GradientBoostingConfig(kind="gradient_boosting", rounds=20),
    "extra_trees": ExtraTreesConfig(kind="extra_trees", trees=20, leaf=2),
}
LABELS = ("discrete", "continuous", "circular")
each_kind = pytest.mark.parametrize("kind", READOUTS.names)
of_classes = pytest.mark.parametrize(
    "kind", [kind for kind in READOUTS.names if supports(kind, "discrete")]
)
SUPPORTED = [(kind, label) for kind in READOUTS.names for label in LABELS if supports(kind, label)]


def examples(
    count: int = 90, seed: int = 0, width: int = 8, signal: float = 2.0
) -> tuple[np.ndarray, dict[str, Label]]:
    """(n, F) features in which three classes, two values and an angle can be seen, with noise."""
    random = np.random.default_rng(seed)
    codes, means = np.arange(count) % 3, np.random.default_rng(99).normal(size=(3, width))
    features = (signal * means[codes] + random.normal(size=(count, width))).astype(np.float32)
    names = ("left", "middle", "right")
    return features, {
        "discrete": Label(kind="discrete", values=codes, classes=names),
        "continuous": Label.continuous(features[:, :2] + 0.1 * random.normal(size=(count, 2))),
        "circular": Label.continuous(np.arctan2(features[:, 0], features[:, 1]), kind="circular"),
    }


def accuracy(truth: Label, predicted: Predicted) -> float:
    return score_predictions(truth.kind, truth.values, predicted.values)["accuracy"]


def r2(truth: Label, predicted: Predicted) -> float:
    return score_predictions(truth.kind, truth.values, predicted.values)["r2"]


def test_one_value_stands_for_a_list_and_a_list_for_candidates() -> None:
    assert RidgeConfig(kind="ridge", alpha=2).alpha == (2.0,)
    found = KnnConfig(neighbours=(1, 5), metric=("cosine", "euclidean")).candidates()
    assert [(one.metric, one.neighbours) for one in found] == [
        (("cosine",), (1,)),
        (("cosine",), (5,)),
        (("euclidean",), (1,)),
        (("euclidean",), (5,)),
    ]
    assert EvaluationConfig().neighbours == NEIGHBOURS


@pytest.mark.parametrize(
    ("model", "value", "told"),
    [
        (RidgeConfig, {"kind": "ridge", "alpha": 0}, "alpha"),
        (RidgeConfig, {"kind": "ridge", "alpha": []}, "alpha"),
        (KnnConfig, {"kind": "knn", "neighbours": 2.5}, "a whole number is needed"),
        (KnnConfig, {"kind": "knn", "metric": "manhattan"}, "'manhattan' is not known"),
        (
            LdaConfig,
            {"kind": "lda", "shrinkage": 1.5},
            "auto, none or a number from 0 to 1 is needed",
        ),
        (SvmConfig, {"kind": "svm", "alpha": 1}, "unknown key 'alpha'"),
    ],
)
def test_settings_that_are_none_are_refused(model: Any, value: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        parse(model, value, "space.yaml")


def test_a_label_that_a_readout_cannot_decode_is_refused() -> None:
    assert {kind for kind in READOUTS.names if not supports(kind, "circular")} == {
        "naive_bayes",
        "logistic",
        "lda",
    }
    with pytest.raises(
        ConfigError, match=r"model\.kind lda decodes classes only.*'speed' is continuous"
    ) as caught:
        require_support("lda", "continuous", label="speed")
    assert caught.value.remedy.startswith("Use one of: knn, ridge, svm")
    with pytest.raises(ConfigError, match="and the label is continuous"):
        fit_readout(ONE_EACH["logistic"], *_pair("continuous"))
    require_support("lda", "discrete", label="scene")
    with pytest.raises(
        ConfigError, match=r"model\.kind wiener decodes values only.*'scene' is discrete"
    ) as caught:
        require_support("wiener", "discrete", label="scene")
    assert "ridge" in caught.value.remedy
    assert "wiener" not in caught.value.remedy


@pytest.mark.parametrize(("kind", "label"), SUPPORTED)
def test_kept_arrays_predict_the_same_and_well(kind: str, label: str, tmp_path: Path) -> None:
    features, labels = examples()
    asked, truth = examples(60, seed=1)
    readout = fit_readout(ONE_EACH[kind], features, labels[label])
    found = readout.predict(asked)
    reached = score_predictions(label, truth[label].values, found.values)
    assert reached["accuracy" if label == "discrete" else "r2"] > (
        0.85 if label == "discrete" else 0.3
    )

    write_tensors(tmp_path / "readout.safetensors", readout.arrays)
    kept = map_tensors(tmp_path / "readout.safetensors", copy_on_write=True)
    again = type(readout)(kind, label, kept).predict(asked)
    np.testing.assert_array_equal(again.values, found.values)


@pytest.mark.parametrize(("kind", "label"), SUPPORTED)
def test_examples_without_a_label_are_not_fitted(kind: str, label: str) -> None:
    features, labels = examples()
    values = labels[label].values.copy()
    values[:30] = -1 if label == "discrete" else np.nan
    names = labels[label].classes
    some = fit_readout(
        ONE_EACH[kind], features, Label(kind=labels[label].kind, values=values, classes=names)
    )
    rest = Label(kind=labels[label].kind, values=values[30:], classes=names)
    expected = fit_readout(ONE_EACH[kind], features[30:], rest)
    np.testing.assert_array_equal(some.predict(features).values, expected.predict(features).values)


OPEN = [
    (KnnConfig(), "discrete"),
    (KnnConfig(neighbours=(1, 7, 25, 500)), "circular"),
    (NaiveBayesConfig(kind="naive_bayes", smoothing=(10.0, 1e-9, 0.1)), "discrete"),
    (RidgeConfig(kind="ridge"), "continuous"),
    (RidgeConfig(kind="ridge", alpha=(1e6, 1.0, 1e-2)), "discrete"),
    (SvmConfig(kind="svm", c=(1e-5, 1e-2)), "discrete"),
    (LdaConfig(kind="lda", shrinkage=("none", "auto", 0.5)), "discrete"),
    (WienerCascadeConfig(kind="wiener_cascade", degree=(9, 2, 1)), "continuous"),
    (GradientBoostingConfig(kind="gradient_boosting", rounds=(2, 30, 10)), "discrete"),
    (ExtraTreesConfig(kind="extra_trees", trees=(3, 20), leaf=10), "continuous"),
    (KalmanConfig(kind="kalman", order=(0, 1), shrinkage=("none", 0.9)), "circular"),
]


@pytest.mark.parametrize(("config", "label"), OPEN, ids=lambda one: getattr(one, "kind", one))
def test_the_best_on_validation_is_chosen(config: ReadoutConfig, label: str) -> None:
    """As by fitting each alone: what the candidates share does not change them."""
    features, labels = examples(60, width=25, signal=0.4)
    held, truth = examples(50, seed=1, width=25, signal=0.4)
    score = accuracy if label == "discrete" else r2
    alone = [
        (one, fit_readout(one, features, labels[label]))
        for one in config.candidates()
        if not isinstance(one, KnnConfig) or one.neighbours[0] <= len(features)
    ]
    reached = [score(truth[label], readout.predict(held)) for _, readout in alone]
    assert max(reached) > min(reached)
    chosen, readout = choose_readout(config, (features, labels[label]), (held, truth[label]), score)
    assert chosen == alone[int(np.argmax(reached))][0]
    np.testing.assert_allclose(
        readout.predict(held).values, alone[int(np.argmax(reached))][1].predict(held).values
    )


def test_ties_and_unknown_scores_go_to_the_first_known() -> None:
    config, fit = RidgeConfig(kind="ridge", alpha=(5.0, 1.0, 3.0)), _pair("discrete")
    assert (
        choose_readout(config, fit, fit, lambda *_: 0.5)[0].candidates()[0]
        == config.candidates()[0]
    )
    scores = iter([float("nan"), 0.2, float("nan")])
    assert choose_readout(config, fit, fit, lambda *_: next(scores))[0] == config.candidates()[1]


def test_validation_is_unread_where_nothing_is_to_be_chosen() -> None:
    def never(*_: object) -> float:
        raise AssertionError

    features, labels = examples()
    nothing = np.full((0, 8), np.nan), Label(kind="discrete", values=np.zeros(0, np.int64))
    chosen, _ = choose_readout(ONE_EACH["ridge"], (features, labels["discrete"]), nothing, never)
    assert chosen == ONE_EACH["ridge"]
    with pytest.raises(TrainingError, match="no labelled validation example"):
        choose_readout(RidgeConfig(kind="ridge"), (features, labels["discrete"]), nothing, never)


def test_fewer_examples_than_neighbours_use_all_of_them() -> None:
    features, label = _pair("continuous")
    few = Label.continuous(label.values[:4])
    found = fit_readout(KnnConfig(neighbours=9, metric="euclidean"), features[:4], few).predict(
        features
    )
    np.testing.assert_allclose(found.values, np.tile(few.values.mean(axis=0), (len(features), 1)))
    chosen, _ = choose_readout(
        KnnConfig(neighbours=(9, 25), metric="euclidean"),
        (features[:4], few),
        (features, label),
        r2,
    )
    assert chosen == KnnConfig(neighbours=4, metric="euclidean")


def test_scores_of_naive_bayes_keep_their_order_in_float32() -> None:
    """A unit that is silent in some classes makes log likelihoods of about -1e9."""
    features, labels = examples(300)
    features[:, 0] = 0
    features[::3, 1] = 0
    features[0, 0] = 1000
    scores = fit_readout(
        NaiveBayesConfig(kind="naive_bayes", smoothing=1e-9), features, labels["discrete"]
    ).predict(features + np.float32(0.5))
    assert scores.scores is not None
    assert scores.scores.min() < -1e8
    np.testing.assert_array_equal(scores.scores.astype(np.float32).argmax(axis=1), scores.values)


@of_classes
def test_features_that_do_not_vary_tell_nothing(kind: str) -> None:
    """Most examples are of the second class, which is what is then said."""
    label = Label(
        kind="discrete", values=np.array([0, 1, 1, 1, 1, 2, 1, 1]), classes=("a", "b", "c")
    )
    features = np.full((8, 3), 2.0, np.float32)
    if kind == "naive_bayes":
        with pytest.raises(TrainingError, match="no feature varies"):
            fit_readout(ONE_EACH[kind], features, label)
        return
    config = KnnConfig(neighbours=8, metric="euclidean") if kind == "knn" else ONE_EACH[kind]
    np.testing.assert_array_equal(
        fit_readout(config, features, label).predict(features).values, np.ones(8)
    )


def test_a_solver_that_did_not_end_says_so() -> None:
    features, label = _pair("continuous")
    assert not fit_readout(SvmConfig(kind="svm", c=1e5), features, label).converged
    assert fit_readout(SvmConfig(kind="svm", c=1e-3), features, label).converged
    for kind in ("continuous", "discrete"):
        short = SvmConfig(kind="svm", c=1e-3, iterations=2)
        assert not fit_readout(short, *_pair(kind)).converged
    assert '"iterations":[2]' in short.model_dump_json()
    assert "iterations" not in SvmConfig(kind="svm").model_dump_json()


@of_classes
def test_one_class_cannot_be_fitted(kind: str) -> None:
    features, label = _pair("discrete")
    values = label.values[::3]
    with pytest.raises(TrainingError, match="of 1 class, at least 2"):
        fit_readout(
            ONE_EACH[kind],
            features[::3],
            Label(kind="discrete", values=values, classes=label.classes),
        )


@each_kind
def test_what_cannot_be_fitted_is_said(kind: str) -> None:
    config = ONE_EACH[kind]
    features, label = _pair("discrete" if supports(kind, "discrete") else "continuous")
    spoilt = features.copy()
    spoilt[3, 1], spoilt[4, 0] = np.nan, np.inf
    with pytest.raises(
        TrainingError, match=f"model.kind {kind}: 2 of the features are NaN or infinite"
    ):
        fit_readout(config, spoilt, label)
    readout = fit_readout(config, features, label)
    with pytest.raises(TrainingError, match="NaN or infinite"):
        readout.predict(spoilt)
    with pytest.raises(TrainingError, match="fitted on 8 features, given 5"):
        readout.predict(features[:, :5])


def test_what_else_cannot_be_fitted_is_said() -> None:
    features, label = _pair("discrete")
    with pytest.raises(ConfigError, match="several values"):
        fit_readout(RidgeConfig(kind="ridge"), features, label)
    with pytest.raises(TrainingError, match="3 examples of as many classes"):
        fit_readout(ONE_EACH["lda"], features[:3], Label(kind="discrete", values=label.values[:3]))
    with pytest.raises(TrainingError, match="no labelled example"):
        fit_readout(
            ONE_EACH["ridge"], features, Label.continuous(np.full((len(features), 1), np.nan))
        )


def test_few_shots_are_drawn_from_each_class_and_nest() -> None:
    codes = np.random.default_rng(0).integers(-1, 6, 200)
    codes[codes == 5] = 4
    codes[:2] = 5  # a class of two
    found = {shots: few_shot(codes, shots, seed=3) for shots in (1, 3, 10)}
    for shots, at in found.items():
        assert (np.diff(at) > 0).all()
        assert np.bincount(codes[at]).tolist() == [shots] * 5 + [min(2, shots)]
    assert set(found[1]) < set(found[3]) < set(found[10])
    np.testing.assert_array_equal(few_shot(codes, 3, seed=3), found[3])
    assert not np.array_equal(few_shot(codes, 3, seed=4), found[3])
    assert len(few_shot(np.full(5, -1), 3, seed=0)) == 0


def _pair(kind: str) -> tuple[np.ndarray, Label]:
    features, labels = examples()
    return features, labels[kind]
