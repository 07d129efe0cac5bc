"""One fit of an answer: its candidates, and what its folder holds."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import dataset, session

from raylab.analysis.answering.fitting import FitJob, fit, with_overrides
from raylab.config.splits import BlockedSplits
from raylab.data.dataset import Dataset
from raylab.errors import StudyError
from raylab.files import read_json
from raylab.training.candidates import PREDICTIONS, CandidateTable
from raylab.training.model import Model
from raylab.training.worker import TrialJob, run_round, start

RIDGE = {"task": {"kind": "decoder"}, "model": {"kind": "ridge", "alpha": [1.0, 1e4]}}
KNN = {"task": {"kind": "decoder"}, "model": {"kind": "knn", "neighbours": [3, 9, 40, 250]}}
KALMAN = {"task": {"kind": "decoder"}, "model": {"kind": "kalman", "order": [0, 1]}}
MLP: dict[str, Any] = {
    "task": {"kind": "decoder"},
    "model": {"kind": "mlp", "hidden": [8], "dropout": 0.2},
    "training": {"max_steps": 30, "validate_every": 10, "device": "cpu"},
    "optimizer": {"learning_rate": 0.01},
}
CONTRASTIVE: dict[str, Any] = {
    "task": {"kind": "contrastive"},
    "model": {"encoder": {"kind": "offset5", "hidden_units": 8}, "output_dimension": 3},
    "training": {"max_steps": 20, "validate_every": 10, "batch_size": 16, "device": "cpu"},
    "sampling": {"conditional": "time_delta"},
    "evaluation": {"bits_batch": 16, "neighbours": [3, 15, 300]},
}
LDA = {"task": {"kind": "decoder"}, "model": {"kind": "lda", "class_weight": ["none", "balanced"]}}
WEIGHED: dict[str, Any] = {
    **CONTRASTIVE,
    "sampling": {"conditional": "time", "time_offset": 2},
    "evaluation": {
        "bits_batch": 16,
        "decoder": {"kind": "knn", "class_weight": ["none", "balanced"]},
    },
}
VQVAE: dict[str, Any] = {
    "task": {"kind": "vqvae"},
    "model": {
        "window": 8,
        "stride": 2,
        "channels": [8, 8],
        "kernels": [5, 3],
        "strides": [1, 2],
        "norm_groups": 2,
    },
    "training": {"max_steps": 6, "validate_every": 3, "batch_size": 16, "device": "cpu"},
    "quantizer": {"codes": 8},
    "evaluation": {"decoder": {"kind": "ridge", "alpha": [1.0, 1e3]}},
}
CASES: dict[str, tuple[dict[str, Any], str, str, int]] = {
    "ridge": (RIDGE, "position", "separate", 1),
    "ridge of several": (RIDGE, "heading", "separate", 3),
    "knn of several": (KNN, "choice", "separate", 2),
    "knn, padded": (KNN, "choice", "padded", 2),
    "kalman of several": (KALMAN, "position", "separate", 2),
    "weights of classes": (LDA, "choice", "separate", 2),
    "neighbours with weights of classes": (WEIGHED, "choice", "separate", 2),
    "network": (MLP, "choice", "separate", 1),
    "network of several": (MLP, "position", "separate", 2),
    "network, padded": (MLP, "heading", "padded", 2),
    "contrastive": (CONTRASTIVE, "position", "separate", 1),
    "contrastive of several": (CONTRASTIVE, "position", "separate", 2),
    "contrastive, padded": (CONTRASTIVE, "heading", "padded", 2),
    "vqvae": (VQVAE, "position", "separate", 2),
}
SIZES = (400, 260, 330)


@pytest.fixture(scope="module")
def datasets(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Dataset]:
    folder = tmp_path_factory.mktemp("fits")
    sessions = [
        session(name, samples=size, seed=seed)
        for seed, (name, size) in enumerate(zip("abc", SIZES))
    ]
    splits = BlockedSplits(blocks=10, gap_s=0.0)
    return {n: dataset(folder / str(n), *sessions[:n], splits=splits) for n in (1, 2, 3)}


def job(folder: Path, data: Dataset, config: dict[str, Any], **changes: Any) -> FitJob:
    values = {"trial": "t", "folder": str(folder), "data": str(data.path), "config": config}
    return FitJob(**{**values, "label": "position", **changes})


def plain_trial(folder: Path, data: Dataset, config: dict[str, Any]) -> dict[str, float]:
    """The metrics of the same config as a trial of a study."""
    trial = TrialJob("t", str(folder), str(data.path), config)
    training = start(trial)
    while True:
        metrics = run_round(training, trial)
        if training.done:
            return metrics


@pytest.mark.parametrize("case", CASES)
def test_the_best_candidate_has_the_score_of_a_trial_of_its_config(
    tmp_path: Path, datasets: dict[int, Dataset], case: str
) -> None:
    config, label, combine, sessions = CASES[case]
    data = datasets[sessions]
    config = {**config, "sessions": {"combine": combine}}
    result = fit(job(tmp_path / "fit", data, config, label=label))
    assert result.error is None
    table = CandidateTable.load(tmp_path / "fit" / PREDICTIONS)
    assert result.score == pytest.approx(table.score, abs=1e-12)
    assert result.metrics["decoding.score"] == pytest.approx(result.score, abs=1e-9)
    recorded = read_json(tmp_path / "fit" / "config.json")
    single = with_overrides(recorded, table.overrides[table.best])
    metrics = plain_trial(tmp_path / "trial", data, single)
    assert metrics["decoding.score"] == pytest.approx(result.score, abs=1e-9)
    assert metrics.keys() <= result.metrics.keys()
    known, again = (Model.load(tmp_path / name / "model").module for name in ("fit", "trial"))
    for name, value in again.state_dict().items():
        assert np.allclose(known.state_dict()[name], value, atol=1e-6), name


def test_a_trial_that_cannot_run_says_why_in_one_line(
    tmp_path: Path, datasets: dict[int, Dataset]
) -> None:
    logistic = {"task": {"kind": "decoder"}, "model": {"kind": "logistic"}}
    result = fit(job(tmp_path, datasets[1], logistic))
    assert result.score is None
    assert result.error is not None
    assert "model.kind logistic decodes classes only" in result.error
    assert "\n" not in result.error
    weighed = {**RIDGE, "model": {"kind": "ridge", "class_weight": ["none", "balanced"]}}
    result = fit(job(tmp_path / "weighed", datasets[1], weighed))
    assert result.error is not None
    message = "model.class_weight balanced: only classes have weights, and the label 'position' is"
    assert message in result.error
    assert "Leave model.class_weight out." in result.error


def test_a_full_disk_is_no_error_of_the_trial(
    tmp_path: Path, datasets: dict[int, Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("raylab.training.loop.save_model", full)
    with pytest.raises(StudyError, match="no space left"):
        fit(job(tmp_path, datasets[1], RIDGE))


@pytest.mark.parametrize("config", [RIDGE, MLP, CONTRASTIVE], ids=lambda c: c["task"]["kind"])
def test_the_chosen_candidate_is_repeated_on_more_samples(
    tmp_path: Path, datasets: dict[int, Dataset], config: dict[str, Any]
) -> None:
    """The refit sees validation samples, predicts the test samples once, and has one candidate."""
    data = datasets[2]
    fit(job(tmp_path / "search", data, config))
    table = CandidateTable.load(tmp_path / "search" / PREDICTIONS)
    recorded = read_json(tmp_path / "search" / "config.json")
    chosen = with_overrides(recorded, table.overrides[table.best])
    refit = with_overrides(chosen, {"sessions.train_on": "train+valid"})
    result = fit(job(tmp_path / "refit", data, refit, split="test"))
    assert result.error is None
    tested = CandidateTable.load(tmp_path / "refit" / PREDICTIONS)
    assert len(tested.losses) == 1
    assert result.score == pytest.approx(1 - tested.losses[0].mean())
    assert result.metrics["decoding.score"] == pytest.approx(result.score)
    expected = [data.open(name).parts for name in ("a", "b")]
    samples = sum(int((parts[:, 1] - parts[:, 0])[parts[:, 2] == 2].sum()) for parts in expected)
    assert len(tested.held_out.truth) == samples
    again = fit(job(tmp_path / "train", data, chosen, split="test"))
    assert again.score != result.score or config is RIDGE
    everything = with_overrides(chosen, {"sessions.train_on": "all"})
    final = fit(job(tmp_path / "all", data, everything, split=None))
    assert (final.error, final.score) == (None, None)
    assert not (tmp_path / "all" / PREDICTIONS).exists()
    model = Model.load(tmp_path / "all" / "model")
    assert model.config.sessions.train_on == "all"
    assert [spec.splits["valid"] for spec in model.sessions.values()] == [0, 0]


def test_a_setting_with_several_values_is_refused_where_nothing_can_choose(
    tmp_path: Path, datasets: dict[int, Dataset]
) -> None:
    for config in (RIDGE, CONTRASTIVE):
        open_config = {**config, "sessions": {"train_on": "train+valid"}}
        for split in ("valid", "test"):
            result = fit(job(tmp_path / split, datasets[1], open_config, split=split))
            assert "validation" in (result.error or "")


@pytest.mark.parametrize("case", ["knn of several", "network", "contrastive"])
def test_probabilities_are_of_the_classes_that_are_predicted(
    tmp_path: Path, datasets: dict[int, Dataset], case: str
) -> None:
    config, _, _, sessions = CASES[case]
    if config is CONTRASTIVE:
        config = {**config, "sampling": {"conditional": "discrete"}}
    assert fit(job(tmp_path, datasets[sessions], config, label="choice")).error is None
    table = CandidateTable.load(tmp_path / PREDICTIONS)
    assert table.probabilities.keys() == table.predicted.keys()
    for number, likely in table.probabilities.items():
        assert np.allclose(likely.sum(axis=1), 1)
        assert np.array_equal(likely.argmax(axis=1), table.predicted[number])


def test_a_table_is_what_it_was_saved_as(tmp_path: Path, datasets: dict[int, Dataset]) -> None:
    fit(job(tmp_path, datasets[2], KNN, label="choice"))
    table = CandidateTable.load(tmp_path / PREDICTIONS)
    table.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / PREDICTIONS).read_bytes()
    chosen = table.cross_fit
    assert set(table.predicted) == {chosen.best, *chosen.chosen.tolist()}
    for number, predicted in table.predicted.items():
        assert np.array_equal(table.held_out.unit_losses(predicted), table.losses[number])
    assert (tmp_path / "config.json").is_file()
    assert (tmp_path / "embedding.safetensors").is_file()
    (tmp_path / PREDICTIONS).write_bytes(b"damaged")
    with pytest.raises(StudyError, match="not readable"):
        CandidateTable.load(tmp_path / PREDICTIONS)
