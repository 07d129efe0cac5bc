"""Predictions that are kept: of every scored example, with its time in the recording."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from helpers import dataset

from raylab.analysis.answering.refitting.predictions import FoldPredictions, pooled_folds
from raylab.evaluation.certainty.held_out import HeldOut
from raylab.evaluation.decoding import Decoded
from raylab.tasks.predictions import MOST, Places, kept_predictions
from tests.unit.tasks.test_decoder import config_of, training_of

KINDS = {"position": "continuous", "heading": "circular", "choice": "discrete"}


def decoded(truth: list[int], predicted: list[int], classes: tuple[str, ...]) -> Decoded:
    return Decoded(
        "discrete", {"accuracy": 0.5}, np.array(truth), np.array(predicted), classes=classes
    )


@pytest.mark.parametrize("label", KINDS)
def test_a_decoder_keeps_predictions_of_all_validation_samples(tmp_path: Path, label: str) -> None:
    data = dataset(tmp_path / "ds")
    validation = training_of(data, config_of("mlp", label)).validate()
    kept, about = validation.arrays, json.loads(validation.metadata["predictions"])
    spec = data.sessions["rat"]
    recording = data.open("rat")
    rows = np.concatenate([np.arange(a, b) for a, b, code in recording.parts.tolist() if code == 1])
    assert len(kept["predictions.truth"]) == spec.splits["valid"] == about["samples"]["rat"]
    assert np.array_equal(kept["predictions.seconds"], recording.time[rows])
    truth = recording.labels[label].values[rows]
    assert np.allclose(kept["predictions.truth"], truth)
    assert kept["predictions.predicted"].shape == truth.shape
    assert (about["label"], about["kind"], about["split"]) == (label, KINDS[label], "valid")
    assert about["scores"]["rat"]


def test_many_examples_are_thinned_and_counted() -> None:
    many = np.arange(MOST + 7) % 2
    places = Places(np.arange(len(many), dtype=float), np.zeros(len(many), np.int64))
    sessions = {"a": decoded(list(many), list(many), ("x", "y"))}
    arrays, metadata = kept_predictions(sessions, {"a": places}, label="l", unit="", split="valid")
    assert len(arrays["predictions.truth"]) == len(arrays["predictions.seconds"]) == MOST
    assert json.loads(metadata["predictions"])["samples"] == {"a": len(many)}


def test_wide_labels_and_nothing_are_not_kept() -> None:
    wide = Decoded("continuous", {}, np.zeros((9, 50)), np.zeros((9, 50)))
    for sessions in ({"a": wide}, {}):
        kept = kept_predictions(sessions, {}, label="l", unit="", split="valid")
        assert kept == ({}, {})


def test_folds_are_pooled_by_session_with_one_numbering_of_classes() -> None:
    first = {"a": decoded([0, 1], [0, 0], ("x", "y")), "b": decoded([1, 1], [1, 0], ("x", "y"))}
    second = {"b": decoded([0, 1], [1, 1], ("z", "x"))}
    folds = []
    for sessions in (first, second):
        held_out = HeldOut.of(sessions)
        places: list[Places | None] = [
            Places(np.arange(2.0), np.zeros(2, np.int64)) for _ in sessions
        ]
        folds.append(FoldPredictions(held_out, held_out.align(sessions), places))
    pooled = pooled_folds(folds)
    names = np.array(pooled.held_out.classes)
    assert pooled.held_out.sessions == ("a", "b")
    assert pooled.held_out.session.tolist() == [0, 0, 1, 1, 1, 1]
    assert names[pooled.held_out.truth].tolist() == ["x", "y", "y", "y", "z", "x"]
    assert names[pooled.predicted].tolist() == ["x", "x", "y", "x", "x", "x"]
    joined = pooled.places[1]
    assert joined is not None
    assert len(set(joined.part.tolist())) == 2
