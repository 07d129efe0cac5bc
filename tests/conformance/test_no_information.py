"""Labels that say nothing about the activity: whatever the splits, the view and the decoder, scores
stay at chance.

Every trial has a fingerprint in the activity and a class of its own, so a decoder that saw another
sample of a test trial, by whatever way, would name its class. Each cell of splits x decoder is six
recordings, each seen through another view; by chance, one in twenty looks significant at 5 %, and
four of six do in one of ten thousand cells.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from helpers import dataset, session

from raylab.config.decoder import DecoderTrial
from raylab.config.parse import parse_trial
from raylab.config.splits import (
    AnimalSplits,
    BlockedSplits,
    ChronologicalSplits,
    GivenSplits,
    GroupSplits,
    SessionSplits,
    SplitsConfig,
    TrialSplits,
)
from raylab.data.dataset import Dataset
from raylab.data.session import Label, Session
from raylab.data.shard import whole_shard
from raylab.evaluation.chance import permutation_chance, time_blocks
from raylab.training.loop import Training

TRIALS, LENGTH, UNITS = 60, 15, 8
SPLITS: dict[str, SplitsConfig] = {
    "trials": TrialSplits(),
    "groups": GroupSplits(by="presentation"),
    "given": GivenSplits(),
    # a trial may lie across a border: the gap is as long as a trial
    "chronological": ChronologicalSplits(gap_s=LENGTH / 10),
    "blocked": BlockedSplits(blocks=10, gap_s=LENGTH / 10),
    "sessions": SessionSplits(),
    "animals": AnimalSplits(),
}
VIEWS: list[dict[str, Any]] = [
    {},
    {"smoothing_ms": 400, "zscore": True},
    {"bin_ms": 300, "lag_ms": 200},
    {"resample_hz": 7.0, "clip_max": 2.0},
    {"outlier_z": 20, "selection": {"kind": "correlation", "label": "stim", "count": 4}},
    {"sqrt": True, "selection": {"kind": "variance", "count": 5}, "zscore": True},
]
READOUTS = ("knn", "naive_bayes", "ridge", "logistic", "svm", "lda")
SETTINGS: dict[str, Any] = {
    "logistic": {"c": [1e-3, 1e-2]},
    "svm": {"c": [1e-4, 1e-3]},
}  # the quick ones
NETWORKS: dict[str, dict[str, Any]] = {
    "mlp": {"hidden": [32]},
    "gru": {"width": 16},
    "lstm": {"width": 16},
    "tcn": {"channels": 16, "levels": 2},
    "transformer": {"width": 16, "layers": 1},
    "graph": {"width": 8, "heads": 2, "layers": 1},
}
WHOLE = ("sessions", "animals")


def noise(name: str, seed: int) -> Session:
    """Trials with pauses between them; their fingerprints and their classes know nothing of each
    other.
    """
    random = np.random.default_rng([seed, *name.encode()])
    classes = random.permutation(np.arange(TRIALS) % 2)
    x = np.repeat(random.normal(size=(TRIALS, UNITS)), LENGTH, axis=0) + 0.3 * random.normal(
        size=(TRIALS * LENGTH, UNITS)
    )
    at = np.arange(TRIALS) * LENGTH
    dealt = random.permutation(TRIALS)
    given = {
        split: np.stack([at[which], at[which] + LENGTH], axis=1)
        for split, which in zip(("train", "valid", "test"), np.split(np.sort(dealt), [36, 48]))
    }
    trial = np.repeat(np.arange(TRIALS), LENGTH)
    return session(
        name,
        samples=TRIALS * LENGTH,
        units=UNITS,
        neural=x.astype(np.float32),
        time=np.arange(TRIALS * LENGTH) / 10 + trial * 5.0,
        segments=np.stack([at, at + LENGTH], axis=1),
        labels={"stim": Label.discrete(np.repeat(classes, LENGTH))},
        groups={"presentation": trial},
        given=given,
        animal=name,
    )


@pytest.fixture(scope="module")
def datasets(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("nothing")

    @cache
    def made(kind: str, seed: int) -> Dataset:
        names = "abcde" if kind in WHOLE else "a"
        return dataset(
            folder / f"{kind}{seed}", *(noise(name, seed) for name in names), splits=SPLITS[kind]
        )

    return made


# `animals` makes the same datasets as `sessions` here, as the test below shows.
@pytest.mark.parametrize("decoder", [*READOUTS, *NETWORKS])
@pytest.mark.parametrize("kind", [kind for kind in SPLITS if kind != "animals"])
def test_no_decoder_finds_what_is_not_there(datasets: Any, kind: str, decoder: str) -> None:
    found = []
    for seed, view in enumerate(VIEWS):
        if kind in WHOLE and view.get("selection"):
            continue  # refused: nothing says which units of a session held out whole to show
        found += [p_values(datasets(kind, seed), config_of(kind, decoder, view))]
    assert len(found) >= 3
    assert sum(p < 0.05 for p in found) <= 3, f"significant too often: {found}"


def test_animals_of_one_session_each_are_dealt_as_sessions(datasets: Any) -> None:
    """So what decoders find in the one, they find in the other."""
    for seed in range(len(VIEWS)):
        sessions, animals = datasets("sessions", seed), datasets("animals", seed)
        assert list(sessions.sessions) == list(animals.sessions)
        for name in sessions.sessions:
            assert np.array_equal(sessions.open(name).parts, animals.open(name).parts)
        hashes = [
            [entry["sha256"] for entry in data.manifest["sessions"]] for data in (sessions, animals)
        ]
        assert hashes[0] == hashes[1]


def p_values(data: Dataset, config: DecoderTrial) -> float:
    """Of the test split, labels permuted over whole trials."""
    training = Training(config, data, whole_shard(data, config.view, config.sessions))
    while not training.done:
        training.advance()
    training.model.eval()
    said = training.task.predictions(config, training.model, training.shard, "test") or {}
    truth, predicted = (
        np.concatenate([getattr(one, key) for one in said.values()])
        for key in ("truth", "predicted")
    )
    groups = time_blocks(len(truth), len(truth) // LENGTH)
    return permutation_chance("discrete", truth, predicted, groups)["balanced_accuracy"]["p"]


def config_of(kind: str, decoder: str, view: dict[str, Any]) -> DecoderTrial:
    torch.set_num_threads(1)
    config = parse_trial(
        {
            "task": {"kind": "decoder"},
            "view": view,
            "sessions": {"combine": "padded" if kind in WHOLE else "separate"},
            "input": {"window": 6},
            "model": {"kind": decoder, **SETTINGS.get(decoder, {}), **NETWORKS.get(decoder, {})},
            "training": {"max_steps": 30, "batch_size": 64, "device": "cpu"},
            "optimizer": {"learning_rate": 3e-3},
        },
        "test",
    )
    assert isinstance(config, DecoderTrial)
    return config


def test_the_fixture_would_show_a_leak(datasets: Any) -> None:
    """Samples of one trial on both sides, as random splits of samples would have them, are found
    out.
    """
    data = datasets("trials", 0)
    config = config_of("trials", "lda", {})
    shard = whole_shard(data, config.view)
    timeline = shard["a"].timeline
    x, codes = shard["a"].x.numpy(), timeline.reference["stim"].values
    from sklearn.neighbors import KNeighborsClassifier

    half = np.arange(len(x)) % 2 == 0
    predicted = KNeighborsClassifier(1).fit(x[half], codes[half]).predict(x[~half])
    groups = time_blocks(int((~half).sum()), TRIALS)
    assert (
        permutation_chance("discrete", codes[~half], predicted, groups)["balanced_accuracy"]["p"]
        < 0.01
    )
