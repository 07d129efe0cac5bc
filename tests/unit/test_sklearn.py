"""The scikit-learn estimator: raylab's own training on arrays. tests/conformance runs
scikit-learn's checks on it.
"""

from __future__ import annotations

import pickle
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers import arrays
from sklearn.base import clone
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline

from raylab.config.contrastive import ContrastiveTrial
from raylab.config.dotted import get_path
from raylab.data.session import Label
from raylab.errors import ConfigError, DataError, TrainingError
from raylab.sklearn import PATHS, ContrastiveEmbedding

FOUND = arrays()
X = FOUND["x"]


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def make(**parameters: Any) -> ContrastiveEmbedding:
    small = {
        "max_steps": 10,
        "batch_size": 16,
        "time_offset": 2,
        "device": "cpu",
        "hidden_units": 8,
    }
    return ContrastiveEmbedding(**{**small, **parameters})


def weights(fitted: ContrastiveEmbedding) -> dict[str, torch.Tensor]:
    return fitted.model_.module.state_dict()


def equal(a: ContrastiveEmbedding, b: ContrastiveEmbedding) -> bool:
    return all(
        torch.equal(x, y) for x, y in zip(weights(a).values(), weights(b).values(), strict=True)
    )


def test_it_learns_what_the_labels_say() -> None:
    """Position of samples that fit never saw, from the three dimensions of the embedding."""
    y = FOUND["position"]
    model = make(encoder="offset10", max_steps=300, output_dimension=3, learning_rate=3e-3)
    decoder = make_pipeline(model, KNeighborsRegressor(5)).fit(X[:300], y[:300])
    untrained = make_pipeline(clone(model).set_params(max_steps=1), KNeighborsRegressor(5)).fit(
        X[:300], y[:300]
    )
    assert decoder.score(X[300:], y[300:]) > 0.85
    assert decoder.score(X[300:], y[300:]) > untrained.score(X[300:], y[300:]) + 0.05
    assert decoder[0].loss_curve_[-1] < decoder[0].loss_curve_[0]


def test_going_on_equals_never_having_stopped() -> None:
    """Weights, moments and the stream of pairs; and pickling in between."""
    whole = make(max_steps=20).fit(X)
    halves = make(max_steps=10).fit(X)
    assert not equal(whole, halves)
    again = pickle.loads(pickle.dumps(halves)).partial_fit(X)
    assert equal(whole, again)
    assert again.model_.config.training.max_steps == 20
    assert equal(make().partial_fit(X), halves)  # the first call is a fit


def test_going_on_with_other_samples_keeps_the_scale() -> None:
    fitted = make().fit(X[:200])
    before = fitted.model_.fitted["0"].mean
    fitted.partial_fit(X[200:] + 50)
    np.testing.assert_array_equal(fitted.model_.fitted["0"].mean, before)
    with pytest.raises(ValueError, match="features"):
        fitted.partial_fit(X[:, :4])


def test_seeds() -> None:
    assert equal(make(random_state=3).fit(X), make(random_state=3).fit(X))
    assert not equal(make(random_state=3).fit(X), make(random_state=4).fit(X))
    assert equal(
        make(random_state=np.random.RandomState(3)).fit(X),
        make(random_state=np.random.RandomState(3)).fit(X),
    )


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file, and torch's own stream is where it was."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    state = torch.get_rng_state()
    make().fit(X, FOUND["choice"]).partial_fit(X, FOUND["choice"]).transform(X)
    assert torch.equal(torch.get_rng_state(), state)
    assert list(tmp_path.iterdir()) == []


CHOICE = FOUND["choice"]
POSITION = FOUND["position"]
HEADING = Label.continuous(FOUND["heading"], kind="circular")


@pytest.mark.parametrize(
    ("labels", "conditional", "kinds"),
    [
        ((), "time", []),
        ((CHOICE,), "discrete", ["discrete"]),
        ((np.array(["left", "right"])[CHOICE],), "discrete", ["discrete"]),
        ((CHOICE.astype(bool),), "discrete", ["discrete"]),
        ((POSITION,), "time_delta", ["continuous"]),
        ((np.stack([POSITION, POSITION**2], 1),), "time_delta", ["continuous"]),
        ((POSITION.tolist(), HEADING), "time_delta", ["continuous", "circular"]),
        ((POSITION, CHOICE), "mixed", ["continuous", "discrete"]),
    ],
)
def test_labels_say_what_a_pair_is(
    labels: tuple[Any, ...], conditional: str, kinds: list[str]
) -> None:
    fitted = make().fit(X, *labels)
    sampling = fitted.model_.config.sampling
    known = fitted.model_.sessions["0"].labels
    assert sampling.conditional == conditional
    assert [known[name].kind for name in sampling.named_labels] == kinds
    assert fitted.transform(X).shape == (400, 8)


def test_labels_change_what_is_learnt() -> None:
    plain, told = (
        make(conditional="time_delta").fit(X, POSITION),
        make(conditional="time_delta").fit(X, -(POSITION**2)),
    )
    assert not equal(plain, told)


def test_every_parameter_reaches_the_config() -> None:
    given: dict[str, Any] = {
        "encoder": "offset5",
        "hidden_units": 12,
        "output_dimension": 5,
        "similarity": "euclidean",
        "temperature": 0.7,
        "learnable_temperature": True,
        "conditional": "delta",
        "time_offset": 3,
        "delta": 0.4,
        "zscore": False,
        "max_steps": 2,
        "batch_size": 9,
        "learning_rate": 0.02,
        "device": "cpu",
    }
    assert set(given) == set(PATHS)
    assert set(given) | {"random_state", "settings"} == set(ContrastiveEmbedding().get_params())
    settings = {"optimizer.weight_decay": 0.01, "augmentation.unit_dropout": 0.1}
    fitted = ContrastiveEmbedding(**given, random_state=6, settings=settings).fit(X, POSITION)
    config = fitted.model_.config
    for name, path in PATHS.items():
        assert name == "time_offset" or get_path(config, path) == given[name], name
    by_time = (
        ContrastiveEmbedding(**{**given, "conditional": "time_delta"})
        .fit(X, POSITION)
        .model_.config
    )
    assert by_time.sampling.time_offset == 3  # which `delta` has not, as this has no `delta`
    assert config.training.seed == 6
    assert (config.optimizer.weight_decay, config.augmentation.unit_dropout) == (0.01, 0.1)


def test_defaults_are_those_of_the_config() -> None:
    """But for the encoder, which scikit-learn expects to treat samples one by one, and a batch no
    larger than the data.
    """
    fitted = ContrastiveEmbedding(max_steps=1).fit(X)
    config, default = fitted.model_.config, ContrastiveTrial()
    own = {"encoder", "hidden_units", "max_steps", "batch_size", "delta"}
    for name, path in PATHS.items():
        assert name in own or get_path(config, path) == get_path(default, path), name
    assert ContrastiveEmbedding().max_steps == default.training.max_steps
    assert config.training.batch_size == 400


@pytest.mark.parametrize(
    ("parameters", "labels", "error", "said"),
    [
        (
            {"encoder": "offset7"},
            (),
            ConfigError,
            "ContrastiveEmbedding: model.encoder.kind: 'offset7' is not known",
        ),
        (
            {"output_dimension": 1},
            (),
            ConfigError,
            "model.output_dimension: it should be greater than or equal to 2",
        ),
        ({"random_state": -1}, (), ConfigError, "training.seed: it should be greater"),
        ({"settings": {"training.stepz": 3}}, (), ConfigError, "unknown key 'training.stepz'"),
        ({"settings": {"sampling.offset": 3}}, (), ConfigError, "unknown key 'sampling.offset'"),
        (
            {"settings": {"training.keep": "best"}},
            (),
            ConfigError,
            "training.keep 'best': no samples are held out",
        ),
        ({"conditional": "delta"}, (), ConfigError, "has no label"),
        (
            {"conditional": "discrete"},
            (POSITION,),
            ConfigError,
            "'discrete' cannot use a continuous label",
        ),
        ({}, (POSITION[:-1],), ValueError, "inconsistent numbers of samples"),
        ({}, (np.full((400, 2), "a"),), DataError, "is no label"),
        ({"time_offset": 500}, (), TrainingError, "time_offset"),
    ],
)
def test_what_cannot_be_fitted(
    parameters: Any, labels: Any, error: type[Exception], said: str
) -> None:
    with pytest.raises(error) as raised:
        make(**parameters).fit(X, *labels)
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        *(
            (kind, {})
            for kind in (
                "offset1_wide",
                "offset4_2x",
                "offset20_4x",
                "offset40_4x",
                "offset10_projector",
            )
        ),
        *((kind, {}) for kind in ("offset15", "offset20", "offset40", "offset50")),
        ("offset36", {"model.encoder.dropout": 0.1, "model.encoder.block_dropout": 0.1}),
        ("offset5", {"loss.similarity": "euclidean", "model.normalize": True}),
        ("offset5", {"model.normalize": False}),
    ],
)
def test_every_encoder_trains_and_embeds_every_sample(kind: str, settings: dict[str, Any]) -> None:
    fitted = make(
        encoder=kind, hidden_units=None, max_steps=3, output_dimension=3, settings=settings
    ).fit(X)
    embedding, encoder = fitted.transform(X), fitted.model_.encoder()
    assert embedding.shape == (400, 3)
    assert encoder.normalize == settings.get("model.normalize", True)
    middle = fitted.model_.fitted["0"].scaled(X)[200 - encoder.left : 200 + encoder.right]
    with torch.no_grad():
        np.testing.assert_allclose(
            embedding[200], encoder(torch.from_numpy(middle)[None])[0], atol=1e-5
        )
    started = make(
        encoder=kind, hidden_units=None, max_steps=1, output_dimension=3, settings=settings
    ).fit(X)
    assert not equal(fitted, started)


def test_the_embedding_is_the_models() -> None:
    """Scaled as the samples of fit were, whatever is transformed."""
    fitted = make(encoder="offset5").fit(X[:200])
    np.testing.assert_array_equal(fitted.transform(X), fitted.model_.transform(X))
    np.testing.assert_allclose(
        fitted.model_.fitted["0"].mean, X[:200].mean(0), rtol=1e-5, atol=1e-6
    )
    assert fitted.transform(X).dtype == np.float32
    assert list(fitted.get_feature_names_out()[:2]) == [
        "contrastiveembedding0",
        "contrastiveembedding1",
    ]


def test_the_model_can_be_kept(tmp_path: Path) -> None:
    fitted = make().fit(X)
    fitted.model_.save(tmp_path / "model")
    np.testing.assert_array_equal(
        type(fitted.model_).load(tmp_path / "model").transform(X), fitted.transform(X)
    )
