"""Sessions combined: one encoder each, one for all without padding's effect, or the first."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers import dataset, session, small_study, trial

from raylab.analysis.evaluate import evaluate
from raylab.analysis.export_embeddings import export_embeddings
from raylab.config.splits import GivenSplits
from raylab.config.trial import TrialConfig
from raylab.config.view import SessionsConfig
from raylab.data.dataset import Dataset
from raylab.data.session import Label
from raylab.data.shard import whole_shard
from raylab.errors import ConfigError
from raylab.evaluation.baselines import Baselines
from raylab.evaluation.decoding import decode
from raylab.evaluation.pooling import pool_samples
from raylab.models.base import Encoder
from raylab.models.encoders import build_encoder
from raylab.models.fast.contrastive_step import FusedEncoder
from raylab.tasks.contrastive.model import ContrastiveModel, Pairs
from raylab.tasks.embedding import embed_session
from raylab.tasks.families import get_task
from raylab.tasks.protocol import Comm
from raylab.training.loop import Training
from raylab.training.model import Model

KINDS = ("offset1", "offset5", "offset10", "linear", "attention")


def combined(combine: str, **sections: Any) -> TrialConfig:
    return trial(sessions={"combine": combine}, **sections)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Six, three and five units."""
    sessions = [
        session("a"),
        session("b", units=3, seed=1),
        session("c", units=5, samples=500, seed=2),
    ]
    return dataset(tmp_path_factory.mktemp("combine") / "ds", *sessions)


@pytest.fixture(scope="module")
def held_out(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Two sessions that train, one to validate with, a wider one to test with."""
    return dataset(
        tmp_path_factory.mktemp("held_out") / "ds", *split_by_session(), splits=GivenSplits()
    )


def split_by_session(**changes: Any) -> list[Any]:
    whole = np.array([[0, 400]])
    return [
        session("a", given={"train": whole}),
        session("b", units=4, seed=1, given={"train": whole}),
        session("c", units=5, seed=2, given={"valid": whole}),
        session("d", units=9, seed=3, given={"test": whole}, **changes),
    ]


def training_of(data: Dataset, config: TrialConfig) -> Training:
    return Training(config, data, whole_shard(data, config.view, config.sessions))


# -- padded ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_narrow_session_sees_the_encoder_restricted_to_its_columns(
    made: Dataset, kind: str
) -> None:
    training = training_of(made, combined("padded", model={"encoder": {"kind": kind}}))
    model = training.model
    assert isinstance(model, ContrastiveModel)
    (shared,) = model.encoders
    assert isinstance(shared, Encoder)
    assert shared.units == 6
    for name, held in training.shard.items():
        units = held.x.shape[1]
        assert units == made.sessions[name].units  # nothing is padded in memory
        narrow = build_encoder(training.config.model.encoder, units=units, output_dimension=3)  # type: ignore[attr-defined]
        narrow.load_state_dict(restricted(shared, units))
        np.testing.assert_allclose(
            embed_session(shared, held, Comm()), embed_session(narrow, held, Comm()), atol=2e-6
        )


def restricted(encoder: Encoder, units: int) -> dict[str, torch.Tensor]:
    """The weights of the first `units` inputs: (out, in, ...) or, flattened over the window, (out,
    width * in).
    """
    state = dict(encoder.state_dict())
    first = next(
        name
        for name in state
        if name in ("net.0.weight", "net.1.weight", "out.weight", "project.weight")
    )
    weight = state[first]
    if first == "out.weight":
        state[first] = weight.unflatten(1, (-1, encoder.units))[..., :units].flatten(1)
    else:
        state[first] = weight[:, :units]
    return state


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_in_the_padding_changes_nothing(made: Dataset, kind: str) -> None:
    """Whatever the weights are that meet the padding of session b: its loss and gradients are the
    same.
    """
    training = training_of(made, combined("padded", model={"encoder": {"kind": kind}}))
    model, held = training.model, training.shard["b"]
    assert isinstance(model, ContrastiveModel)
    pairs = training.batch(0)[1]
    assert pairs.sessions == (held,)
    other = deepcopy(model)
    (encoder,) = other.encoders
    assert isinstance(encoder, Encoder)
    name, weight = next(
        (n, p) for n, p in encoder.named_parameters() if p.ndim > 1 and n != "position"
    )
    beyond = weight.unflatten(1, (-1, 6))[..., 3:] if name == "out.weight" else weight[:, 3:]
    with torch.no_grad():
        beyond.copy_(1e6 * torch.randn_like(beyond))
    losses = [one.pairs_loss(pairs) for one in (model, other)]
    torch.testing.assert_close(losses[0], losses[1], rtol=1e-6, atol=0)
    for loss in losses:
        loss.backward()
    gradients = [dict(one.named_parameters()) for one in (model, other)]
    for parameter in gradients[0]:
        mine, theirs = gradients[0][parameter].grad, gradients[1][parameter].grad
        assert mine is not None
        assert theirs is not None
        torch.testing.assert_close(mine, theirs, rtol=1e-5, atol=1e-6)
    found = weight.grad
    assert found is not None
    unseen = found.unflatten(1, (-1, 6))[..., 3:] if name == "out.weight" else found[:, 3:]
    assert (unseen == 0).all()
    assert np.abs(found.numpy()).max() > 1e-3


@pytest.mark.parametrize("kind", ["offset1", "offset5", "offset10", "linear"])
@pytest.mark.parametrize("batch_size", [8, 200])  # windows, or the whole recording at once
def test_the_step_by_hand_is_that_of_autograd(
    made: Dataset, kind: str, batch_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = combined(
        "padded",
        model={"encoder": {"kind": kind}},
        training={"batch_size": batch_size},
        loss={"learnable_temperature": True},
    )
    found = []
    for by_hand in (True, False):
        if not by_hand:
            monkeypatch.setattr(FusedEncoder, "supports", staticmethod(lambda encoder: False))
        training = training_of(made, config)
        loss = training.task.loss(training.model, training.batch(0), Comm())["loss"]
        loss.backward()
        found.append(
            [loss.detach(), *(p.grad for p in training.model.parameters() if p.grad is not None)]
        )
    assert len(found[0]) == len(list(training.model.parameters())) + 1
    for mine, other in zip(*found, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-5)


def test_gradients_of_sessions_add_up(made: Dataset) -> None:
    config = combined("padded")
    training = training_of(made, config)
    model, batch = training.model, training.batch(0)
    assert isinstance(model, ContrastiveModel)

    def gradient(pairs: list[Pairs]) -> np.ndarray:
        training.trained.zero_grad()
        training.task.loss(model, pairs, Comm())["loss"].backward()
        return np.array(training.trained.gradients)

    alone = [gradient([one]) for one in batch]
    np.testing.assert_allclose(gradient(batch), np.mean(alone, axis=0), atol=1e-6)
    assert np.abs(alone[0] - alone[1]).max() > 1e-3


def test_sessions_of_one_encoder_share_all_weights(made: Dataset) -> None:
    separate, padded = (training_of(made, combined(how)).model for how in ("separate", "padded"))
    assert (
        sum(p.numel() for p in padded.parameters())
        < sum(p.numel() for p in separate.parameters()) / 2
    )


# -- the first alone -------------------------------------------------------------------------------


def test_the_first_alone_is_a_dataset_of_it(made: Dataset, tmp_path: Path) -> None:
    alone = dataset(tmp_path / "one", session("a"))
    first, only = training_of(made, combined("first")), training_of(alone, combined("separate"))
    assert list(first.shard) == ["a"]
    assert first.advance() == only.advance()
    assert first.validate().metrics == only.validate().metrics
    first.save_model(tmp_path / "model")
    assert list(Model.load(tmp_path / "model").sessions) == ["a"]
    labels = ["position", "choice"]
    config = first.config.evaluation.model_copy(update={"neighbours": (5,)})
    assert Baselines(made, config, labels, first.config.sessions).scores("valid") == Baselines(
        alone, config, labels
    ).scores("valid")


def test_the_first_alone_is_evaluated_and_exported(made: Dataset, tmp_path: Path) -> None:
    study = small_study(tmp_path / "s", made, scores=(0.5,), sessions={"combine": "first"})
    assert list(evaluate(study.path).sessions) == ["a"]
    assert export_embeddings(study.path, out=tmp_path / "e.parquet")[
        "session"
    ].unique().tolist() == ["a"]


# -- sessions that are held out whole --------------------------------------------------------------


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        (
            {},
            "sessions.combine 'separate': session 'c' has no training samples and needs its own "
            "encoder",
        ),
        (
            {"sessions": {"combine": "padded"}, "view": {"outlier_z": 9}},
            "view.outlier_z: session 'c' has no training",
        ),
        (
            {"sessions": {"combine": "padded"}, "view": {"selection": {"kind": "variance"}}},
            "view.selection: session 'c' has no training samples, so none of its units",
        ),
    ],
)
def test_what_needs_training_samples_is_refused(
    held_out: Dataset, sections: dict[str, Any], said: str
) -> None:
    config = trial(**sections)
    for refuse in (
        lambda: get_task(config).check(config, held_out.sessions),
        lambda: whole_shard(held_out, config.view, config.sessions),
    ):
        with pytest.raises(ConfigError) as caught:
            refuse()
        assert said in caught.value.what
        assert "combine=padded" in caught.value.remedy or "random" in caught.value.remedy


def test_a_first_session_without_training_samples_is_refused(tmp_path: Path) -> None:
    whole = np.array([[0, 400]])
    sessions = [session("a", given={"valid": whole}), session("b", given={"train": whole}, seed=1)]
    data, config = dataset(tmp_path / "ds", *sessions, splits=GivenSplits()), combined("first")
    with pytest.raises(
        ConfigError, match="session 'a' has no training samples and is the only one used"
    ):
        get_task(config).check(config, data.sessions)


def test_a_dataset_that_trains_on_nothing_is_refused(tmp_path: Path) -> None:
    data = dataset(
        tmp_path / "ds", session(given={"valid": np.array([[0, 400]])}), splits=GivenSplits()
    )
    with pytest.raises(
        ConfigError, match="session 'rat' has no training samples, nor has any other"
    ):
        get_task(combined("padded")).check(combined("padded"), data.sessions)


@pytest.mark.parametrize(
    "view",
    [
        {"bin_ms": 200},
        {"selection": {"kind": "random", "count": 3}},
        {"zscore": False},
        {"normalized_time": True},
    ],
    ids=str,
)
def test_held_out_sessions_are_scored_and_never_learnt_from(
    held_out: Dataset, tmp_path: Path, view: dict[str, Any]
) -> None:
    random = np.random.default_rng(8)
    other = session("d", units=9, seed=3).neural + random.normal(40, 9, (400, 9)).astype(np.float32)
    changed = dataset(tmp_path / "ds", *split_by_session(neural=other), splits=GivenSplits())
    found = []
    for data in (held_out, changed):
        training = training_of(data, combined("padded", view=view))
        training.advance()
        metrics = training.validate().metrics
        assert metrics["decoding.r2"] > -1
        assert "goodness_of_fit" in metrics
        weights = {name: value.clone() for name, value in training.model.state_dict().items()}
        fitted = {name: one.fitted.arrays() for name, one in training.shard.items()}
        found.append((weights, fitted, metrics))
    (weights, fitted, metrics), (weights2, fitted2, metrics2) = found
    assert all(torch.equal(value, weights2[name]) for name, value in weights.items())
    for name, arrays in fitted.items():  # that of d itself too: pooled over a and b
        assert all(np.array_equal(array, fitted2[name][key]) for key, array in arrays.items())
    assert metrics == metrics2
    assert len(fitted["d"]["columns"]) == (
        3 if "selection" in view else 6
    )  # no wider than what was trained


def test_held_out_sessions_in_a_study(held_out: Dataset, tmp_path: Path) -> None:
    study = small_study(tmp_path / "s", held_out, scores=(0.5,), sessions={"combine": "padded"})
    for split, scored in (("valid", "c"), ("test", "d")):
        result = evaluate(study.path, split=split)
        assert [name for name, scores in result.sessions.items() if scores] == [scored]
        for label in ("position", "heading", "choice"):
            assert set(result.sessions[scored][label]) == set(result.baselines["chance"][label])
        assert (
            result.baselines["raw"] == result.baselines["input"] == {}
        )  # units of sessions do not correspond
    model = Model.load(study.model_folder("0000"))
    table = export_embeddings(study.path, out=tmp_path / "e.parquet", splits=("test",))
    assert table["session"].unique().tolist() == ["d"]
    found = model.transform(held_out.open("d").neural, session="d")
    np.testing.assert_allclose(found, table[["e0", "e1", "e2"]].to_numpy(), atol=2e-5)


def test_decoding_across_sessions_is_decoding_of_their_samples_together(held_out: Dataset) -> None:
    training = training_of(held_out, combined("padded"))
    embeddings = {
        name: embed_session(training.model.encoder(name), one, Comm())
        for name, one in training.shard.items()
    }  # type: ignore[operator]
    lines = {name: one.timeline for name, one in training.shard.items()}
    config = training.config.evaluation.model_copy(update={"neighbours": (7,)})
    like = lines["c"].reference["position"]
    pool = pool_samples(lines, embeddings, config, label="position", fit=("train",), like=like)
    assert pool is not None
    assert len(pool.features) == 800
    decoded = decode(
        embeddings["c"],
        lines["c"],
        config,
        label="position",
        fit=("train",),
        score="valid",
        pool=pool,
    )
    both = np.concatenate([embeddings["a"], embeddings["b"]]).astype(np.float64)
    values = np.concatenate([lines[name].reference["position"].values for name in "ab"])
    apart = np.square(embeddings["c"][:, None].astype(np.float64) - both).sum(-1)
    expected = values[np.argsort(apart, axis=1)[:, :7]].mean(axis=1)
    assert decoded is not None
    np.testing.assert_allclose(decoded.predicted, expected, atol=1e-9)


def test_classes_are_matched_by_name_not_by_code(tmp_path: Path) -> None:
    """`left` is 0 in one session and 1 in the other."""
    whole = np.array([[0, 400]])
    names = [np.array(["left", "right"]), np.array(["forward", "left"])]
    sessions = [
        session(
            name,
            given={split: whole},
            labels={"way": Label.discrete(words[np.arange(400) % 2])},
            seed=ord(name),
        )
        for name, split, words in zip("ab", ("train", "valid"), names)
    ]
    data = dataset(tmp_path / "ds", *sessions, splits=GivenSplits())
    config = combined("padded")
    lines = {
        name: one.timeline for name, one in whole_shard(data, config.view, config.sessions).items()
    }
    like = lines["b"].reference["way"]
    assert like.classes == ("forward", "left")
    pool = pool_samples(lines, None, config.evaluation, label="way", fit=("train",), like=like)
    assert pool is not None
    assert pool.label.classes == ("forward", "left", "right")
    assert pool.label.values[:4].tolist() == [1, 2, 1, 2]
    assert (
        pool_samples(lines, None, config.evaluation, label="way", fit=("test",), like=like) is None
    )


def test_unknown_ways_to_combine() -> None:
    with pytest.raises(ConfigError, match=r"sessions\.combine"):
        combined("merged")
    assert SessionsConfig().combine == "separate"
