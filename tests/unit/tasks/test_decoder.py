"""The decoder family: what it learns, what it is scored on, and that nothing leaks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers import dataset, session

from raylab.config.decoder import DecoderTrial
from raylab.config.parse import parse_trial
from raylab.config.readouts import READOUTS as registered
from raylab.config.splits import BlockedSplits, GivenSplits, TrialSplits
from raylab.data.dataset import Dataset
from raylab.data.session import Label
from raylab.data.shard import whole_shard
from raylab.errors import ConfigError, TrainingError
from raylab.evaluation.readouts import supports
from raylab.evaluation.scores import score_predictions
from raylab.tasks.decoder.examples import training_examples
from raylab.tasks.decoder.graphs import correlations
from raylab.tasks.families import get_task
from raylab.tasks.protocol import Comm
from raylab.training.loop import Training
from raylab.training.model import Model

READOUTS = tuple(registered.names)
NETWORKS: dict[str, dict[str, Any]] = {
    "mlp": {"hidden": [16]},
    "gru": {"width": 16},
    "lstm": {"width": 16},
    "tcn": {"channels": 16, "levels": 2},
    "transformer": {"width": 16, "layers": 1},
    "graph": {"width": 16, "layers": 1},
}


def config_of(kind: str, label: str = "position", **sections: Any) -> DecoderTrial:
    torch.set_num_threads(1)
    value: dict[str, Any] = {
        "task": {"kind": "decoder", "label": label},
        "input": {"window": 4},
        "model": {"kind": kind, **NETWORKS.get(kind, {})},
        "training": {"max_steps": 60, "batch_size": 32, "validate_every": 60, "device": "cpu"},
        "optimizer": {"learning_rate": 5e-3},
    }
    for name, section in sections.items():
        value[name] = {**value.get(name, {}), **section}
    config = parse_trial(value, "test")
    assert isinstance(config, DecoderTrial)
    return config


def training_of(data: Dataset, config: DecoderTrial) -> Training:
    return Training(config, data, whole_shard(data, config.view, config.sessions))


def trained(data: Dataset, config: DecoderTrial) -> Training:
    found = training_of(data, config)
    while not found.done:
        found.advance()
    return found


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    made = (session("a", samples=500, units=6), session("b", samples=400, units=4, seed=1))
    return dataset(tmp_path_factory.mktemp("decoder"), *made, splits=BlockedSplits(blocks=20))


@pytest.mark.parametrize("label", ["position", "heading", "choice"])
@pytest.mark.parametrize("kind", [*READOUTS, *NETWORKS])
def test_every_decoder_reads_what_the_activity_says(data: Dataset, kind: str, label: str) -> None:
    config = config_of(kind, label)
    if kind in READOUTS and not supports(kind, data.sessions["a"].labels[label].kind):
        with pytest.raises(ConfigError, match=f"model.kind {kind} decodes .* only"):
            get_task(config).check(config, data.sessions)
        return
    metrics = trained(data, config).validate().metrics
    assert metrics["decoding.score"] > (0.75 if label == "choice" else 0.5)
    primary = "balanced_accuracy" if label == "choice" else "r2"
    assert metrics["decoding.score"] == metrics[f"decoding.{primary}"]


@pytest.mark.parametrize(
    ("kind", "label"),
    [("ridge", "choice"), ("kalman", "heading"), ("gru", "choice"), ("graph", "choice")],
)
def test_a_saved_decoder_says_the_same(
    data: Dataset, kind: str, label: str, tmp_path: Path
) -> None:
    training = trained(data, config_of(kind, label))
    training.save_model(tmp_path)
    model = Model.load(tmp_path)
    task, shard = training.task, training.shard
    training.model.eval()
    before = task.predictions(training.config, training.model, shard, "test")
    after = task.predictions(model.config, model.module, shard, "test")
    assert before
    assert after
    for name in before:
        np.testing.assert_array_equal(before[name].predicted, after[name].predicted)
    assert model.embed(shard["a"]).shape == (shard["a"].timeline.length, 2)


@pytest.mark.parametrize("kind", ["svm", "lstm"])
def test_a_checkpoint_goes_on_bit_for_bit(data: Dataset, kind: str, tmp_path: Path) -> None:
    config = config_of(kind, training={"max_steps": 6, "validate_every": 3})
    straight, killed, resumed = (training_of(data, config) for _ in range(3))
    while not straight.done:
        straight.advance()
    killed.advance()
    killed.save(tmp_path / "one.safetensors")
    torch.manual_seed(5)
    resumed.load(tmp_path / "one.safetensors")
    while not resumed.done:
        resumed.advance()
    for name, value in straight.model.state_dict().items():
        assert torch.equal(value, resumed.model.state_dict()[name]), name


def test_a_readout_takes_one_step_and_says_so() -> None:
    assert config_of("ridge").training.max_steps == 1
    assert config_of("mlp").training.max_steps == 60


def test_predictions_are_those_of_the_session_in_its_own_classes(tmp_path: Path) -> None:
    """Sessions may number classes differently: one target counts them all, scores compare each in
    its own.
    """
    random = np.random.default_rng(0)
    made = []
    for name, classes in (("a", ["left", "right"]), ("b", ["right", "up"])):
        codes = random.integers(0, 2, 300)
        x = (
            random.normal(size=(300, 4))
            + 3 * np.eye(4)[[["left", "right", "up"].index(classes[c]) for c in codes]]
        )
        labels = {"choice": Label.discrete(np.array(classes)[codes])}
        made.append(session(name, samples=300, units=4, neural=x.astype(np.float32), labels=labels))
    training = trained(
        dataset(tmp_path, *made),
        config_of("lda", "choice", input={"window": 1}, sessions={"combine": "padded"}),
    )
    found = training.task.predictions(training.config, training.model, training.shard, "test")
    assert training.model.target.classes == ("left", "right", "up")  # type: ignore[union-attr]
    assert found
    for one in found.values():
        assert one.scores["balanced_accuracy"] > 0.8
        assert one.scores == score_predictions("discrete", one.truth, one.predicted)


def test_trials_are_decoded_whole(tmp_path: Path) -> None:
    """The class of a trial is in the order of its samples, which no single sample tells."""
    random = np.random.default_rng(0)
    classes = random.integers(0, 2, 60)
    bump = np.where(np.arange(10) < 5, 1.0, -1.0)
    x = np.concatenate(
        [np.outer(bump * (2 * c - 1), [1, -1]) for c in classes]
    ) + 0.1 * random.normal(size=(600, 2))
    segments = np.stack([np.arange(0, 600, 10), np.arange(10, 610, 10)], axis=1)
    labels = {"stim": Label.discrete(np.repeat(classes, 10))}
    one = session(
        samples=600, units=2, neural=x.astype(np.float32), labels=labels, segments=segments
    )
    data = dataset(tmp_path, one, splits=TrialSplits())
    config = config_of("lda", "stim", evaluation={"per": "segment"})
    training = trained(data, config)
    assert training.validate().metrics["decoding.score"] == 1.0
    (decoded,) = (
        training.task.predictions(config, training.model, training.shard, "test") or {}
    ).values()
    assert len(decoded.truth) == 12, "a trial counts once"
    single = trained(data, config_of("lda", "stim", input={"window": 1}))
    assert single.validate().metrics["decoding.score"] < 0.7


@pytest.mark.parametrize("kind", ["mlp", "ridge", "graph"])
def test_groups_of_different_length_are_shown_whole(data: Dataset, kind: str) -> None:
    """Shorter ones repeat their last row; how long the longest is, the dataset says before it is
    read.
    """
    training = trained(
        data, config_of(kind, evaluation={"per": "segment"}, training={"max_steps": 2})
    )
    lengths = [int(np.diff(one.timeline.parts[:, :2]).max()) for one in training.shard.values()]
    assert training.model.rows >= max(lengths)  # type: ignore[operator]
    assert "decoding.r2" in training.validate().metrics
    assert training.config.input.window is None  # type: ignore[attr-defined]
    pooled = trained(
        data, config_of("ridge", evaluation={"per": "segment"}, input={"pool": "mean"})
    )
    assert pooled.model.rows == 1


def test_few_shots_train_on_so_many_of_each_class(data: Dataset) -> None:
    config = config_of("lda", "choice", training={"shots": 3})
    shard = whole_shard(data, config.view)
    for session_shard in shard.values():
        found = training_examples(config, session_shard.timeline, "choice")
        assert np.bincount(found.label.values).tolist() == [3, 3]
        assert (found.splits == 0).all()
    with pytest.raises(ConfigError, match="shots are counted by class"):
        get_task(config).check(config_of("ridge", training={"shots": 3}), data.sessions)


def test_shuffled_labels_teach_nothing(data: Dataset) -> None:
    true = trained(data, config_of("ridge")).validate().metrics["decoding.r2"]
    shuffled = [
        trained(data, config_of("ridge", controls={"shuffle": seed}))
        .validate()
        .metrics["decoding.r2"]
        for seed in range(3)
    ]
    # The label is slow: a shift may leave some of it.
    assert true > 0.8
    assert np.mean(shuffled) < 0.4
    assert max(shuffled) < true - 0.3


def test_validation_and_test_are_not_looked_at_in_training(data: Dataset) -> None:
    """Other activity and labels outside training change no weight; readouts choose settings on
    validation only.
    """
    for kind in ("ridge", "gru", "graph"):
        config = config_of(
            kind, model={"alpha": 1.0} if kind == "ridge" else {}, training={"max_steps": 3}
        )
        first, second = training_of(data, config), _with_other_test(data, config)
        for one in (first, second):
            one.advance()
        for name, value in first.model.state_dict().items():
            assert torch.equal(value, second.model.state_dict()[name]), (kind, name)


def _with_other_test(data: Dataset, config: DecoderTrial) -> Training:
    """Noise in the place of all that is not training."""
    shard = whole_shard(data, config.view, config.sessions)
    changed = {}
    for name, one in shard.items():
        timeline, x = one.timeline, one.x.clone()
        for start, stop, code in timeline.parts.tolist():
            if code != 0:
                x[start:stop] = 100.0
        label = timeline.reference["position"]
        values = np.where((timeline.splits == 0)[:, None], label.values, -7.0)
        reference = {**timeline.reference, "position": replace(label, values=values)}
        changed[name] = replace(one, x=x, timeline=replace(timeline, reference=reference))
    return Training(config, data, changed)


def test_correlations_are_numpys_of_training_rows(data: Dataset) -> None:
    shard = whole_shard(data, config_of("graph").view)["a"]
    parts = [shard.x[a:b].numpy() for a, b, code in shard.timeline.parts.tolist() if code == 0]
    found = correlations([shard], 6, Comm())
    np.testing.assert_allclose(found.numpy(), np.corrcoef(np.concatenate(parts).T), atol=1e-6)
    constant = replace(
        shard, x=torch.cat([shard.x[:, :5], torch.full_like(shard.x[:, :1], 3.3)], dim=1)
    )
    assert torch.isnan(correlations([constant], 6, Comm())[5]).all()


def test_a_graph_by_position_needs_positions(tmp_path: Path) -> None:
    config = config_of("graph", model={"graph": {"by": "position", "neighbours": 1}})
    with pytest.raises(TrainingError, match="no column 'position'"):
        training_of(dataset(tmp_path / "without"), config)
    places = {"position": np.array([[0.0], [1], [10], [11], [20], [21]])}
    training = training_of(dataset(tmp_path / "with", _placed(places)), config)
    edges = training.model.network.edges0.T.tolist()  # type: ignore[union-attr]
    assert [0, 1] in edges
    assert [1, 2] not in edges


def _placed(columns: dict[str, np.ndarray]) -> Any:
    return replace(session(units=6), units=columns)


def test_a_label_of_one_value_is_named(tmp_path: Path) -> None:
    one = session(labels={"flat": Label.continuous(np.ones(400))})
    with pytest.raises(TrainingError, match="all of them 1"):
        training_of(dataset(tmp_path, one), config_of("mlp", "flat"))


def test_labels_that_mean_different_things_are_refused(tmp_path: Path) -> None:
    made = [
        session("a", labels={"place": Label.continuous(np.arange(400.0), unit="m")}),
        session("b", labels={"place": Label.continuous(np.arange(400.0), unit="cm")}),
    ]
    config = config_of("ridge", "place")
    with pytest.raises(
        ConfigError, match="continuous in m, 1 wide in session 'a' and continuous in cm"
    ):
        get_task(config).check(config, dataset(tmp_path, *made).sessions)


def test_sessions_share_the_trunk_and_a_session_held_out_is_read_by_it(tmp_path: Path) -> None:
    given = {"train": np.array([[0, 300]]), "valid": np.array([[300, 400]])}
    made = [session(name, given=given, seed=0) for name in "ab"]
    held = session("c", given={"test": np.array([[0, 400]])}, seed=0)
    noise = np.random.default_rng(1).normal(0, 1e-3, held.neural.shape).astype(np.float32)
    held = replace(held, neural=held.neural + noise)  # not a copy, which is refused
    data = dataset(tmp_path, *made, held, splits=GivenSplits())
    for kind in ("ridge", "mlp"):
        training = trained(data, config_of(kind, sessions={"combine": "padded"}))
        found = training.task.predictions(training.config, training.model, training.shard, "test")
        assert found is not None
        assert found["c"].scores["r2"] > 0.5, (
            "the same units in the same order: what was learnt elsewhere holds"
        )


def test_the_settings_that_validation_chose_are_kept(data: Dataset, tmp_path: Path) -> None:
    training = trained(data, config_of("ridge", model={"alpha": [1e-2, 1e6]}))
    training.save_model(tmp_path)
    model = Model.load(tmp_path)
    said = training.task.predictions(model.config, model.module, training.shard, "valid")
    assert said
    assert [one.choice.alpha for one in said.values()] == [(1e-2,), (1e-2,)]  # type: ignore[union-attr]
    assert model.config.model.alpha == (1e-2, 1e6)  # type: ignore[attr-defined]
    network = trained(data, config_of("mlp", training={"max_steps": 1}))
    told = network.task.predictions(network.config, network.model, network.shard, "valid") or {}
    assert [one.choice for one in told.values()] == [None, None]
