"""`raylab watch`: a study that another process runs, from simulated ledgers."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from command import run
from fake_study import T0
from simulated import began, finished, simulated, validated

from raylab.cli.show.following.watching import Changes, until_ended
from raylab.reporting.progress.follower import Follower
from raylab.reporting.progress.results import Progress
from raylab.tracking.events import StudyEnded
from raylab.tracking.study import StudyFolder

SPACE = {"budget": {"trials": 2}}


@pytest.fixture
def study(tmp_path: Path) -> StudyFolder:
    events = (
        began("0000", 0),
        finished("0000", 9, 0.5, seconds=9),
        began("0001", 9),
        validated("0001", 12, 50, 0.6),
    )
    return simulated(tmp_path / "study", *events, space=SPACE)


def end(study: StudyFolder) -> None:
    study.ledger.append(finished("0001", 20, 0.7, seconds=11), StudyEnded(time=T0 + 21))


def test_once_says_where_a_study_stands(
    study: StudyFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    with study.hold():
        code, out, err = run(capsys, "watch", study.path, "--once")
        assert (code, err) == (0, "")
        assert "1 of 2 trials" in out
        assert "50/100" in out
        code, out, _ = run(capsys, "watch", study.path, "--once", "--json")
    values = json.loads(out)
    assert (values["state"], values["done"], values["total"]) == ("running", 1, 2)
    assert values["running"][0]["scores"] == {"decoding.r2": 0.6}
    assert json.loads(run(capsys, "watch", study.path, "--once", "--json")[1])["state"] == "stopped"


def test_once_needs_a_study(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "watch", tmp_path / "none", "--once")
    assert (code, out) == (2, "")
    assert "none: not a study" in err


@pytest.mark.parametrize("as_json", [True, False])
def test_of_an_ended_study_the_last_state_is_printed(
    study: StudyFolder, capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    end(study)
    code, out, err = run(capsys, "watch", study.path, *(["--json"] if as_json else []))
    assert (code, err) == (0, "")
    if as_json:
        assert json.loads(out)["state"] == "ended"
    else:
        assert "study  search, ended" in out
        assert "2 of 2 trials" in out
        assert "best 0.7000 (0001)" in out


@pytest.fixture
def driver(study: StudyFolder) -> Iterator[threading.Event]:
    """Another driver of the study, which ends the study when the event is set."""
    ending, holds = threading.Event(), threading.Event()

    def drive() -> None:
        own = StudyFolder.open(study.path)
        with own.hold():
            holds.set()
            ending.wait(20)
            end(own)

    thread = threading.Thread(target=drive)
    thread.start()
    holds.wait(20)
    yield ending
    ending.set()
    thread.join()


def test_watching_shows_each_change_until_the_end(
    study: StudyFolder, driver: threading.Event
) -> None:
    shown: list[Progress] = []

    def sleep(seconds: float) -> None:
        driver.set()
        time.sleep(seconds / 2)

    until_ended(Follower(study.path), shown.append, sleep=sleep)
    assert shown[0].state == "running"
    assert shown[-1].state == "ended"
    assert 2 <= len(shown) <= 4  # nothing is shown twice


def test_changes_are_lines(study: StudyFolder) -> None:
    lines: list[str] = []
    changes = Changes(study.path, lines.append)
    follower = Follower(study.path)
    first = follower.progress()
    assert first is not None
    changes(first)
    end(study)
    time.sleep(1)
    last = follower.progress()
    assert last is not None
    changes(last)
    assert lines == [
        f"the study has stopped; raylab resume {study.path} goes on with it",
        "study: search, ended",
        "[2/2] trial 0001 completed at step 100: 0.7000",
    ]


def test_a_ledger_that_grows_has_a_driver_where_no_lock_shows_it(study: StudyFolder) -> None:
    """As on another machine, whose locks this one may not see."""
    follower = Follower(study.path)
    first = follower.progress()
    StudyFolder.open(study.path).ledger.append(began("0002", 13))
    time.sleep(1)
    later = follower.progress()
    assert first is not None
    assert later is not None
    assert (first.state, later.state) == ("stopped", "running")
