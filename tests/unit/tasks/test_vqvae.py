"""The VQ-VAE family: its network, its training data, and scores against slow, plain ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers import dataset, recording, session
from scipy.stats import entropy
from sklearn.metrics import r2_score
from torch import nn

from raylab.config.parse import parse
from raylab.config.splits import BlockedSplits
from raylab.config.vqvae import VqvaeModelConfig, VqvaeTrial
from raylab.data.dataset import Dataset
from raylab.data.session import Label
from raylab.data.shard import whole_shard
from raylab.data.views.view import make_timeline, view_activity
from raylab.errors import ConfigError, TrainingError
from raylab.evaluation.codes import codebook_scores, counts_of
from raylab.evaluation.reconstruction import reconstruction_scores, recorded_units, target_of
from raylab.models.fast.channels_last import ChannelsLast
from raylab.models.vqvae import InputLayer, OutputLayer, VqVae
from raylab.space.load_space import load_space
from raylab.tasks.families import get_task
from raylab.tasks.vqvae.behaviour import STATISTICS, Behaviour, statistics
from raylab.tasks.vqvae.model import VqvaeModel
from raylab.tasks.vqvae.windows import window_samplers
from raylab.training.loop import Training
from raylab.training.model import Model
from raylab.tuning.checks.space import check_space

SMALL = {
    "window": 20,
    "stride": 5,
    "channels": [8, 16, 16],
    "norm_groups": 4,
    "residual_blocks": 1,
    "code_dimension": 8,
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    sessions = session("a", samples=900), session("b", samples=700, units=4, seed=1)
    return dataset(
        tmp_path_factory.mktemp("vqvae") / "ds", *sessions, splits=BlockedSplits(blocks=12, gap_s=1)
    )


def trial(**sections: Any) -> VqvaeTrial:
    torch.set_num_threads(1)
    value: dict[str, Any] = {
        "task": {"kind": "vqvae"},
        "model": SMALL,
        "quantizer": {"kind": "ema", "codes": 16},
        "training": {"max_steps": 20, "batch_size": 8, "validate_every": 10, "device": "cpu"},
        "optimizer": {"learning_rate": 3e-3},
    }
    for name, section in sections.items():
        value[name] = section if name == "quantizer" else {**value.get(name, {}), **section}
    return parse(VqvaeTrial, value, "test")


def training(data: Dataset, config: VqvaeTrial) -> Training:
    return Training(config, data, whole_shard(data, config.view, config.sessions))


# -- the network -----------------------------------------------------------------------------------


@pytest.mark.parametrize("stride", [1, 2])
def test_layers_over_units_are_convolutions(stride: int) -> None:
    torch.manual_seed(0)
    x, first = torch.randn(3, 21, 5), InputLayer(ChannelsLast(), 5, 4, 7, stride)
    plain = first.convolution(x.transpose(1, 2)).transpose(1, 2)
    torch.testing.assert_close(first(x), nn.functional.gelu(plain), rtol=0, atol=1e-6)
    last, h = OutputLayer(ChannelsLast(), 4, 5, 7, 1), torch.randn(3, 21, 4)
    expected = last.convolution(h.transpose(1, 2)).transpose(1, 2)
    torch.testing.assert_close(last(h, 21), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("window", [4, 13, 50, 51])
@pytest.mark.parametrize("strides", [(1, 2, 2), (2, 1, 3), (1, 1, 1)])
def test_any_window_comes_back_in_its_length(window: int, strides: tuple[int, ...]) -> None:
    config = VqvaeModelConfig(
        window=max(window, 6), strides=strides, channels=(8, 8, 8), code_dimension=4
    )
    network = VqVae(config, trial().quantizer, [3, 5])
    for place, units in enumerate((3, 5)):
        x = torch.randn(2, config.window, units)
        latent = network.encode(x, place)
        assert latent.shape == (2, -(-config.window // config.reduction), 4)
        assert (
            network.decode(network.quantize(latent).values, config.window, place).shape == x.shape
        )


def test_units_that_a_narrower_session_lacks_change_nothing() -> None:
    layer, x = InputLayer(ChannelsLast(), 5, 4, 3, 1), torch.randn(2, 9, 3)
    before = layer(x).detach()
    with torch.no_grad():
        layer.convolution.weight[:, 3:] += 7
    assert torch.equal(layer(x), before)


# -- codes and reconstructions against the obvious -------------------------------------------------


def test_codebook_scores() -> None:
    indices = np.array([[0, 0], [0, 1], [1, 2], [3, 3]])
    found = codebook_scores(counts_of(indices, (8, 4)), codes_per_window=2)
    bits = [entropy([2, 1, 1], base=2), entropy([1, 1, 1, 1], base=2)]
    assert found["usage"] == pytest.approx((3 / 8 + 4 / 4) / 2)
    assert found["usage_least"] == pytest.approx(3 / 8)
    assert found["perplexity"] == pytest.approx((2 ** bits[0] + 2 ** bits[1]) / 2)
    assert found["bits_per_window"] == pytest.approx(2 * sum(bits))
    assert found["capacity"] == pytest.approx(2 * (3 + 2))


@pytest.mark.parametrize(
    "view",
    [
        {},
        {"zscore": False},
        {"smoothing_ms": 300},
        {"bin_ms": 300, "sqrt": True},
        {"lag_ms": 200, "resample_hz": 7},
    ],
    ids=str,
)
def test_reconstructions_are_scored_on_what_was_recorded(view: dict[str, Any]) -> None:
    """The view itself as its reconstruction: exact where the view keeps everything, worse where it
    smooths.
    """
    config = trial(view=view)
    one = session(samples=600)
    parts = np.array([[0, 300, 0], [310, 450, 1], [460, 600, 2]])
    held = recording(one, parts, neural=np.abs(one.neural))
    viewed, fitted = view_activity(held, config.view)
    timeline = make_timeline(held, config.view)
    target = target_of(held, timeline, config.view, fitted, splits=("valid",), limit=10**6)
    lag = round(config.view.lag_ms / 100)
    expected = held.neural[np.clip(np.arange(310, 450) - lag, 310, 449)]
    np.testing.assert_array_equal(target.values, expected)
    plain = held.neural[np.clip(np.arange(0, 300) - lag, 0, 299)]
    np.testing.assert_allclose(target.variance, plain.astype(np.float64).var(0), rtol=1e-6)
    found = recorded_units(viewed[target.rows], config.view, fitted)
    scores, explained = reconstruction_scores(target, found)
    np.testing.assert_allclose(
        explained, r2_score(expected, found, multioutput="raw_values"), rtol=1e-4, atol=1e-4
    )
    assert scores["explained_variance"] == pytest.approx(explained.mean())
    assert scores["mse"] == pytest.approx(
        (np.square(found - expected).mean(0) / plain.astype(np.float64).var(0)).mean(), rel=1e-4
    )
    keeps = not config.view.smoothing_ms and not config.view.bin_ms and not config.view.resample_hz
    assert (scores["mse"] < 1e-10) == keeps
    mean = np.broadcast_to(plain.mean(0), expected.shape)
    assert reconstruction_scores(target, mean)[0]["explained_variance"] <= 0


def test_statistics_of_a_window() -> None:
    windows = np.array([[1.0, 4, 2], [5, np.nan, 1]])
    found = statistics(windows)
    np.testing.assert_allclose(found[0], [7 / 3, np.std([1, 4, 2]), 4, 1])
    assert np.isnan(found[1]).all()


# -- training --------------------------------------------------------------------------------------

KINDS = ("plain", "ema", "cosine", "residual", "grouped_residual", "fsq", "lfq", "simvq")
CODES = {
    "residual": {"codes": 8},
    "grouped_residual": {"codes": 8, "groups": 2},
    "fsq": {"levels": [4, 4]},
    "lfq": {"bits": 4},
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_quantizer_trains_validates_and_resumes(
    made: Dataset, tmp_path: Path, kind: str
) -> None:
    quantizer = {"kind": kind, **CODES.get(kind, {"codes": 16})}
    config = trial(quantizer=quantizer, behaviour={"label": "position"})
    one = training(made, config)
    while not one.done:
        loss = one.advance()
        validation = one.validate()
        if one.step == 10:
            one.save(tmp_path / "one.safetensors")
    declared = get_task(config).metrics(config, made.sessions)
    assert set(declared) - {"loss"} <= set(validation.metrics)
    assert np.isfinite([loss, *validation.metrics.values()]).all()
    again = training(made, config)
    again.load(tmp_path / "one.safetensors")
    torch.manual_seed(123)
    assert again.advance() == loss
    mine, theirs = one.model.state_dict(), again.model.state_dict()
    assert all(torch.equal(mine[name], theirs[name]) for name in mine)
    counts = [
        validation.arrays[name] for name in validation.arrays if name.startswith("codes.counts")
    ]
    assert [len(each) for each in counts] == list(one.model.network.quantizer.sizes)  # type: ignore[union-attr]


def test_training_lowers_the_error_below_that_of_the_mean(made: Dataset) -> None:
    config = trial(
        training={"max_steps": 300, "validate_every": 300}, behaviour={"label": "position"}
    )
    one = training(made, config)
    one.advance()
    metrics = one.validate().metrics
    assert metrics["reconstruction.mse"] < 0.6
    assert metrics["reconstruction.explained_variance"] > 0.4
    assert metrics["behaviour.r2_mean"] > 0.5 > 0 >= metrics["behaviour.baseline_r2"]
    assert metrics["decoding.r2"] > 0.5


def test_a_model_embeds_as_training_did(made: Dataset, tmp_path: Path) -> None:
    one = training(made, trial(sessions={"combine": "padded"}))
    one.advance()
    one.save_model(tmp_path)
    model = Model.load(tmp_path)
    assert isinstance(model.module, VqvaeModel)
    shard = one.shard["b"]
    whole = model.embed(shard)
    start, stop, _ = shard.timeline.parts[1]
    np.testing.assert_array_equal(
        model.encode(shard.x[start:stop].numpy(), session="b"), whole[start:stop]
    )
    raw = np.asarray(made.open("b").neural[:50])
    assert model.transform(raw, session="b").shape == (50, 8)
    assert model.transform(raw[:3], session="b").shape == (
        3,
        8,
    )  # shorter than a window: its last row repeats


def test_nothing_of_validation_or_test_reaches_training(tmp_path: Path) -> None:
    """Other activity and labels there: the same weights, to the bit."""
    splits = BlockedSplits(blocks=8)
    one = session("a", samples=500)
    kept = dataset(tmp_path / "kept", one, splits=splits)
    held = kept.open("a").parts
    neural, position = one.neural.copy(), np.array(one.labels["position"].values)
    for start, stop, code in held:
        if code != 0:
            neural[start:stop] = 50 - neural[start:stop]
            position[start:stop] = 9
    labels = {**one.labels, "position": Label.continuous(position, unit="m")}
    changed = dataset(
        tmp_path / "changed", session("a", samples=500, neural=neural, labels=labels), splits=splits
    )
    weights = []
    for data in (kept, changed):
        run = training(data, trial(behaviour={"label": "position"}, view={"smoothing_ms": 200}))
        run.advance()
        run.validate()
        run.advance()
        weights.append(run.model.state_dict())
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_shuffled_behaviour_is_told_to_training_only(made: Dataset) -> None:
    config = trial(behaviour={"label": "position"}, controls={"shuffle": 1})
    shard = whole_shard(made, config.view)
    behaviour = Behaviour.of(config, shard)
    assert behaviour is not None
    for name, one in shard.items():
        np.testing.assert_array_equal(
            behaviour.true[name], one.timeline.labels["position"].values[:, 0]
        )
        train = np.concatenate([np.arange(a, b) for a, b, code in one.timeline.parts if code == 0])
        others = np.setdiff1d(np.arange(one.timeline.length), train)
        assert not np.array_equal(behaviour.training[name][train], behaviour.true[name][train])
        np.testing.assert_array_equal(
            behaviour.training[name][others], behaviour.true[name][others]
        )


def test_targets_are_standardised_over_training_windows(made: Dataset) -> None:
    config = trial(behaviour={"label": "position"})
    one = training(made, config)
    behaviour = Behaviour.of(config, one.shard)
    assert behaviour is not None
    samplers = window_samplers(config, one.shard)
    targets = torch.cat(
        [behaviour.targets(name, sampler.starts) for name, sampler in samplers.items()]
    ).double()
    torch.testing.assert_close(
        targets.mean(0), torch.zeros(len(STATISTICS)).double(), rtol=0, atol=1e-5
    )
    torch.testing.assert_close(
        targets.std(0, correction=0), torch.ones(len(STATISTICS)).double(), rtol=0, atol=1e-5
    )


# -- trouble ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"model": {"kernels": [4, 5, 3]}}, "kernels must be odd"),
        ({"model": {"channels": [8, 16]}}, "as many layers"),
        ({"model": {"window": 3}}, "shorter than one code"),
        ({"model": {"norm_groups": 5}}, "not divisible by norm_groups"),
        ({"quantizer": {"kind": "fsq", "codes": 8}}, "codes"),
        (
            {"behaviour": {"label": "position", "mean": 0, "std": 0, "max": 0, "change": 0}},
            "predicts nothing",
        ),
    ],
    ids=str,
)
def test_configs_that_cannot_be(sections: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        trial(**sections)


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"behaviour": {"label": "heading"}}, "circular with 1 dimensions"),
        ({"behaviour": {"label": "choice"}}, "discrete"),
        ({"behaviour": {"label": "nope"}}, "behaviour.label: session 'a' has no label 'nope'"),
        ({"controls": {"shuffle": 1}}, "behaviour.label is not set"),
    ],
    ids=str,
)
def test_configs_that_these_sessions_refuse(
    made: Dataset, sections: dict[str, Any], message: str
) -> None:
    config = trial(**sections)
    with pytest.raises(ConfigError, match=message):
        get_task(config).check(config, made.sessions)


def test_parts_shorter_than_a_window(made: Dataset) -> None:
    with pytest.raises(TrainingError, match="no training part is as long as a window of 200 rows"):
        training(made, trial(model={"window": 200}))


def test_a_label_that_never_fills_a_window(tmp_path: Path) -> None:
    one = session("a")
    values = np.array(one.labels["position"].values)
    values[::7] = np.nan
    data = dataset(tmp_path, session("a", labels={"position": Label.continuous(values, unit="m")}))
    with pytest.raises(TrainingError, match="0 training windows have the label in every row"):
        training(data, trial(behaviour={"label": "position"}))


@pytest.mark.parametrize(
    ("metric", "path", "values"),
    [
        ("reconstruction.mse", "view.lag_ms", {"float": [0, 200]}),
        ("codes.bits_per_window", "model.window", {"int": [20, 40]}),
        ("codes.loss", "quantizer.commitment", {"float": [0.1, 1]}),
        ("behaviour.r2", "behaviour.std", {"float": [0.1, 1]}),
    ],
)
def test_objectives_that_cannot_compare_trials(
    made: Dataset, metric: str, path: str, values: dict[str, Any]
) -> None:
    base = {"behaviour.label": "position", "model.stride": 5}
    space = {
        "task": {"kind": "vqvae"},
        "objective": {"metric": metric},
        "base": base,
        "search": {path: values},
    }
    with pytest.raises(ConfigError, match=f"{metric} cannot compare trials that differ in {path}"):
        check_space(load_space(space), made.sessions)
    allowed = {**space, "search": {"optimizer.learning_rate": {"float": [1e-4, 1e-3]}}}
    check_space(load_space(allowed), made.sessions)
