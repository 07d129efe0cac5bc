"""`class_weight` of readouts: chosen on validation, shared work, no record at its default, and no
meaning for labels of values.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helpers import recording, session

import raylab.evaluation.readout_methods.nearest as nearest_module
from raylab.config.parse import parse
from raylab.config.readouts import READOUTS, ReadoutConfig
from raylab.config.training import EvaluationConfig
from raylab.config.view import ViewConfig
from raylab.data.session import Label
from raylab.data.views.view import make_timeline
from raylab.errors import ConfigError
from raylab.evaluation.baselines import settings_of
from raylab.evaluation.decoding import Decoded, decode
from raylab.evaluation.ensembles.probabilities import class_probabilities
from raylab.evaluation.reading import primary_score, settings_text
from raylab.evaluation.readout_methods.discriminant import _Classes
from raylab.evaluation.readout_methods.logistic import Logistic
from raylab.evaluation.readouts import (
    choose_readout,
    each_readout,
    fit_readout,
    require_settings,
    supports,
)

SETTINGS: dict[str, dict[str, Any]] = {
    "knn": {"neighbours": [5, 21], "metric": ["euclidean", "cosine"]},
    "naive_bayes": {"smoothing": [1e-6, 0.1]},
    "ridge": {"alpha": [1.0, 100.0]},
    "logistic": {"c": [0.01, 0.1]},
    "svm": {"c": [1e-3, 1e-2]},
    "lda": {"shrinkage": ["auto", 0.3]},
    "gradient_boosting": {"leaves": [3, 5], "rounds": [3, 6]},
    "extra_trees": {"trees": 10, "leaf": [2, 5]},
}
BOTH = [kind for kind in SETTINGS if supports(kind, "continuous")]
each_kind = pytest.mark.parametrize("kind", SETTINGS)


def config_of(kind: str, class_weight: object = ("none", "balanced"), **more: Any) -> ReadoutConfig:
    model = READOUTS.model(kind)
    assert model is not None
    values = {"kind": kind, "class_weight": class_weight, **SETTINGS[kind], **more}
    return parse(model, values, "test")


def rare(count: int = 200, seed: int = 0) -> tuple[np.ndarray, Label]:
    """A tenth of the samples are of the second class, and hard to tell from the first."""
    random = np.random.default_rng(seed)
    codes = (np.arange(count) % 10 == 3).astype(np.int64)
    features = random.normal(size=(count, 6)).astype(np.float32)
    features[:, 0] += 1.2 * codes
    return features, Label(kind="discrete", values=codes, classes=("forward", "reversal"))


@each_kind
def test_validation_chooses_weights_for_rare_classes(kind: str) -> None:
    features, label = rare()
    held, truth = rare(seed=1)
    settings, readout = choose_readout(
        config_of(kind), (features, label), (held, truth), primary_score
    )
    assert settings.class_weights == ("balanced",)
    plain, _ = choose_readout(
        config_of(kind, "none"), (features, label), (held, truth), primary_score
    )
    without = fit_readout(plain, features, label)
    reached = [primary_score(truth, each.predict(held)) for each in (readout, without)]
    assert reached[0] > reached[1] + 0.05


@each_kind
def test_what_candidates_share_does_not_change_them(kind: str) -> None:
    features, label = rare()
    candidates = config_of(kind).candidates()
    several = list(each_readout(config_of(kind), (features, label), features))
    assert [settings for settings, *_ in several] == candidates
    for settings, _, predicted in several:
        alone = fit_readout(settings, features, label).predict(features)
        assert predicted.scores is not None
        assert alone.scores is not None
        np.testing.assert_allclose(predicted.scores, alone.scores, rtol=1e-9, atol=1e-9)


def test_work_is_shared_between_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    features, label = rare()
    searches = counted(monkeypatch, nearest_module, "nearest")
    list(each_readout(config_of("knn", metric="cosine"), (features, label), features))
    summaries = counted(monkeypatch, _Classes, "__init__")
    list(each_readout(config_of("lda"), (features, label), features))
    assert (len(searches), len(summaries)) == (1, 1)


def counted(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> list[str]:
    """A list that grows by every call of a function."""
    calls: list[str] = []
    function = getattr(owner, name)

    def call(*arguments: Any, **options: Any) -> Any:
        calls.append(name)
        return function(*arguments, **options)

    monkeypatch.setattr(owner, name, call)
    return calls


@pytest.mark.parametrize("kind", ["logistic", "lda", "ridge"])
def test_equally_frequent_classes_have_one_fit(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    features, _ = rare(100)
    label = Label(kind="discrete", values=np.arange(100) % 2, classes=("left", "right"))
    fits = counted(monkeypatch, Logistic, "fit")
    (_, _, plain), (balanced, _, weighed), *others = each_readout(
        config_of(kind), (features, label), features
    )
    assert len(others) == 2
    assert len(fits) == (2 if kind == "logistic" else 0)  # one for each value of c
    assert balanced.class_weights == ("balanced",)
    assert plain.scores is not None
    assert weighed.scores is not None
    np.testing.assert_array_equal(plain.scores, weighed.scores)


@each_kind
def test_the_default_is_not_recorded(kind: str) -> None:
    config = config_of(kind, "none")
    assert "class_weight" not in config.model_dump_json()
    assert config == config_of(kind, None)
    assert "class_weight" not in settings_of(config.candidates()[0])
    balanced = config_of(kind, "balanced").candidates()[0]
    assert '"class_weight":["balanced"]' in balanced.model_dump_json()
    assert settings_of(balanced)["class_weight"] == "balanced"
    assert "class_weight balanced" in settings_text([balanced])
    with pytest.raises(ConfigError, match="'heavy' is not known") as caught:
        config_of(kind, "heavy")
    assert "none, balanced" in caught.value.remedy


@pytest.mark.parametrize("kind", BOTH)
def test_labels_of_values_have_no_classes_to_weigh(kind: str) -> None:
    features, _ = rare()
    speed = Label.continuous(features[:, :1].astype(np.float64))
    balanced = config_of(kind, "balanced").candidates()[0]
    with pytest.raises(ConfigError, match=r"model\.class_weight balanced: only classes have"):
        fit_readout(balanced, features, speed)
    section = "evaluation.decoder"
    message = r"evaluation\.decoder\.class_weight balanced.*'speed' is circular"
    with pytest.raises(ConfigError, match=message) as caught:
        require_settings(config_of(kind), "circular", label="speed", section=section)
    assert caught.value.remedy == "Leave evaluation.decoder.class_weight out."
    fit_readout(balanced.for_labels("continuous"), features, speed)  # other labels of a dataset
    require_settings(config_of(kind), "discrete", label="side")
    require_settings(config_of(kind, "none"), "continuous", label="speed")


def test_a_class_that_was_not_fitted_gets_no_vote() -> None:
    """Not even where each of the others has more votes than its score is below them."""
    features, label = rare(600)
    label = Label(kind="discrete", values=np.arange(600) % 2, classes=("a", "b", "c"))
    config = config_of("knn", "none", neighbours=500, metric="euclidean")
    scores = fit_readout(config, features, label).predict(features).scores
    assert scores is not None
    likely = class_probabilities("knn", scores)
    assert likely is not None
    assert scores[:, :2].min() > 200
    assert (likely[:, 2] == 0).all()


@pytest.mark.parametrize("kind", ["knn", "logistic"])
def test_embeddings_are_decoded_with_weights(kind: str) -> None:
    chosen = {}
    for weight in ("none", "balanced", ["none", "balanced"]):
        values = {"decoder": {"kind": kind, "class_weight": weight}}
        evaluation = parse(EvaluationConfig, values, "test")
        chosen[str(weight)] = decoded(evaluation, "reversal")
    assert chosen["balanced"].choice is not None
    assert chosen["balanced"].choice.class_weights == ("balanced",)
    both, scores = chosen.pop("['none', 'balanced']"), [each.primary for each in chosen.values()]
    assert both.primary == max(scores) > min(scores)
    assert both.choice == chosen["none" if scores[0] == max(scores) else "balanced"].choice
    if kind == "knn":  # other labels of the dataset, which have no classes, are decoded as always
        plain = parse(EvaluationConfig, {}, "test")
        weighed = parse(EvaluationConfig, values, "test")
        assert decoded(weighed, "position").choice == decoded(plain, "position").choice


def decoded(evaluation: EvaluationConfig, label: str) -> Decoded:
    """Validation samples of a session that has a rare class, which the activity hardly shows."""
    made = session()
    codes = (np.arange(len(made.neural)) % 9 == 2).astype(np.int64)
    made.labels["reversal"] = Label(kind="discrete", values=codes, classes=("no", "yes"))
    neural = np.random.default_rng(0).normal(size=made.neural.shape)
    neural[:, 0] += 1.2 * codes
    parts = np.array([[0, 240, 0], [240, 320, 1], [320, 400, 2]])
    timeline = make_timeline(recording(made, parts), ViewConfig())
    result = decode(neural, timeline, evaluation, label=label, fit=("train",), score="valid")
    assert result is not None
    return result
