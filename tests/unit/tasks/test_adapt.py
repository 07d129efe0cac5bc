"""A trained model for another animal: what is taken over, what is trained, and that it helps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers import dataset, session, small_study, trial

import raylab
from raylab.analysis import adapt as adapting
from raylab.config.contrastive import ContrastiveTrial
from raylab.data.dataset import Dataset
from raylab.data.shard import whole_shard
from raylab.errors import ConfigError, StudyError
from raylab.models.adaptation import input_layer, trunk
from raylab.models.base import Encoder
from raylab.tasks.contrastive.model import ContrastiveModel
from raylab.tracking.study import StudyFolder
from raylab.training.loop import Training
from raylab.training.model import Model
from raylab.training.worker import TrialJob, run_round, start
from raylab.tuning.planning.study_plan import Plan

KINDS = ("offset1", "offset10", "offset36", "attention", "offset10_projector")


def encoder(kind: str) -> dict[str, Any]:
    return {"model": {"encoder": {"kind": kind}, "output_dimension": 3}}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return dataset(tmp_path_factory.mktemp("first") / "ds", session("old", samples=800))


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Animals with other numbers of units."""
    sessions = [
        session("new", units=9, seed=3, samples=800),
        session("newer", units=4, seed=4, samples=800),
    ]
    return dataset(tmp_path_factory.mktemp("other") / "ds", *sessions)


def weights(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}


def trained(data: Dataset, folder: Path, **sections: Any) -> Path:
    """A model folder."""
    config = trial(**sections)
    one = Training(config, data, whole_shard(data, config.view, config.sessions))
    while not one.done:
        one.advance()
    one.save_model(folder)
    return folder


def adapted(
    folder: Path, data: Dataset, parent: Path, *, layers: str = "input", **sections: Any
) -> Training:
    config = trial(**sections, adaptation={"layers": layers})
    return start(
        TrialJob(
            "0000", str(folder), str(data.path), config.model_dump(mode="json"), parent=str(parent)
        )
    )


@pytest.mark.parametrize("kind", KINDS)
def test_all_but_the_first_layer_is_of_the_same_shape(
    first: Dataset, other: Dataset, kind: str
) -> None:
    config = trial(**encoder(kind))
    models = [
        Training(config, data, whole_shard(data, config.view, config.sessions)).model
        for data in (first, other)
    ]
    (one,), several = (model.encoders for model in models)  # type: ignore[union-attr]
    assert isinstance(one, Encoder)
    for encoder_ in several:
        assert isinstance(encoder_, Encoder)
        mine, theirs = trunk(one), trunk(encoder_)
        assert {name: p.shape for name, p in mine.items()} == {
            name: p.shape for name, p in theirs.items()
        }
        assert (
            next(input_layer(one).parameters()).shape
            != next(input_layer(encoder_).parameters()).shape
        )
        assert len(mine) == len(list(one.parameters())) - 2


@pytest.mark.parametrize("layers", ["input", "all"])
@pytest.mark.parametrize("combine", ["separate", "padded"])
def test_what_is_taken_over_and_what_is_trained(
    first: Dataset, other: Dataset, tmp_path: Path, layers: str, combine: str
) -> None:
    sections = {"loss": {"learnable_temperature": True}, "sessions": {"combine": combine}}
    parent = trained(first, tmp_path / "parent", **sections)
    source = Model.load(parent)
    (before,) = source.module.encoders  # type: ignore[misc]
    one = adapted(tmp_path / "trial", other, parent, layers=layers, **sections)
    assert isinstance(one.model, ContrastiveModel)
    assert one.model.criterion.temperature == source.module.criterion.temperature  # type: ignore[union-attr]
    assert isinstance(before, Encoder)
    learnt = weights(before)
    starts = weights(one.model)
    for encoder_ in one.model.encoders:
        assert isinstance(encoder_, Encoder)
        assert all(torch.equal(p, learnt[name]) for name, p in trunk(encoder_).items())
    one.advance()
    for encoder_ in one.model.encoders:
        assert isinstance(encoder_, Encoder)
        stays = [torch.equal(p, learnt[name]) for name, p in trunk(encoder_).items()]
        assert all(stays) if layers == "input" else not any(stays)
    assert len(one.model.encoders) == (2 if combine == "separate" else 1)
    moved = [
        name
        for name, value in one.model.state_dict().items()
        if not torch.equal(value, starts[name])
    ]
    assert len(moved) == len([p for p in one.model.parameters() if p.requires_grad])


def test_adaptation_goes_on_exactly_without_its_parent(
    first: Dataset, other: Dataset, tmp_path: Path
) -> None:
    parent = trained(first, tmp_path / "parent")
    whole, part = (adapted(tmp_path / name, other, parent) for name in ("whole", "part"))
    run_round(whole, TrialJob("0000", str(tmp_path / "whole"), str(other.path), {}))
    run_round(whole, TrialJob("0000", str(tmp_path / "whole"), str(other.path), {}))
    run_round(part, TrialJob("0000", str(tmp_path / "part"), str(other.path), {}))
    parent.rename(tmp_path / "gone")
    resumed = adapted(tmp_path / "part", other, parent)
    assert resumed.step == part.step
    resumed.advance()
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, resumed.model.state_dict()[name])


def test_a_new_animal_is_decoded_through_the_trained_layers(tmp_path: Path) -> None:
    """Sessions driven by the same variables: better than the same new input before training, and
    than chance.
    """
    old, new = (
        dataset(tmp_path / name, session(name, units=n, seed=s, samples=1500))
        for name, n, s in (("a", 12, 0), ("b", 15, 5))
    )
    sections: dict[str, Any] = {
        "model": {"encoder": {"kind": "offset1", "hidden_units": 16}, "output_dimension": 4},
        "sampling": {"conditional": "time_delta", "time_offset": 1},
        "optimizer": {"learning_rate": 3e-3},
        "training": {"max_steps": 300, "batch_size": 128, "validate_every": 300, "device": "cpu"},
    }
    parent = trained(old, tmp_path / "parent", **sections)
    one = adapted(tmp_path / "trial", new, parent, **sections)
    untrained = one.validate().metrics
    one.advance()
    found = one.validate().metrics
    assert found["decoding.r2"] > 0.8  # chance is 0
    assert found["goodness_of_fit"] > untrained["goodness_of_fit"] + 0.3


# -- the command -----------------------------------------------------------------------------------


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Plan, Any]]:
    """What `adapt` would run; tests/ray runs it."""
    found: list[tuple[Plan, Any]] = []
    monkeypatch.setattr(
        adapting, "begin", lambda plan, out, kind, say, parent: found.append((plan, parent))
    )
    return found


def study_of(data: Dataset, path: Path, **sections: Any) -> StudyFolder:
    return small_study(path, data, scores=(0.5,), **sections)


def test_the_plan_of_an_adaptation(
    first: Dataset, other: Dataset, tmp_path: Path, planned: list[Any]
) -> None:
    sampling = {"conditional": "delta", "delta": 0.3}
    study = study_of(first, tmp_path / "study", view={"smoothing_ms": 200}, sampling=sampling)
    overrides = {"training.max_steps": 7}
    raylab.adapt(
        study.path, data=other.path, out=tmp_path / "out", layers="all", overrides=overrides
    )
    ((plan, parent),) = planned
    config = plan.space.config({})
    assert isinstance(config, ContrastiveTrial)
    assert config.adaptation is not None
    assert (config.adaptation.layers, config.adaptation.session) == ("all", None)
    assert config.training.max_steps == 7
    assert config.view.smoothing_ms == 200
    assert config.sampling == trial(sampling=sampling).sampling  # type: ignore[attr-defined]
    assert plan.space.budget.trials == 1
    assert plan.dataset.fingerprint == other.fingerprint
    assert parent.described == {
        "study": str(study.path),
        "id": study.id,
        "trial": "0000",
        "session": None,
    }
    assert np.array_equal(Model.load(parent.model).units["old"], np.ones(6, bool))


def test_a_model_of_several_encoders_is_asked_whose(
    first: Dataset, other: Dataset, tmp_path: Path, planned: list[Any]
) -> None:
    study = study_of(other, tmp_path / "study")
    with pytest.raises(StudyError, match="one encoder per session") as caught:
        raylab.adapt(study.path, data=first.path, out=tmp_path / "out")
    assert "--session" in caught.value.remedy
    with pytest.raises(StudyError, match="no session 'x'"):
        raylab.adapt(study.path, data=first.path, out=tmp_path / "out", session="x")
    raylab.adapt(study.path, data=first.path, out=tmp_path / "out", session="newer")
    assert planned[0][0].space.config({}).adaptation.session == "newer"
    source = Model.load(study.model_folder("0000"))
    job = TrialJob(
        "0000",
        str(tmp_path / "trial"),
        str(first.path),
        planned[0][0].space.config({}).model_dump(mode="json"),
        parent=str(study.model_folder("0000")),
    )
    one = start(job)
    learnt = trunk(source.encoder("newer"))
    assert all(torch.equal(p, learnt[name]) for name, p in trunk(one.model.encoder("old")).items())  # type: ignore[operator]


def test_what_cannot_be_adapted(
    first: Dataset, other: Dataset, tmp_path: Path, planned: list[Any]
) -> None:
    study = study_of(first, tmp_path / "study")
    with pytest.raises(ConfigError, match="adapted model has the shape of the trained model"):
        raylab.adapt(
            study.path,
            data=other.path,
            out=tmp_path / "out",
            overrides={"model.output_dimension": 5},
        )
    for kind in ("linear", "offset4_2x"):
        deep = study_of(first, tmp_path / kind, model={"encoder": {"kind": kind}})
        with pytest.raises(StudyError, match="no layers that other units could use"):
            raylab.adapt(deep.path, data=other.path, out=tmp_path / "out")
    bare = dataset(tmp_path / "bare", session("bare", labels={}))
    labelled = study_of(first, tmp_path / "labelled", task={"label": "heading"})
    with pytest.raises(ConfigError, match="no label 'heading'"):
        raylab.adapt(labelled.path, data=bare.path, out=tmp_path / "out")
    assert planned == []


def test_an_adaptation_needs_a_trained_model(first: Dataset, tmp_path: Path) -> None:
    space = {"search": {"adaptation.layers": {"categorical": ["input", "all"]}}}
    with pytest.raises(ConfigError, match="no trained model to adapt"):
        raylab.train({"adaptation": {"layers": "all"}}, data=first.path, out=tmp_path / "out")
    with pytest.raises(ConfigError, match="no trained model to adapt") as caught:
        raylab.search(space, data=first.path, out=tmp_path / "out")
    assert "raylab adapt" in caught.value.remedy
    assert not (tmp_path / "out").exists()
