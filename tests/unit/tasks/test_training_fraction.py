"""`sessions.training_fraction`: the first of each session's training samples take part, the rest as
if it were not.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import dataset, recording, session, trial
from hypothesis import given
from hypothesis import strategies as st

from raylab.config.parse import parse_trial
from raylab.config.splits import BlockedSplits
from raylab.config.training import EvaluationConfig
from raylab.config.trial import TrialConfig
from raylab.config.view import SessionsConfig, ViewConfig
from raylab.data.dataset import Dataset
from raylab.data.datasets.recording import training_samples
from raylab.data.session import Label, Session
from raylab.data.shard import whole_shard
from raylab.data.splitting.splits import make_parts
from raylab.errors import ConfigError
from raylab.evaluation.baselines import Baselines
from raylab.training.arrays import fit_arrays
from raylab.training.loop import Training

FRACTION = 0.35
SPLITS = BlockedSplits(blocks=12, gap_s=0.3)
VQVAE = {
    "task": {"kind": "vqvae"},
    "model": {
        "window": 8,
        "stride": 2,
        "channels": [8, 8],
        "kernels": [5, 3],
        "strides": [1, 2],
        "norm_groups": 2,
    },
    "training": {"batch_size": 16, "max_steps": 6, "validate_every": 3, "device": "cpu"},
    "behaviour": {"label": "position"},
    "quantizer": {"codes": 8},
}
DECODER = {
    "task": {"kind": "decoder", "label": "choice"},
    "training": {"max_steps": 6, "device": "cpu"},
}
RIDGE = {"task": {"kind": "decoder", "label": "position"}, "model": {"kind": "ridge"}}
CASES: dict[str, TrialConfig] = {
    "contrastive": trial(
        task={"kind": "contrastive", "label": "position"},
        view={
            "outlier_z": 50,
            "normalized_time": True,
            "selection": {"kind": "correlation", "count": 4},
        },
        sampling={"conditional": "time_delta", "labels": ["position", "time"]},
        sessions={"combine": "padded", "training_fraction": FRACTION},
        training={"max_steps": 6, "validate_every": 3},
    ),
    "vqvae": parse_trial({**VQVAE, "sessions": {"training_fraction": FRACTION}}, "test"),
    "network": parse_trial(
        {
            **DECODER,
            "sessions": {"training_fraction": FRACTION},
            "model": {"kind": "gru", "width": 8},
        },
        "test",
    ),
    "readout": parse_trial({**RIDGE, "sessions": {"training_fraction": FRACTION}}, "test"),
}


def left_out(one: Session) -> np.ndarray:
    """(T,) bool: training samples beyond the fraction."""
    training = [
        np.arange(start, stop)
        for start, stop, code in make_parts(one, SPLITS, source=one.id)
        if code == 0
    ]
    beyond = np.concatenate(training)[training_samples(sum(map(len, training)), FRACTION) :]
    return np.isin(np.arange(len(one.time)), beyond)


def replaced(one: Session, seed: int) -> Session:
    """With other activity, labels and time where training samples are left out."""
    other, out = session(one.id, samples=len(one.time), seed=seed + 100), left_out(one)
    neural, time = (
        np.where(out[:, None], 90 * other.neural - 50, one.neural),
        np.where(out, one.time + 1e4, one.time),
    )
    labels = {}
    for name, label in one.labels.items():
        mask = out if label.values.ndim == 1 else out[:, None]
        values = np.where(mask, other.labels[name].values, label.values)
        labels[name] = Label(kind=label.kind, values=values, unit=label.unit, classes=label.classes)
    return Session(
        **{**vars(one), "neural": neural.astype(np.float32), "time": time, "labels": labels}
    )


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Dataset, Dataset]:
    folder = tmp_path_factory.mktemp("fraction")
    sessions = [session("a", samples=700), session("b", samples=600, seed=1)]
    others = [replaced(one, seed) for seed, one in enumerate(sessions)]
    assert all(left_out(one).sum() > 100 for one in sessions)
    return dataset(folder / "a", *sessions, splits=SPLITS), dataset(
        folder / "b", *others, splits=SPLITS
    )


def trained(config: TrialConfig, data: Dataset) -> dict[str, np.ndarray]:
    """Weights, metrics and what the view learnt."""
    torch.set_num_threads(1)
    shard = whole_shard(data, config.view, config.sessions)
    training = Training(config, data, shard)
    found: dict[str, np.ndarray] = {}
    while not training.done:
        training.advance()
        metrics = training.validate().metrics
        training.judge(metrics)
    found |= {name: np.float64(value) for name, value in metrics.items()}
    found |= {
        f"{name} {key}": array
        for name, one in shard.items()
        for key, array in one.fitted.arrays().items()
    }
    return found | {
        name: value.numpy().copy() for name, value in training.model.state_dict().items()
    }


@pytest.mark.parametrize("case", CASES)
def test_nothing_that_is_left_out_is_read(pair: tuple[Dataset, Dataset], case: str) -> None:
    config = CASES[case]
    one, other = (trained(config, data) for data in pair)
    assert one.keys() == other.keys()
    assert len(one) > 5
    for name, value in one.items():
        assert np.array_equal(value, other[name], equal_nan=True), name
    everything = config.model_copy(
        update={"sessions": SessionsConfig(combine=config.sessions.combine)}
    )
    whole = trained(everything, pair[0])
    assert any(
        not np.array_equal(value, whole.get(name), equal_nan=False) for name, value in one.items()
    )


def test_baselines_follow(pair: tuple[Dataset, Dataset], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("raylab.evaluation.baselines.SMOOTHING_SAMPLES", (0, 2))
    scores = [
        Baselines(
            data, EvaluationConfig(), ["position"], SessionsConfig(training_fraction=share)
        ).scores("valid")
        for data, share in ((pair[0], FRACTION), (pair[1], FRACTION), (pair[0], 1.0))
    ]
    assert scores[0] == scores[1] != scores[2]


@given(
    lengths=st.lists(
        st.tuples(st.integers(1, 30), st.sampled_from([0, 0, 1, 2])), min_size=1, max_size=9
    ),
    fraction=st.floats(0.01, 1),
)
def test_the_first_training_samples_stay_and_nothing_else_changes(
    lengths: list[tuple[int, int]], fraction: float
) -> None:
    stops = np.cumsum([length for length, _ in lengths])
    parts = np.array(
        [[stop - length, stop, code] for stop, (length, code) in zip(stops, lengths)], np.int64
    )
    before = recording(session(samples=int(stops[-1]) + 1), parts)
    after = before.for_training(SessionsConfig(training_fraction=fraction))

    def samples(of: np.ndarray, *codes: int) -> list[int]:
        return [
            at for start, stop, code in of.tolist() if code in codes for at in range(start, stop)
        ]

    kept = samples(after.parts, 0)
    training = samples(parts, 0)
    assert kept == training[: training_samples(len(training), fraction)]
    assert len(kept) >= min(1, len(training))
    assert abs(len(kept) - fraction * len(training)) < 1 + 1e-6
    assert samples(after.parts, 1, 2) == samples(parts, 1, 2)
    inside = [
        any(a <= start and stop <= b and code == c for a, b, c in parts.tolist())
        for start, stop, code in after.parts.tolist()
    ]
    assert all(inside)


def test_all_of_it_is_what_it_was(pair: tuple[Dataset, Dataset]) -> None:
    found = pair[0].open("a")
    assert found.for_training(SessionsConfig()) is found
    assert [training_samples(30, share) for share in (0.1, 0.5, 1.0)] == [3, 15, 30]
    assert training_samples(0, 0.5) == 0


def test_validation_is_viewed_as_before(pair: tuple[Dataset, Dataset]) -> None:
    view = ViewConfig(zscore=False, smoothing_ms=300)
    whole, less = (
        whole_shard(pair[0], view, SessionsConfig(training_fraction=share))
        for share in (1.0, FRACTION)
    )
    for name, one in whole.items():
        for code in (1, 2):
            held = [[one_part[:2] for one_part in shard[name].timeline.parts if one_part[2] == code]
                    for shard in (whole, less)]  # fmt: skip
            for (a, b), (c, d) in zip(*held, strict=True):
                assert torch.equal(one.x[a:b], less[name].x[c:d])
            at = [
                shard[name].timeline.samples[shard[name].timeline.splits == code]
                for shard in (whole, less)
            ]
            assert np.array_equal(*at)


def test_a_fraction_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"sessions\.training_fraction"):
        trial(sessions={"training_fraction": 0})


def test_arrays_follow() -> None:
    config = trial(sessions={"training_fraction": 0.5}, training={"max_steps": 3})
    one, other = session(samples=200), session(samples=200, seed=1)
    changed = np.where(np.arange(200)[:, None] < 100, one.neural, other.neural)
    weights = [
        fit_arrays(config, activity, one.labels).model.module.state_dict()
        for activity in (one.neural, changed)
    ]
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())
