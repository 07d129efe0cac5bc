"""Using a finished study: the test split is read by name only, and every reading is counted."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers import dataset, session, small_study

import raylab
from raylab.analysis.models.scorer import permuted, resampled
from raylab.data.session import Label
from raylab.errors import RaylabError, StudyError
from raylab.evaluation.decoding import Decoded
from raylab.evaluation.scores import score_predictions
from raylab.tracking.events import TrialEnded, TrialStarted
from raylab.tracking.records import reads_of_test
from raylab.tracking.study import StudyFolder


@pytest.fixture(autouse=True)
def _few_views(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("raylab.evaluation.baselines.SMOOTHING_SAMPLES", (0, 4))


@pytest.fixture
def study(tmp_path: Path) -> StudyFolder:
    return small_study(tmp_path / "study", dataset(tmp_path / "ds"))


def reads(study: StudyFolder) -> list[tuple[str, str]]:
    return [
        (event.trial, event.purpose)
        for event in reads_of_test(StudyFolder.open(study.path).ledger.read())
    ]


def test_evaluating_validation_reads_no_test(study: StudyFolder) -> None:
    result = raylab.evaluate(study.path)
    assert (result.split, result.trial, result.test_reads) == ("valid", "0001", 0)
    assert set(result.scores) == {"position", "heading", "choice"}
    assert set(result.scores["position"]) == {"r2", "median_abs_error"}
    assert set(result.scores["choice"]) == {"balanced_accuracy", "accuracy"}
    assert {"raw", "chance", "smoothed", "pca", "input"} <= set(result.baselines)
    low, high = result.intervals["position"]["r2"]
    assert low <= result.scores["position"]["r2"] <= high
    chance = result.permuted["position"]["r2"]
    assert chance["low"] <= chance["mean"] <= chance["high"] < result.scores["position"]["r2"]
    assert chance["p"] < 0.05
    assert reads(study) == []


def test_every_reading_of_test_is_counted_and_given_away(study: StudyFolder) -> None:
    assert raylab.evaluate(study.path, split="test").test_reads == 1
    assert raylab.evaluate(study.path, split="test", trial="0000").test_reads == 2
    assert reads(study) == [("0001", "evaluate"), ("0000", "evaluate")]
    written = json.loads(study.evaluation_path("test").read_text())
    assert (written["split"], written["trial"], written["test_reads"]) == ("test", "0000", 2)


def test_a_reading_is_counted_before_it_can_fail(
    study: StudyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("raylab.analysis.evaluate.write_json", stop)
    with pytest.raises(KeyboardInterrupt):
        raylab.evaluate(study.path, split="test")
    assert len(reads(study)) == 1


def test_validation_scores_do_not_depend_on_test_data(tmp_path: Path) -> None:
    results = []
    for name in ("a", "b"):
        one = session()
        neural, position = one.neural.copy(), one.labels["position"].values.copy()
        if name == "b":
            neural[320:], position[320:] = 50, -50
        labels = {"position": Label.continuous(position, unit="m")}
        data = dataset(tmp_path / name, session(neural=neural, labels=labels))
        results.append(
            raylab.evaluate(small_study(tmp_path / f"study-{name}", data, scores=(0.5,)).path)
        )
    assert results[0] == results[1]


def test_exported_embeddings_leave_test_out(study: StudyFolder, tmp_path: Path) -> None:
    raylab.export_embeddings(study.path, out=tmp_path / "out" / "e.parquet")
    table = pd.read_parquet(tmp_path / "out" / "e.parquet")
    assert table["split"].value_counts().to_dict() == {"train": 240, "valid": 80}
    assert list(table.columns) == [
        "session", "sample", "time_s", "split", "position", "heading", "choice", "e0", "e1", "e2",
    ]  # fmt: skip
    assert table["sample"].tolist() == list(range(320))
    assert np.allclose(table["time_s"], table["sample"] / 10)
    assert np.allclose(table["position"], session().labels["position"].values[:320, 0])
    assert set(table["choice"]) == {"0", "1"}
    assert reads(study) == []


def test_exported_test_samples_are_counted(study: StudyFolder, tmp_path: Path) -> None:
    table = raylab.export_embeddings(
        study.path, out=tmp_path / "e.parquet", splits=("test",), trial="0000"
    )
    assert set(table["split"]) == {"test"}
    assert len(table) == 80
    assert reads(study) == [("0000", "export")]


def test_exported_rows_are_what_the_model_gives(study: StudyFolder, tmp_path: Path) -> None:
    table = raylab.export_embeddings(study.path, out=tmp_path / "e.parquet")
    found = raylab.load(study.path).transform(session().neural[:240])
    np.testing.assert_allclose(table[["e0", "e1", "e2"]].to_numpy()[:240], found, atol=2e-5)


def test_the_winner_is_the_best_completed_trial(study: StudyFolder) -> None:
    study.ledger.append(
        TrialStarted(trial="0002"),
        TrialEnded(trial="0002", state="pruned", step=1, score=99.0, seconds=1.0),
    )
    assert raylab.load(study.path).config.training.seed == 1
    assert raylab.load(study.path, trial="0000").config.training.seed == 0


def test_no_such_trial_or_none_completed(tmp_path: Path) -> None:
    data = dataset(tmp_path / "ds")
    study = small_study(tmp_path / "study", data)
    with pytest.raises(StudyError, match="no trial '0007'") as caught:
        raylab.load(study.path, trial="0007")
    assert "0000, 0001" in caught.value.remedy
    with pytest.raises(StudyError, match="no trial has completed"):
        raylab.load(small_study(tmp_path / "empty", data, scores=()).path)


def test_other_data_under_the_same_path_is_refused(study: StudyFolder, tmp_path: Path) -> None:
    for path in sorted((tmp_path / "ds").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    with pytest.raises(RaylabError, match="not a prepared dataset"):
        raylab.evaluate(study.path, split="test")
    dataset(tmp_path / "ds", session(seed=5))
    with pytest.raises(StudyError, match="other fingerprint"):
        raylab.evaluate(study.path, split="test")
    with pytest.raises(StudyError, match="other fingerprint"):
        raylab.export_embeddings(study.path, out=tmp_path / "e.parquet", splits=("test",))
    assert not (tmp_path / "e.parquet").exists()
    assert reads(study) == []


@pytest.mark.parametrize("labelled", [0, 1, 2])
def test_a_label_that_is_hardly_there_does_not_stop_the_others(
    tmp_path: Path, labelled: int
) -> None:
    values = session().labels["position"].values.copy()
    values[240 + labelled : 320] = np.nan
    labels = {"choice": session().labels["choice"], "position": Label.continuous(values)}
    study = small_study(
        tmp_path / "study", dataset(tmp_path / "ds", session(labels=labels)), scores=(0.5,)
    )
    result = raylab.evaluate(study.path)
    assert "choice" in result.scores
    assert ("position" in result.scores) == (labelled == 2)


def test_several_sessions_are_averaged_and_told_apart(tmp_path: Path) -> None:
    data = dataset(tmp_path / "ds", session("a"), session("b", units=4, seed=1))
    study = small_study(tmp_path / "study", data, scores=(0.5,))
    result = raylab.evaluate(study.path)
    mean = np.mean([result.sessions[name]["position"]["r2"] for name in "ab"])
    assert result.scores["position"]["r2"] == pytest.approx(mean)
    table = raylab.export_embeddings(study.path, out=tmp_path / "e.parquet")
    assert table["session"].value_counts().to_dict() == {"a": 320, "b": 320}


def test_whole_trials_are_resampled_and_permuted() -> None:
    """Samples of a trial share their label: taken one by one, any score would look sure."""
    random = np.random.default_rng(0)
    truth = np.repeat(random.permutation(np.arange(20) % 2), 30)
    said = np.repeat(random.integers(0, 2, 20), 30)
    scores = score_predictions("discrete", truth, said)
    trials = Decoded("discrete", scores, truth, said, belongs=np.repeat(np.arange(20), 30))
    assert trials.grouped
    assert 0.15 < np.subtract(*np.percentile(resampled(trials)["accuracy"], [97.5, 2.5])) < 0.6
    chance = permuted([trials])["accuracy"]
    assert chance["low"] < 0.4
    assert chance["high"] > 0.6
    assert chance["p"] > 0.05
    alone = Decoded("discrete", scores, truth, said, belongs=np.arange(600))
    assert np.subtract(*np.percentile(resampled(alone)["accuracy"], [97.5, 2.5])) < 0.1
    unknown = Decoded("discrete", scores, truth, said, belongs=np.full(600, -1))
    assert not unknown.grouped
    assert len(np.unique(unknown.groups)) == 20, "blocks of time"
