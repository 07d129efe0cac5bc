"""Files between raylab and cebra 0.6.1, opened by the package itself: the same embeddings, nothing
that is not said.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import cebra
import numpy as np
import pytest
import torch

from raylab.config.contrastive import ContrastiveTrial
from raylab.config.parse import parse
from raylab.data.datasets.specs import LabelSpec, SessionSpec
from raylab.data.views.view import Fitted
from raylab.errors import ConfigError, DataError
from raylab.interop.architectures import ARCHITECTURES
from raylab.interop.cebra_write import FORMAT, write_cebra
from raylab.interop.from_cebra import from_cebra
from raylab.tasks.families import get_task
from raylab.training.model import Model

SAMPLES, D = 120, 4
KEPT = {  # recorded units, and those that the dataset kept
    "a": np.array([True, True, False, True, True, True, False, True]),
    "b": np.array([True, False, True, True, True]),
}
EXPORTED = [name for name, known in ARCHITECTURES.items() if known.exported]


@pytest.fixture(autouse=True)
def _same_each_time() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)


def activity(units: int, seed: int = 0) -> np.ndarray:
    """Counts and levels of very different sizes."""
    random = np.random.default_rng(seed)
    scale = 10.0 ** random.integers(-2, 3, units)
    return (scale * (random.normal(size=(SAMPLES, units)) + random.normal(size=units))).astype(
        np.float32
    )


def trial(**sections: Any) -> ContrastiveTrial:
    value = {"model": {"output_dimension": D, "encoder": {"kind": "offset10", "hidden_units": 6}}}
    return parse(ContrastiveTrial, {**value, **sections}, "test")


def of_architecture(name: str) -> dict[str, Any]:
    known = ARCHITECTURES[name]
    model = {"encoder": known.encoder(6), "output_dimension": D}
    return {"model": model, "loss": {"similarity": "cosine" if known.normalized else "euclidean"}}


def model(config: ContrastiveTrial, names: tuple[str, ...] = ("a",)) -> Model:
    """With random weights and the view that training samples would give; it shows all kept units
    but one.
    """
    labels = {"position": LabelSpec("continuous", "m", (), 1)}
    sessions, fitted = {}, {}
    for name in names:
        kept = activity(len(KEPT[name]))[:, KEPT[name]]
        columns = np.delete(np.arange(kept.shape[1]), 1)
        scale = (kept[:, columns].mean(0), kept[:, columns].std(0)) if config.view.zscore else ()
        fitted[name] = Fitted(columns, *scale)
        sessions[name] = SessionSpec(name, len(columns), 30.0, {"train": SAMPLES}, labels)
    module = get_task(config).build(config, sessions).eval()
    return Model(config, module, sessions, fitted, {name: KEPT[name] for name in names})


def loaded(ours: Model, path: Path, **how: Any) -> cebra.CEBRA:
    """As cebra opens it, with no warning."""
    write_cebra(ours, path, **how)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return cebra.CEBRA.load(path)


# -- raylab -> cebra -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXPORTED)
@pytest.mark.parametrize("zscore", [True, False])
def test_transform_of_raw_activity(name: str, zscore: bool, tmp_path: Path) -> None:
    """All recorded units in, the same embedding out: z-score, dropped and chosen units, and the
    ends.
    """
    ours = model(trial(**of_architecture(name), view={"zscore": zscore}))
    theirs = loaded(ours, tmp_path / "model.pt")
    assert theirs.model_architecture == name
    x = activity(len(KEPT["a"]), seed=1)
    expected = ours.transform(x)
    tolerance = 1e-5 * max(1.0, np.abs(expected).max())
    np.testing.assert_allclose(theirs.transform(x), expected, rtol=0, atol=tolerance)
    short = max(
        ours.encoder().width, 2
    )  # windows that are mostly padding; cebra wants a receptive field at least
    np.testing.assert_allclose(
        theirs.transform(x[:short]), ours.transform(x[:short]), rtol=0, atol=tolerance
    )


def test_units_left_out_do_not_matter(tmp_path: Path) -> None:
    ours = model(trial())
    theirs = loaded(ours, tmp_path / "model.pt")
    x = activity(8)
    moved = x.copy()
    moved[:, [2, 6, 1]] += 5  # dropped by the dataset, dropped by it, not chosen by the view
    np.testing.assert_array_equal(theirs.transform(moved), theirs.transform(x))
    moved[:, 0] *= 2
    assert np.abs(theirs.transform(moved) - theirs.transform(x)).max() > 1e-3


@pytest.mark.parametrize("combine", ["separate", "padded"])
def test_several_sessions_in_one_file_or_each_in_its_own(combine: str, tmp_path: Path) -> None:
    ours = model(trial(sessions={"combine": combine}), ("a", "b"))
    together = loaded(ours, tmp_path / "both.pt")
    assert together.num_sessions == 2
    for number, name in enumerate(KEPT):
        x = activity(len(KEPT[name]), seed=2)
        alone = loaded(ours, tmp_path / f"{name}.pt", session=name)
        assert alone.num_sessions is None
        for found in (together.transform(x, session_id=number), alone.transform(x)):
            np.testing.assert_allclose(found, ours.transform(x, session=name), rtol=0, atol=1e-5)


def test_distance_between_embeddings_of_length_one(tmp_path: Path) -> None:
    """What CEBRA does by default where the distance is euclidean; raylab by its own key."""
    model_ = {
        "encoder": {"kind": "offset5", "hidden_units": 6},
        "output_dimension": D,
        "normalize": True,
    }
    ours = model(trial(model=model_, loss={"similarity": "euclidean"}))
    theirs = loaded(ours, tmp_path / "model.pt")
    assert (theirs.model_architecture, theirs.distance) == ("offset5-model", "euclidean")
    x = activity(8)
    np.testing.assert_allclose(theirs.transform(x), ours.transform(x), rtol=0, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(ours.transform(x), axis=1), 1, rtol=1e-5)


def test_dropout_and_a_learnt_temperature(tmp_path: Path) -> None:
    encoder = {"kind": "offset36", "hidden_units": 6, "dropout": 0.2, "block_dropout": 0.1}
    loss = {"learnable_temperature": True, "temperature": 0.4, "min_temperature": 0.1}
    ours = model(trial(model={"encoder": encoder, "output_dimension": D}, loss=loss))
    theirs = loaded(ours, tmp_path / "model.pt")
    x = activity(8)
    np.testing.assert_allclose(theirs.transform(x), ours.transform(x), rtol=0, atol=1e-5)
    assert theirs.solver_.criterion.temperature == pytest.approx(0.4)
    assert theirs.solver_.criterion.min_temperature == 0.1


def test_the_file_is_plain_values_in_the_form_of_this_version(tmp_path: Path) -> None:
    """Whatever cebra writes, and no more than it reads: a new version of it that differs is seen
    here.
    """
    assert cebra.__version__ == FORMAT
    theirs = cebra.CEBRA(
        model_architecture="offset10-model", max_iterations=2, batch_size=8, device="cpu"
    )
    theirs.fit(activity(5), activity(1))
    theirs.save(tmp_path / "theirs.pt")
    write_cebra(model(trial(sampling={"conditional": "time_delta"})), tmp_path / "ours.pt")
    ours = torch.load(tmp_path / "ours.pt", weights_only=True)
    expected = torch.load(tmp_path / "theirs.pt", weights_only=False)
    assert set(ours) == set(expected)
    assert set(ours["args"]) < set(expected["args"])
    assert set(ours["state"]) == set(expected["state"])
    assert set(ours["state_dict"]) == set(expected["state_dict"])
    assert set(ours["metadata"]) - set(expected["metadata"]) == {
        "raylab_version",
        "raylab_sessions",
    }
    groups = [content["state_dict"]["optimizer"]["param_groups"][0] for content in (ours, expected)]
    assert groups[0] == {**groups[1], "params": groups[0]["params"]}
    # the type of a label and its columns, which cebra asks for where it scores
    assert [(np.dtype(kind), shape[1:]) for kind, shape in ours["state"]["label_types_"]] == [
        (np.float64, (1,))
    ]


def test_cebra_can_go_on_with_it(tmp_path: Path) -> None:
    """Scores that need labels of the same type, adaptation to another animal, and saving again."""
    theirs = loaded(model(trial(sampling={"conditional": "time_delta"})), tmp_path / "model.pt")
    x, y = activity(8), np.linspace(0, 1, SAMPLES)[:, None]
    assert np.isfinite(cebra.sklearn.metrics.infonce_loss(theirs, x, y, num_batches=2))
    theirs.set_params(max_adapt_iterations=2, batch_size=8)
    theirs.fit(activity(3), y, adapt=True)
    theirs.save(tmp_path / "adapted.pt")
    again = from_cebra(tmp_path / "adapted.pt")
    np.testing.assert_allclose(
        again.transform(activity(3)), theirs.transform(activity(3)), rtol=0, atol=1e-5
    )


@pytest.mark.parametrize(
    ("sections", "named"),
    [
        ({"view": {"smoothing_ms": 50}}, "view.smoothing_ms 50"),
        ({"view": {"bin_ms": 100}}, "view.bin_ms 100"),
        ({"view": {"resample_hz": 10}}, "view.resample_hz 10"),
        ({"view": {"lag_ms": 100}}, "view.lag_ms 100"),
        ({"view": {"sqrt": True}}, "view.sqrt True"),
        ({"view": {"clip_max": 3}}, "view.clip_max 3"),
        ({"view": {"clip_min": 0}}, "view.clip_min 0"),
        ({"model": {"encoder": {"kind": "linear"}}}, "model.encoder.kind 'linear'"),
        ({"model": {"encoder": {"kind": "attention"}}}, "model.encoder.kind 'attention'"),
        (
            {"model": {"encoder": {"kind": "offset10_projector"}}},
            "model.encoder.kind 'offset10_projector'",
        ),
        ({"model": {"encoder": {"kind": "offset20_4x"}}}, "model.encoder.kind 'offset20_4x'"),
        (
            {"model": {"encoder": {"kind": "offset5"}}, "loss": {"similarity": "euclidean"}},
            "no offset5 without normalisation\n  Train with model.normalize: true, or as offset1 "
            "or offset10.",
        ),
        (
            {"model": {"encoder": {"kind": "offset1_wide"}}},
            "no offset1_wide with normalisation\n  Train with model.normalize: false.",
        ),
    ],
)
def test_what_cebra_cannot_say_is_refused_by_name(
    sections: dict[str, Any], named: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as raised:
        write_cebra(model(trial(**sections)), tmp_path / "model.pt")
    assert named in str(raised.value)
    assert not (tmp_path / "model.pt").exists()


# -- cebra -> raylab -------------------------------------------------------------------------------


def fitted_cebra(
    name: str = "offset10-model", x: Any = None, *y: Any, **arguments: Any
) -> cebra.CEBRA:
    settings = {
        "max_iterations": 2,
        "batch_size": 8,
        "device": "cpu",
        "output_dimension": D,
        "num_hidden_units": 6,
    }
    return cebra.CEBRA(model_architecture=name, **settings | arguments).fit(
        activity(5) if x is None else x, *y
    )


@pytest.mark.parametrize(
    "name", [name for name in ARCHITECTURES if not name.startswith("offset4-")]
)
def test_an_estimator_of_cebra_embeds_the_same(name: str, tmp_path: Path) -> None:
    """Of a subsampling one cebra gives every fourth sample."""
    theirs = fitted_cebra(name)
    theirs.save(tmp_path / "model.pt")
    ours, x = from_cebra(tmp_path / "model.pt"), activity(5, seed=3)
    step = 4 if "4x" in name else 1
    expected = theirs.transform(x)
    found = ours.transform(x)
    assert found.shape == (SAMPLES, D)
    np.testing.assert_allclose(
        found[::step], expected, rtol=0, atol=1e-5 * max(1.0, np.abs(expected).max())
    )


def test_sessions_labels_and_arguments_of_cebra(tmp_path: Path) -> None:
    sessions, y = [activity(5), activity(3)], np.linspace(0, 1, SAMPLES)[:, None]
    told = {
        "temperature_mode": "auto",
        "min_temperature": 0.2,
        "conditional": "time_delta",
        "time_offsets": 7,
    }
    theirs = fitted_cebra(
        "offset5-model", sessions, [y, y], distance="euclidean", learning_rate=0.01, **told
    )
    theirs.save(tmp_path / "model.pt")
    ours = from_cebra(tmp_path / "model.pt")
    for number, x in enumerate(sessions):
        expected = theirs.transform(x, session_id=number)
        np.testing.assert_allclose(
            ours.transform(x, session=str(number)), expected, rtol=0, atol=1e-5
        )
    config = ours.config
    assert (config.model.normalize, config.loss.similarity) == (
        True,
        "euclidean",
    )  # as cebra's name and distance say
    assert (config.sampling.conditional, config.sampling.time_offset) == ("time_delta", 7)
    assert (
        config.training.max_steps,
        config.training.batch_size,
        config.optimizer.learning_rate,
    ) == (2, 8, 0.01)
    assert ours.module.criterion.temperature == pytest.approx(
        float(theirs.solver_.criterion.temperature)
    )


def test_out_and_back_is_the_same(tmp_path: Path) -> None:
    ours = model(trial(), ("a", "b"))
    write_cebra(ours, tmp_path / "model.pt")
    again = from_cebra(tmp_path / "model.pt")
    assert list(again.sessions) == ["a", "b"]
    for name, kept in KEPT.items():
        x = activity(len(kept), seed=4)
        np.testing.assert_allclose(
            again.transform(x, session=name), ours.transform(x, session=name), rtol=0, atol=1e-5
        )


def test_a_file_that_would_run_code_is_not_opened(tmp_path: Path) -> None:
    """cebra's older form is a pickle of the whole estimator."""
    with pytest.warns(DeprecationWarning, match="backend='torch' is deprecated"):
        fitted_cebra("offset1-model").save(tmp_path / "model.pt", backend="torch")
    with pytest.raises(DataError) as raised:
        from_cebra(tmp_path / "model.pt")
    assert "holds cebra.integrations.sklearn.cebra.CEBRA, which would run code" in str(raised.value)
    assert "backend='sklearn'" in str(raised.value)


def test_an_architecture_that_raylab_lacks(tmp_path: Path) -> None:
    fitted_cebra("offset1-model-v2").save(tmp_path / "model.pt")
    with pytest.raises(
        DataError,
        match="architecture 'offset1-model-v2' is not known here\n  Did you mean 'offset1-model'",
    ):
        from_cebra(tmp_path / "model.pt")


def test_files_that_are_something_else(tmp_path: Path) -> None:
    theirs = fitted_cebra()
    theirs.save(tmp_path / "model.pt")
    content = torch.load(tmp_path / "model.pt", weights_only=False)
    broken = {
        "no weights": {key: value for key, value in content.items() if key != "state_dict"},
        "other weights": {
            **content,
            "args": {**content["args"], "model_architecture": "offset36-model"},
        },
        "no units": {**content, "state": {**content["state"], "n_features_in_": None}},
        "a tensor": torch.zeros(3),
        "a wrong value": {**content, "args": {**content["args"], "output_dimension": "many"}},
    }
    for name, value in broken.items():
        torch.save(value, tmp_path / "broken.pt")
        with pytest.raises((DataError, ConfigError), match=r"broken\.pt: \S"):
            from_cebra(tmp_path / "broken.pt")
        assert name
    whole = (tmp_path / "model.pt").read_bytes()
    for bad in (whole[: len(whole) // 2], b"", b"text", b"PK\x03\x04"):
        (tmp_path / "broken.pt").write_bytes(bad)
        with pytest.raises(DataError, match=r"broken\.pt: \S"):
            from_cebra(tmp_path / "broken.pt")
    for path in (tmp_path, tmp_path / "none.pt"):
        with pytest.raises(DataError):
            from_cebra(path)
