"""An answer on a local Ray: killed, stopped and resumed, with one reading of each test part."""

from __future__ import annotations

import os
import signal
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from helpers import dataset, session
from processes import descendants, end, leaderboard, mlflow_children, raylab, wait_until

import raylab as package
from raylab.tracking.events import TestRead as Reading
from raylab.tracking.events import TrialEnded, TrialStarted
from raylab.tracking.study import StudyFolder
from raylab.training.predictor import Predictor

pytestmark = pytest.mark.ray
FOLDS = 3


def ended(study: Path) -> set[str]:
    """The trials that have ended."""
    if not (study / "study.json").exists():
        return set()
    events = StudyFolder.open(study).ledger.read()
    ends = [event for event in events if isinstance(event, TrialEnded)]
    return {event.trial for event in ends if event.state in ("completed", "failed", "pruned")}


def test_a_killed_answer_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAYLAB_HOME", str(tmp_path))
    data = dataset(tmp_path / "ds", session("a", samples=900))
    out, log = tmp_path / "answer", tmp_path / "log.txt"
    arguments = ["answer", data.path, "--label", "position", "--out", out, "--minutes", "1"]
    arguments += ["--folds", str(FOLDS), "--families", "ridge,mlp", "--seeds", "2"]
    with raylab(*arguments, log=log) as process:
        wait_until(lambda: len(ended(out)) >= 5, seconds=120, process=process)
        below = descendants(process.pid)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
        end(*below)
    before = ended(out)

    with raylab("resume", out, log=log) as process:
        assert process.wait(240) == 0, log.read_text()
    study = StudyFolder.open(out)
    events = study.ledger.read()
    begun = Counter(event.trial for event in events if isinstance(event, TrialStarted))
    assert all(begun[trial] == 1 for trial in before)
    reads = [event for event in events if isinstance(event, Reading)]
    assert len(reads) == FOLDS
    first = next(at for at, event in enumerate(events) if isinstance(event, Reading))
    searched = {event.trial for event in events[:first] if isinstance(event, TrialEnded)}
    repeated = [record for record in study.records() if record.of is not None]
    refits = {record.trial for record in repeated if record.valid_fold is None}
    assert not searched & refits, "a test part was predicted before its reading was recorded"
    rotated = [record for record in repeated if record.valid_fold is not None]
    assert {record.trial for record in rotated} <= searched, "a choice was made after its test part"

    answer = study.answer()
    assert answer is not None
    assert (answer["folds"], answer["reads_of_test"], answer["interrupted"]) == (
        FOLDS,
        FOLDS,
        False,
    )
    assert answer["sentence"] in log.read_text().replace("\n", " ")
    rows = {row["trial"]: row["state"] for row in leaderboard(out)}
    runs = mlflow_children(study.description["tracking"]["uri"])
    assert {name: run["state"] for name, run in runs.items()} == {
        record.trial: record.state for record in study.records()
    }
    assert rows

    predictor = package.load(out)
    assert isinstance(predictor, Predictor)
    activity = np.asarray(data.open("a").activity(0, 50))
    assert predictor.predict(activity).shape == (50,)
    searched_trial = next(record for record in study.records() if record.of is None)
    for record in (searched_trial, *rotated[:1]):
        assert package.reproduce(out, record.trial).same
