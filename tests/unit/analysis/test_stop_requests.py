"""Requests to stop or to pause that make no sense are refused at once."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from command import run
from fake_study import fake_study

import raylab
from raylab.errors import StudyError
from raylab.tracking.events import DriverStarted, TrialStarted
from raylab.tracking.requests import FOLDER
from raylab.tracking.study import StudyFolder
from raylab.tuning.control import Control


def test_a_study_without_a_driver_is_told_by_its_state(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = fake_study(tmp_path / "ended")
    for verb in ("stop", "pause"):
        code, out, err = run(capsys, verb, ended.path)
        assert (code, out) == (2, "")
        assert "no driver is at work on this study, which has ended" in err
    interrupted = fake_study(tmp_path / "interrupted", end=False)
    code, _, err = run(capsys, "stop", interrupted.path, "0000")
    assert code == 2
    assert f"raylab resume {interrupted.path}" in err


def test_only_trials_that_run_are_stopped(tmp_path: Path) -> None:
    study = fake_study(tmp_path / "study", end=False)
    with study.hold():
        study.ledger.append(DriverStarted(), TrialStarted(trial="0008"))
        with pytest.raises(StudyError, match="trial 0002 does not run: pruned"):
            raylab.stop(study.path, "0008", "0002")
        with pytest.raises(StudyError, match="trial 0005 does not run: interrupted"):
            raylab.stop(study.path, "0005")
        with pytest.raises(StudyError, match="no trial '8'") as caught:
            raylab.stop(study.path, "8")
    assert caught.value.remedy == "Did you mean '0008'?"
    assert not (study.path / FOLDER).exists()


@pytest.mark.parametrize(("kind", "when"), [("search", "next checkpoint"), ("answer", "has ended")])
def test_a_pause_says_when_the_driver_ends(tmp_path: Path, kind: str, when: str) -> None:
    described = {"kind": kind, "data": None, "objective": None, "label": None}
    study, lines = StudyFolder.create(tmp_path / "study", described), list[str]()
    with study.hold():
        study.ledger.append(DriverStarted())
        driver = threading.Thread(target=polled, args=(study,))
        driver.start()
        assert raylab.pause(study.path, say=lines.append)
        driver.join()
    assert when in lines[0]
    assert f"raylab resume {study.path}" in lines[0]


def test_a_control_at_work_takes_what_its_study_is_asked(tmp_path: Path) -> None:
    """`raylab select` ends with shuffled labels: a study in the folder of the study."""
    study, lines = fake_study(tmp_path / "study"), list[str]()
    described = {"kind": "search", "data": None, "objective": None, "label": None}
    control = StudyFolder.create(study.path / "controls" / "shuffled", described)
    with control.hold():
        control.ledger.append(DriverStarted())
        driver = threading.Thread(target=polled, args=(control,))
        driver.start()
        assert raylab.pause(study.path, say=lines.append)
        driver.join()
    assert f"raylab resume {study.path}`" in lines[0]
    with pytest.raises(StudyError, match="which has ended"):
        raylab.pause(study.path)


def polled(study: StudyFolder) -> None:
    """Act as a driver until it is to pause, for a minute at most."""
    for _ in range(1200):
        control = Control(study)
        control.poll()
        if control.paused:
            return
        time.sleep(0.05)
