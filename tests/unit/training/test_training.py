"""The loop: pure in its seed, exact on resume, honest about NaN."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers import dataset, session, trial
from trainings import job, run, same, training

from raylab.config.dotted import set_path
from raylab.data.dataset import Dataset
from raylab.data.session import Label
from raylab.errors import ConfigError, TrainingError
from raylab.training.updates.flat import FlatParameters
from raylab.training.worker import TrialJob, run_round, start


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return dataset(
        tmp_path_factory.mktemp("training") / "ds", session("a"), session("b", units=4, seed=1)
    )


CONFIGS: dict[str, dict[str, Any]] = {
    "offset10, adam": {},
    "adamw": {"optimizer": {"kind": "adamw", "weight_decay": 0.1}},
    "learnable temperature": {"loss": {"learnable_temperature": True}},
    "euclidean, view": {
        "loss": {"similarity": "euclidean"},
        "view": {"smoothing_ms": 300, "bin_ms": 200},
    },
    "time_delta": {"sampling": {"conditional": "time_delta"}},
    "attention with dropout": {
        "model": {"encoder": {"kind": "attention", "hidden_units": 8, "dropout": 0.5}}
    },
    "unit dropout": {"augmentation": {"unit_dropout": 0.3}},
    "some units": {"view": {"selection": {"kind": "correlation", "count": 3}}},
    "one encoder for all": {"sessions": {"combine": "padded"}, "view": {"resample_hz": 7}},
    "cosine, decay, clipped": {
        "optimizer": {
            "weight_decay": 0.1,
            "clip_norm": 0.05,
            "schedule": {"kind": "cosine", "warmup": 0.2},
        },
    },
    "onecycle, accumulated": {
        "optimizer": {"schedule": {"kind": "onecycle", "beta1": {"kind": "cycled"}}},
        "training": {"accumulate": 3},
    },
    "bf16": {"training": {"precision": "bf16"}},
}


@pytest.mark.parametrize("sections", CONFIGS.values(), ids=CONFIGS)
@pytest.mark.parametrize("at", [5, 15])
def test_a_run_resumed_from_its_checkpoint_ends_with_the_same_weights(
    made: Dataset, tmp_path: Path, sections: dict[str, Any], at: int
) -> None:
    config = trial(**sections)
    straight = training(config, made)
    losses = run(straight)
    killed = training(config, made)
    run(killed, until=at)
    killed.save(tmp_path / "one.safetensors")
    killed.advance()  # work after the checkpoint is lost with the process
    torch.manual_seed(123)  # the new process has another random state
    resumed = training(config, made)
    resumed.load(tmp_path / "one.safetensors")
    assert resumed.step == at
    assert run(resumed) == losses[at // 5 :]
    assert same(straight, resumed)
    for moments, again in zip(straight.optimizer.state(), resumed.optimizer.state(), strict=True):
        assert all(torch.equal(moments[name], again[name]) for name in moments)


def test_the_seed_decides_everything(made: Dataset) -> None:
    one, same_seed = training(trial(), made), training(trial(), made)
    other = training(
        trial(training={"max_steps": 20, "batch_size": 16, "validate_every": 5, "seed": 1}), made
    )
    assert run(one) == run(same_seed)
    assert same(one, same_seed)
    run(other)
    assert not same(one, other)


def test_the_seed_decides_the_start_and_the_batches_apart(made: Dataset) -> None:
    seeds = [training(trial(training={"seed": seed}), made) for seed in (0, 1)]
    assert not same(*seeds)
    rows = [one.batch(0)[0].rows[0] for one in seeds]
    assert not torch.equal(rows[0], rows[1])
    sessions = seeds[0].batch(0)
    assert not torch.equal(
        sessions[0].rows[0], sessions[1].rows[0]
    )  # each session has a stream of its own


def test_where_rounds_end_does_not_change_the_weights(made: Dataset) -> None:
    """Without dropout: with it, the random stream is one a round."""
    often, once = (trial(training={"validate_every": every}) for every in (3, 20))
    one, other = training(often, made), training(once, made)
    run(one)
    run(other)
    assert same(one, other)


def test_losses_fall(made: Dataset) -> None:
    config = trial(
        training={"max_steps": 100, "validate_every": 20},
        optimizer={"learning_rate": 0.003},
        loss={"temperature": 0.2},
    )
    one = training(config, made)
    losses = run(one)
    assert losses[-1] < losses[0] - 0.4
    assert one.validate().metrics["decoding.r2"] > 0.9


def test_validation_measures_what_is_declared(made: Dataset) -> None:
    one = training(trial(loss={"learnable_temperature": True}), made)
    one.advance()
    validation = one.validate()
    declared = one.task.metrics(one.config, made.sessions)
    assert set(declared) - {"loss"} <= set(validation.metrics)
    assert all(np.isfinite(value) for value in validation.metrics.values())
    assert len(validation.arrays["embedding"]) == 160  # validation samples of both sessions
    assert validation.metrics["decoding.score"] == validation.metrics["decoding.r2"]


def test_validation_never_reads_the_test_split(made: Dataset, tmp_path: Path) -> None:
    metrics, weights = [], []
    for name in ("as it is", "other test data"):
        found = []
        for seed, session_name in enumerate("ab"):
            one = session(session_name, units=(6, 4)[seed], seed=seed)
            neural, position = one.neural.copy(), one.labels["position"].values.copy()
            if name != "as it is":
                neural[320:], position[320:] = 77, -77
            found.append(
                session(
                    session_name, neural=neural, labels={"position": Label.continuous(position)}
                )
            )
        one_run = training(
            trial(view={"smoothing_ms": 500, "lag_ms": 300}), dataset(tmp_path / name, *found)
        )
        run(one_run)
        metrics.append(one_run.validate().metrics)
        weights.append(one_run.model.state_dict())
    assert metrics[0] == metrics[1]
    assert all(torch.equal(weights[0][key], weights[1][key]) for key in weights[0])


def test_a_receptive_field_that_fits_nowhere(tmp_path: Path) -> None:
    short = dataset(
        tmp_path / "ds", session(segments=[[start, start + 8] for start in range(0, 400, 10)])
    )
    with pytest.raises(TrainingError, match="receptive field of 10"):
        training(trial(), short)


def test_a_label_the_dataset_lacks(made: Dataset) -> None:
    with pytest.raises(
        ConfigError, match=r"task\.label: session 'a' has no label 'speed'"
    ) as caught:
        training(trial(task={"label": "speed"}), made)
    assert "position, heading, choice" in caught.value.remedy


def test_a_gpu_that_is_not_there(made: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(TrainingError, match="sees no GPU"):
        training(trial(training={"device": "cuda"}), made)


# -- a trial's process -----------------------------------------------------------------------------


def test_a_trial_killed_between_rounds_goes_on_where_it_was(made: Dataset, tmp_path: Path) -> None:
    whole = start(job(tmp_path / "whole", made))
    while not whole.done:
        run_round(whole, job(tmp_path / "whole", made))
    parts = job(tmp_path / "parts", made)
    metrics = {}
    for step in (0, 5, 10, 15):  # a new process for every round
        one = start(parts)
        assert one.step == step
        metrics = run_round(one, parts)
    assert same(whole, one)
    assert set(metrics) >= {"loss", "goodness_of_fit", "decoding.score"}
    for name in ("model", "view", "checkpoint"):
        files = [
            next((tmp_path / run).rglob(f"{name}.safetensors")).read_bytes()
            for run in ("whole", "parts")
        ]
        assert files[0] == files[1]


def test_threads_follow_the_job(made: Dataset, tmp_path: Path) -> None:
    start(TrialJob("0", str(tmp_path), str(made.path), trial().model_dump(mode="json"), threads=1))
    assert torch.get_num_threads() == 1


def test_the_recorded_config_is_the_one_that_runs(made: Dataset, tmp_path: Path) -> None:
    value = set_path(trial().model_dump(mode="json"), "training.trainig", 3)
    with pytest.raises(ConfigError, match=r"trial 0000: unknown key 'training\.trainig'"):
        start(TrialJob("0000", str(tmp_path), str(made.path), value))


@pytest.mark.parametrize(
    ("values", "finite"),
    [([1.0, -2.0], True), ([3e38, 3e38], True), ([1.0, np.nan], False), ([np.inf, -np.inf], False)],
)
def test_finite_weights_are_known_as_such(values: list[float], finite: bool) -> None:
    """Also those whose sum is too large for float32."""
    assert FlatParameters([torch.nn.Parameter(torch.tensor(values))]).are_finite() == finite
