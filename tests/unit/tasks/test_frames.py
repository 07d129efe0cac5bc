"""Frames of a movie rebuilt from activity: the loss, scores beside the mean frame, refusals, the
figure.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from fake_study import fake_study
from helpers import dataset, session
from torchmetrics.functional.image import structural_similarity_index_measure

from raylab.analysis.models.scorer import Scorer
from raylab.cli.show.sessions import _label_line
from raylab.config.decoder import DecoderTrial, FramesLoss, PlainLoss
from raylab.config.parse import parse_trial
from raylab.config.splits import BlockedSplits
from raylab.data.dataset import Dataset
from raylab.data.session import Label
from raylab.data.shard import whole_shard
from raylab.errors import ConfigError, DataError
from raylab.files import write_tensors
from raylab.reporting.figures.frames import frame_figure
from raylab.reporting.saved.frames import load_frames
from raylab.reporting.study_page import write_report
from raylab.space.load_space import load_space
from raylab.tasks.decoder.frames import FrameError
from raylab.tasks.families import get_task
from raylab.training.loop import Training
from raylab.training.model import Model
from raylab.tuning.checks.space import check_space

SIDE, SAMPLES = 8, 600
LOSS = {"kind": "frames", "height": SIDE, "width": SIDE, "window": 5}


def config_of(**sections: Any) -> DecoderTrial:
    torch.set_num_threads(1)
    value: dict[str, Any] = {
        "task": {"kind": "decoder", "label": "pixels"},
        "input": {"window": 1},
        "model": {"kind": "mlp", "hidden": [64]},
        "loss": LOSS,
        "training": {"max_steps": 150, "batch_size": 64, "validate_every": 150, "device": "cpu"},
        "optimizer": {"learning_rate": 5e-3},
    }
    config = parse_trial({**value, **sections}, "test")
    assert isinstance(config, DecoderTrial)
    return config


def movie() -> tuple[np.ndarray, np.ndarray]:
    """(T, 64) frames, 30 to 230, of a bar that moves, and (T,) where it is."""
    position = 3.5 + 3.5 * np.sin(np.arange(SAMPLES) / 7)
    bar = np.exp(-((np.arange(SIDE) - position[:, None]) ** 2) / 2)
    return 30 + 200 * np.repeat(bar[:, None], SIDE, axis=1).reshape(SAMPLES, -1), position


def watched(folder: Path, activity: Callable[[np.ndarray], np.ndarray]) -> Dataset:
    frames, position = movie()
    labels = {"pixels": Label.continuous(frames), "choice": Label.discrete(position > 4)}
    one = session(
        samples=SAMPLES, units=12, neural=activity(position).astype(np.float32), labels=labels
    )
    return dataset(folder, one, splits=BlockedSplits(blocks=10))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Units that prefer a position."""
    noise = 0.1 * np.random.default_rng(0).normal(size=(SAMPLES, 12))
    places = np.linspace(0, 7, 12)
    return watched(
        tmp_path_factory.mktemp("bar"),
        lambda position: np.exp(-((position[:, None] - places) ** 2) / 2) + noise,
    )


def trained(data: Dataset, config: DecoderTrial) -> Training:
    training = Training(config, data, whole_shard(data, config.view, config.sessions))
    while not training.done:
        training.advance()
    return training


@pytest.fixture(scope="module")
def training(data: Dataset) -> Training:
    return trained(data, config_of())


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_loss_is_that_of_torchmetrics_on_scaled_frames(share: float) -> None:
    random = np.random.default_rng(0)
    frames = random.uniform(10, 240, size=(5, 6 * 9))
    error = FrameError(FramesLoss(kind="frames", height=6, width=9, ssim=share, window=5))
    error.scale_to(frames)
    truth = torch.from_numpy(frames).float()
    found = (truth + 30 * torch.randn_like(truth)).requires_grad_()
    # Scaled by numpy from the same frames.
    scaled = [(one.detach().numpy() - frames.min()) / np.ptp(frames) for one in (found, truth)]
    pictures = [torch.from_numpy(one).float().reshape(5, 1, 6, 9) for one in scaled]
    every = [
        structural_similarity_index_measure(
            *(one[at : at + 1] for one in pictures),
            gaussian_kernel=False,
            kernel_size=5,
            data_range=1.0,
        )
        for at in range(5)
    ]
    absolute = torch.from_numpy(np.abs(scaled[0] - scaled[1]).mean(1)).float()
    losses = error(found, truth)
    torch.testing.assert_close(losses, (1 - share) * absolute + share * (1 - torch.stack(every)))
    losses.mean().backward()
    assert found.grad is not None
    assert torch.isfinite(found.grad).all()
    assert (found.grad.abs().sum(1) > 0).all()
    torch.testing.assert_close(error(truth, truth), torch.zeros(5), atol=1e-6, rtol=0)


def test_a_wider_window_is_another_similarity() -> None:
    """torchmetrics ignores the size of Gaussian windows; ours counts."""
    truth, found = torch.rand(2, 3, 64, generator=torch.Generator().manual_seed(0))
    narrow, wide = (
        FrameError(FramesLoss(kind="frames", height=8, width=8, window=window)).ssim(found, truth)
        for window in (3, 7)
    )
    assert (narrow - wide).abs().max() > 0.01


def test_a_moving_bar_is_rebuilt_from_activity_that_says_where_it_is(training: Training) -> None:
    metrics = training.validate().metrics
    assert metrics["decoding.ssim"] > 0.75
    assert metrics["decoding.ssim"] > metrics["decoding.ssim_of_one_frame"] + 0.4
    assert metrics["decoding.ssim"] > metrics["decoding.ssim_of_mean_frame"] + 0.4
    assert metrics["decoding.l1"] < 15  # of 200
    assert metrics["decoding.score"] == metrics["decoding.r2"] > 0.9


def test_noise_rebuilds_no_better_than_frames_that_never_change(tmp_path: Path) -> None:
    data = watched(
        tmp_path, lambda position: np.random.default_rng(1).normal(size=(len(position), 12))
    )
    config = config_of(training={"max_steps": 60, "batch_size": 64, "device": "cpu"})
    training = trained(data, config)
    metrics, timeline = training.validate().metrics, training.shard["rat"].timeline
    assert (
        metrics["decoding.ssim"] < metrics["decoding.ssim_of_one_frame"] + 0.03
    )  # it learns one frame
    assert metrics["decoding.r2"] < 0.05
    train, valid = (movie()[0][timeline.samples[timeline.splits == code]] for code in (0, 1))
    assert metrics["decoding.l1"] > 0.98 * np.abs(valid - np.median(train, axis=0)).mean()


def test_scale_and_mean_frame_are_of_training_frames(data: Dataset, training: Training) -> None:
    model: Any = training.model
    frames = movie()[0]
    timeline = training.shard["rat"].timeline
    train = frames[timeline.samples[timeline.splits == 0]]
    assert model.frames.low == pytest.approx(train.min())
    assert model.frames.span == pytest.approx(np.ptp(train))
    np.testing.assert_allclose(model.mean, train.mean(0), rtol=1e-5)
    assert (train == model.frames.typical.numpy()).all(1).any()
    valid = frames[timeline.samples[timeline.splits == 1]]
    metrics = training.validate().metrics
    model.eval()
    whole = training.task.predictions(training.config, model, training.shard, "valid") or {}
    pictures = [
        torch.from_numpy((one - train.min()) / np.ptp(train)).float().reshape(-1, 1, SIDE, SIDE)
        for one in (np.broadcast_to(train.mean(0), valid.shape), whole["rat"].predicted, valid)
    ]
    of_mean, of_found = (
        float(
            structural_similarity_index_measure(
                one, pictures[2], gaussian_kernel=False, kernel_size=5, data_range=1.0
            )
        )
        for one in pictures[:2]
    )
    assert metrics["decoding.ssim_of_mean_frame"] == pytest.approx(of_mean, abs=1e-4)
    assert metrics["decoding.ssim"] == pytest.approx(of_found, abs=1e-4)
    assert metrics["decoding.l1"] == pytest.approx(
        np.abs(whole["rat"].predicted - valid).mean(), rel=1e-4
    )


def test_workers_shares_add_up(training: Training) -> None:
    """What workers sum over their own examples is the loss of one worker."""
    batch = training.task.batches(training.config, training.shard)(0)
    (one,) = batch.examples
    model: Any = training.model.eval()
    assert len(one.x) == batch.count == 64
    with torch.no_grad():
        whole = training.task.loss(model, batch, training.comm)["loss"]
        each = [
            model.errors(one.session, x, y).sum()
            for x, y in zip(one.x.split(20), one.target.split(20))
        ]
    torch.testing.assert_close(torch.stack(each).sum() / batch.count, whole)


def test_a_saved_decoder_scores_the_test_split_the_same(
    training: Training, data: Dataset, tmp_path: Path
) -> None:
    training.save_model(tmp_path)
    training.model.eval()
    before = (
        training.task.predictions(training.config, training.model, training.shard, "test") or {}
    )
    found = Scorer(Model.load(tmp_path), data, "test").scores(["pixels"])
    assert found.scores["pixels"] == before["rat"].scores
    assert found.scores["pixels"]["ssim"] > found.scores["pixels"]["ssim_of_mean_frame"] + 0.3
    assert "r2" in found.intervals["pixels"]
    assert "ssim" not in found.permuted["pixels"]


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        (
            {"loss": {**LOSS, "height": 6}},
            "loss.height 6 x loss.width 8 are 48 pixels, label 'pixels' has 64",
        ),
        (
            {"task": {"kind": "decoder", "label": "choice"}},
            "label 'choice' is discrete, frames are continuous",
        ),
        (
            {"model": {"kind": "ridge"}},
            "'frames' exists for networks only, and model.kind 'ridge' is no",
        ),
        ({"loss": {**LOSS, "window": 4}}, "window 4: an odd number"),
        ({"loss": {**LOSS, "window": 9}}, "at most the 8 pixels"),
        ({"loss": {"kind": "frames", "width": 8}}, "loss.height: is missing"),
        ({"loss": {"kind": "l2"}}, "loss.kind: 'l2' is not known"),
        ({"loss": {"height": 8}}, "unknown key 'loss.height'"),
        ({"loss": {**LOSS, "balanced": True}}, "unknown key 'loss.balanced'"),
    ],
)
def test_what_does_not_fit_is_refused(data: Dataset, sections: dict[str, Any], said: str) -> None:
    def check() -> None:
        config = config_of(**sections)
        get_task(config).check(config, data.sessions)

    with pytest.raises(ConfigError, match=said):
        check()


def test_a_label_of_many_pixels_is_told_in_a_line() -> None:
    label = {"kind": "continuous", "unit": "", "unlabelled": 0, "range": [[0.0] * 64, [1.0] * 64]}
    said = _label_line("pixels", label)
    assert said.count("0 ... 1") == 8
    assert "and 56 more columns" in said


def test_a_loss_without_kind_is_the_plain_one() -> None:
    assert config_of(loss={"balanced": False}).loss == PlainLoss(balanced=False)
    assert config_of(loss={}).loss == PlainLoss()


def test_trials_are_chosen_by_similarity_only_where_it_is_the_same(data: Dataset) -> None:
    space: dict[str, Any] = {
        "task": {"kind": "decoder", "label": "pixels"},
        "objective": {"metric": "decoding.ssim"},
        "base": {f"loss.{name}": value for name, value in LOSS.items()},
        "search": {"loss.ssim": {"float": [0, 1]}, "model.kind": {"categorical": ["mlp", "gru"]}},
    }
    assert check_space(load_space(space), data.sessions)[1] == []
    del space["base"]["loss.window"]
    space["search"]["loss.window"] = {"categorical": [3, 5]}
    with pytest.raises(
        ConfigError, match=r"decoding\.ssim cannot compare trials that differ in loss.window"
    ):
        check_space(load_space(space), data.sessions)
    plain = {**space, "base": {}, "search": {"input.window": {"int": [1, 3]}}}
    with pytest.raises(ConfigError, match=r"'decoding.ssim' does not exist here"):
        check_space(load_space(plain), data.sessions)


def test_the_report_shows_true_frames_above_rebuilt_ones(
    training: Training, tmp_path: Path
) -> None:
    validation = training.validate()
    study = fake_study(tmp_path / "s", states=("completed",))
    path = study.embedding_path("0000")
    assert load_frames(path) is None
    write_tensors(path, validation.arrays, validation.metadata)
    found = load_frames(path)
    assert found is not None
    assert found.session == json.loads(validation.metadata["frames"]) == "rat"
    frames = movie()[0].reshape(-1, SIDE, SIDE).astype(np.float32)
    assert len(found.truth) == 6
    for truth, rebuilt in zip(found.truth, found.rebuilt):
        assert (truth == frames).all(axis=(1, 2)).any()
        assert np.abs(rebuilt - truth).mean() < 20
    panels = frame_figure(found).axes
    for column in range(6):
        np.testing.assert_array_equal(panels[column].images[0].get_array(), found.truth[column])
        np.testing.assert_array_equal(
            panels[7 + column].images[0].get_array(), found.rebuilt[column]
        )
    np.testing.assert_array_equal(panels[13].images[0].get_array(), found.mean)
    assert "Frames rebuilt by the best trial" in write_report(study, importance=None).read_text()
    assert (path.parent / "figures" / "frames.png").is_file()
    write_tensors(
        path, {**validation.arrays, "frames.ssim": np.zeros(2, np.float32)}, validation.metadata
    )
    with pytest.raises(DataError, match="frames that cannot be read"):
        load_frames(path)
