"""`evaluation.decoder`: embeddings read by other decoders, settings chosen on validation; readouts
fitted again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import dataset, recording, session, small_study, study_of, trial
from sklearn.linear_model import Ridge, RidgeClassifier
from sklearn.preprocessing import StandardScaler

import raylab
from raylab.analysis.models.scorer import Scorer, _choice
from raylab.config.parse import parse, parse_trial
from raylab.config.readouts import KnnConfig, ReadoutConfig, RidgeConfig
from raylab.config.training import EvaluationConfig
from raylab.config.trial import TrialConfig
from raylab.config.view import ViewConfig
from raylab.data.session import Label
from raylab.data.shard import whole_shard
from raylab.data.views.view import make_timeline
from raylab.errors import ConfigError
from raylab.evaluation.baselines import Baselines
from raylab.evaluation.decoding import Decoded, decode
from raylab.evaluation.pooling import pool_samples
from raylab.evaluation.reading import settings_text
from raylab.evaluation.readouts import supports
from raylab.evaluation.scores import score_predictions
from raylab.tasks.families import get_task
from raylab.training.model import Model

PARTS = np.array([[0, 240, 0], [240, 320, 1], [320, 400, 2]])
ALPHAS = (0.01, 10.0, 1e5)


def config(kind: str, **more: Any) -> EvaluationConfig:
    return parse(EvaluationConfig, {"decoder": {"kind": kind, **more}}, "test")


def decoded(
    evaluation: EvaluationConfig, label: str, *, parts: np.ndarray = PARTS, **how: Any
) -> Decoded | None:
    one = recording(session(), parts)
    timeline = make_timeline(one, ViewConfig())
    how = {"fit": ("train",), "score": "valid", **how}
    return decode(one.neural, timeline, evaluation, label=label, **how)


def oracle(alpha: float, label: str, fit: slice, score: slice) -> np.ndarray:
    """What scikit-learn predicts."""
    one = session()
    truth, scaler = one.labels[label].values, StandardScaler().fit(one.neural[fit])
    make = RidgeClassifier if label == "choice" else Ridge
    model = make(alpha=alpha).fit(scaler.transform(one.neural[fit]), truth[fit])
    return np.asarray(model.predict(scaler.transform(one.neural[score])))


@pytest.mark.parametrize("label", ["position", "choice"])
def test_chosen_on_validation_then_fitted_on_both_for_test(label: str) -> None:
    found = decoded(config("ridge", alpha=ALPHAS), label)
    assert found is not None
    assert found.choice is not None
    truth = session().labels[label].values[240:320]
    scores = [
        score_predictions(
            found.kind, truth, _shaped(oracle(a, label, slice(240), slice(240, 320)), truth)
        )
        for a in ALPHAS
    ]
    primary = [next(iter(one.values())) for one in scores]
    assert found.choice == RidgeConfig(kind="ridge", alpha=(ALPHAS[int(np.argmax(primary))],))
    assert found.primary == pytest.approx(max(primary), abs=1e-4)
    assert found.fitted == ("train",)
    final = decoded(
        config("ridge", alpha=ALPHAS),
        label,
        fit=("train", "valid"),
        score="test",
        choice=found.choice,
    )
    assert final is not None
    assert (final.choice, final.fitted) == (found.choice, ("train", "valid"))
    expected = oracle(found.choice.alpha[0], label, slice(320), slice(320, 400))
    np.testing.assert_allclose(final.predicted.ravel(), expected.ravel(), atol=1e-4)


def _shaped(values: np.ndarray, like: np.ndarray) -> np.ndarray:
    return values.reshape(like.shape)


@pytest.mark.parametrize(
    "kind", ["naive_bayes", "ridge", "logistic", "svm", "lda", "wiener", "wiener_cascade"]
)
def test_every_decoder_reads_what_it_has_a_meaning_for(kind: str) -> None:
    for label, least in (("choice", 0.6 if kind == "naive_bayes" else 0.8), ("heading", 0.5)):
        found = decoded(config(kind), label)
        if supports(kind, "discrete" if label == "choice" else "circular"):
            assert found is not None
            assert found.primary > least
        else:
            assert found is None


def test_classes_that_cannot_be_told_apart_have_no_score() -> None:
    """Of one class nothing can be learnt, by no decoder; this must not stop other labels."""
    choice = session().labels["choice"].values.copy()
    choice[:240] = 0
    one = recording(session(labels={"choice": Label.discrete(choice)}), PARTS)
    how: dict[str, Any] = {"label": "choice", "fit": ("train",), "score": "valid"}
    timeline = make_timeline(one, ViewConfig())
    assert decode(one.neural, timeline, config("logistic"), **how) is None
    assert decode(one.neural, timeline, EvaluationConfig(), **how) is None


def test_a_session_held_out_whole_is_read_by_what_the_others_taught() -> None:
    lines = {
        name: make_timeline(recording(session(name, seed=0), parts), ViewConfig())
        for name, parts in {"a": PARTS, "b": np.array([[0, 400, 1]])}.items()
    }
    features = {name: session(name, seed=0).neural for name in lines}
    like, how = lines["b"].reference["position"], {"label": "position", "fit": ("train",)}
    pool = pool_samples(lines, features, config("ridge"), like=like, **how)  # type: ignore[arg-type]
    found = decode(
        features["b"], lines["b"], config("ridge", alpha=1), score="valid", pool=pool, **how
    )  # type: ignore[arg-type]
    assert found is not None
    np.testing.assert_allclose(
        found.predicted.ravel(), oracle(1, "position", slice(240), slice(400)), atol=1e-4
    )


def test_groups_are_read_whole() -> None:
    parts = np.stack(
        [np.arange(0, 400, 10), np.arange(10, 410, 10), np.repeat([0, 1, 2], [24, 8, 8])], axis=1
    )
    evaluation = config("ridge", alpha=10).model_copy(update={"per": "segment"})
    found = decoded(evaluation, "position", parts=parts)
    assert found is not None
    assert found.truth.shape == (8, 1)
    assert found.primary > 0.5


def test_settings_of_a_session_without_validation_samples() -> None:
    def chosen(*choices: ReadoutConfig) -> dict[str, dict[str, Decoded]]:
        empty = np.zeros((2, 1))
        found = {
            str(at): {"x": Decoded("continuous", {}, empty, empty, one)}
            for at, one in enumerate(choices)
        }
        return {**found, "own": {}}

    knn = [KnnConfig(metric=("euclidean",), neighbours=(k,)) for k in (49, 1, 5)]
    assert _choice(chosen(*knn), "own", "x") == knn[2]
    ridge = [RidgeConfig(kind="ridge", alpha=(alpha,)) for alpha in (1.0, 10.0, 10.0)]
    assert _choice(chosen(*ridge), "own", "x") == ridge[1]
    assert _choice(chosen(*ridge), "0", "x") == ridge[0]
    assert _choice(chosen(), "own", "x") is None
    assert settings_text(ridge) == "ridge, alpha 1-10"
    assert settings_text(knn) == "knn, euclidean, k 1-49"


def test_baselines_have_the_same_decoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("raylab.evaluation.baselines.SMOOTHING_SAMPLES", (0,))
    data = dataset(tmp_path / "ds")
    found = Baselines(data, config("ridge", alpha=10), ["position"])
    raw = found.scores("test")["raw"]["position"]
    chosen = found.settings["raw"]["position"][
        "rat"
    ]  # a z-score changes nothing: ridge standardises by itself
    assert {**chosen, "zscore": None} == {
        "smoothing_ms": 0.0,
        "zscore": None,
        "decoder": "ridge",
        "alpha": 10.0,
    }
    truth = session().labels["position"].values[320:]
    expected = score_predictions(
        "continuous", truth, oracle(10, "position", slice(320), slice(320, 400))[:, None]
    )
    assert raw["r2"] == pytest.approx(expected["r2"], abs=1e-4)
    study = small_study(
        tmp_path / "study",
        data,
        scores=(0.5,),
        evaluation={"decoder": {"kind": "lda"}},
        task={"label": "choice"},
    )
    result = raylab.evaluate(study.path)
    assert list(result.scores) == ["choice"]  # an LDA has no meaning for the others
    assert set(result.baselines["raw"]) == {"choice"}


def test_what_does_not_fit_together_is_refused() -> None:
    sessions = {"rat": _spec()}
    wrong = trial(task={"label": "position"}, evaluation={"decoder": {"kind": "lda"}})
    with pytest.raises(
        ConfigError, match=r"evaluation\.decoder\.kind lda decodes classes only.*'position'"
    ):
        get_task(wrong).check(wrong, sessions)
    right = trial(task={"label": "choice"}, evaluation={"decoder": {"kind": "lda"}})
    get_task(right).check(right, sessions)
    with pytest.raises(
        ConfigError,
        match=r"evaluation\.decoder 'ridge' decodes embeddings, but this model is itself",
    ):
        parse_trial(
            {"task": {"kind": "decoder"}, "evaluation": {"decoder": {"kind": "ridge"}}}, "test"
        )
    with pytest.raises(ConfigError, match="neighbours belong to the decoder knn, not to ridge"):
        trial(evaluation={"decoder": {"kind": "ridge"}, "neighbours": [5]})


def _spec() -> Any:
    from raylab.data.datasets.specs import LabelSpec, SessionSpec

    labels = {
        "position": LabelSpec("continuous", "m", (), 1),
        "choice": LabelSpec("discrete", "", ("0", "1"), 1),
    }
    return SessionSpec(
        id="rat",
        units=6,
        rate_hz=10.0,
        labels=labels,
        splits={"train": 240, "valid": 80, "test": 80},
    )


# -- readouts as models ----------------------------------------------------------------------------


def readout(**sections: Any) -> TrialConfig:
    value: dict[str, Any] = {
        "task": {"kind": "decoder", "label": "choice"},
        "view": {"zscore": False},
        "input": {"window": 1},
        "model": {"kind": "ridge", "alpha": list(ALPHAS)},
    }
    return parse_trial({**value, **sections}, "test")


def scorer(tmp_path: Path, of: TrialConfig, split: str) -> tuple[Scorer, Model]:
    data = dataset(tmp_path / "ds")
    study = study_of(tmp_path / "study", data, [of])
    return Scorer(model := Model.load(study.model_folder("0000")), data, split), model


def test_a_readout_is_fitted_again_for_test(tmp_path: Path) -> None:
    one, model = scorer(tmp_path, readout(), "test")
    found = one.read(["choice"])["rat"]["choice"]
    assert found.fitted == ("train", "valid")
    primary = [
        score_predictions(
            "discrete",
            session().labels["choice"].values[240:320],
            oracle(a, "choice", slice(240), slice(240, 320)),
        )
        for a in ALPHAS
    ]
    alpha = ALPHAS[int(np.argmax([scores["balanced_accuracy"] for scores in primary]))]
    assert np.array_equal(found.predicted, oracle(alpha, "choice", slice(320), slice(320, 400)))
    # The model itself, and what it says of validation, stay as they were trained.
    shard = whole_shard(
        one_dataset := dataset(tmp_path / "again"), model.config.view, model.config.sessions
    )
    assert one_dataset.labels
    valid = get_task(model.config).predictions(model.config, model.module, shard, "valid") or {}
    assert valid["rat"].fitted == ("train",)
    assert np.array_equal(
        valid["rat"].predicted, oracle(alpha, "choice", slice(240), slice(240, 320))
    )


@pytest.mark.parametrize("section", [{"training": {"shots": 5}}, {"controls": {"shuffle": 3}}])
def test_what_training_is_told_is_not_made_more_for_test(
    tmp_path: Path, section: dict[str, Any]
) -> None:
    one, _ = scorer(tmp_path, readout(**section), "test")
    assert one.read(["choice"])["rat"]["choice"].fitted == ("train",)


def test_evaluate_says_what_was_fitted_on_what(tmp_path: Path) -> None:
    data = dataset(tmp_path / "ds")
    network = readout(model={"kind": "mlp"}, training={"max_steps": 5, "device": "cpu"})
    for name, of, test in (
        ("readout", readout(), ["train", "valid"]),
        ("network", network, ["train"]),
    ):
        study = study_of(tmp_path / name, data, [of])
        assert raylab.evaluate(study.path).fitted == {"choice": ["train"]}
        assert raylab.evaluate(study.path, split="test").fitted == {"choice": test}
