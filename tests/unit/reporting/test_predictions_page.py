"""The report of a decoder, and of an answer, shows what was predicted."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from fake_answer_study import fake_answer_study
from fake_predictions import SESSIONS, write_outputs, write_predictions
from fake_study import ended, fake_study, started, write_embedding

from raylab.files import read_json, write_json
from raylab.reporting.answering.page import write_answer_report
from raylab.reporting.study_page import write_report
from raylab.reporting.trial_figures import trial_figures
from raylab.tracking.study import StudyFolder

WINNER = "0001"
TITLE = "Predictions of the best trial</h2>"


@pytest.fixture
def study(tmp_path: Path) -> StudyFolder:
    """A study whose winner is a decoder."""
    study = fake_study(tmp_path / "study", states=("failed",), end=False)
    config = {"task": {"kind": "decoder"}, "model": {"kind": "gru"}}
    study.ledger.append(replace(started(WINNER), config=config))
    study.ledger.append(ended(WINNER, "completed", 0.8))
    return study


def page(study: StudyFolder) -> str:
    return write_report(study, importance=None).read_text()


@pytest.mark.parametrize("kind", ["continuous", "circular", "discrete"])
def test_a_decoder_has_predictions_and_no_embedding(study: StudyFolder, kind: str) -> None:
    classes = ("left", "right <b>") if kind == "discrete" else ()
    path = study.embedding_path(WINNER)
    write_predictions(path, kind, classes=classes, samples={"rat-1": 90, "rat-2": 1234})
    text = page(study)
    assert TITLE in text
    assert "Embedding of" not in text
    assert "1,324 validation samples of 2 sessions." in text
    assert "1,234" in text
    assert "right <b>" not in text
    assert ("most often mistaken" in text) == (kind == "discrete")
    (record,) = (record for record in study.records() if record.trial == WINNER)
    figures = trial_figures(study)(record)
    assert "predictions.png" in figures
    assert "embedding.png" not in figures


def test_sessions_have_their_baselines(study: StudyFolder) -> None:
    write_predictions(study.embedding_path(WINNER), "continuous", scores={"rat-1": {"r2": 0.77}})
    by_session = {"rat-1": {"r2": 0.123}, "rat-2": {"r2": 0.456}}
    baselines = {"valid": {}, "settings": {}, "sessions": {"smoothed": {"position": by_session}}}
    write_json(study.baselines_path, baselines)
    text = page(study)
    row = text[text.index("<td>rat-1</td>") :][:120]
    assert row.startswith("<td>rat-1</td><td>0.770</td><td>0.123</td><td>90</td>")


def test_the_test_split_is_shown_once_it_was_read(study: StudyFolder) -> None:
    write_predictions(study.embedding_path(WINNER), "continuous")
    assert "The test split is not shown before it is read" in page(study)
    scores = {name: {"position": {name: {"r2": 0.5}}} for name in SESSIONS}
    write_json(
        study.evaluation_path(), {"trial": WINNER, "scores": {}, "baseline_sessions": scores}
    )
    for trial, split in (("0000", "validation"), (WINNER, "test")):
        path = study.predictions_path("test")
        write_predictions(path, "continuous", split="test", metadata={"trial": trial})
        assert f"180 {split} samples" in page(study)


def test_old_decoders_and_flat_embeddings(study: StudyFolder, tmp_path: Path) -> None:
    write_outputs(study.embedding_path(WINNER), "discrete")
    text = page(study)
    assert TITLE in text
    assert "Embedding of" not in text
    flat = fake_study(tmp_path / "flat", states=("completed",))
    write_embedding(flat.embedding_path("0000"), dimensions=1)
    text = page(flat)
    assert "Embedding of" not in text
    assert "Predictions of" not in text


def test_a_damaged_file_is_a_warning(study: StudyFolder) -> None:
    study.embedding_path(WINNER).parent.mkdir(parents=True, exist_ok=True)
    study.embedding_path(WINNER).write_bytes(b"{")
    assert "cannot be read" in page(study)


def test_an_answer_shows_the_best_baseline_beside_the_recommended_entrant(tmp_path: Path) -> None:
    study = fake_answer_study(tmp_path / "answer")
    assert "Predictions of the recommended entrant" not in write_answer_report(study).read_text()
    for role, entrants in (("recommended", ["gru", "ridge"]), ("baseline", ["smoothed"])):
        named = {"entrants": json.dumps(entrants)}
        path = study.predictions_path(role)
        write_predictions(path, "circular", split="test", metadata=named)
    text = write_answer_report(study).read_text()
    assert "Predictions of the recommended entrant</h2>" in text
    assert "r2: recommended (gru, ridge)" in text
    assert "r2: best baseline (smoothed)" in text
    assert text.index("r2: recommended") < text.index("r2: best baseline")
    assert read_json(study.answer_path)
