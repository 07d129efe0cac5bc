"""Requests to a driver: only the driver that they were meant for acts on them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from raylab.errors import StudyError
from raylab.tracking.events import DriverStarted, PauseRequested, StopRequested, StudyEnded
from raylab.tracking.requests import FOLDER, Request, ask, driver_at_work, driver_of, take
from raylab.tracking.study import StudyFolder
from raylab.tuning.control import Control


@pytest.fixture
def study(tmp_path: Path) -> Iterator[StudyFolder]:
    """A study with a driver at work: this process."""
    described = {"data": None, "objective": None, "label": None}
    made = StudyFolder.create(tmp_path / "study", described)
    with made.hold():
        made.ledger.append(DriverStarted(host="here", pid=1, began=2.0))
        yield made


def waiting(study: StudyFolder) -> list[Path]:
    return sorted((study.path / FOLDER).glob("*"))


def test_a_driver_records_what_it_is_asked_and_the_user_is_told(study: StudyFolder) -> None:
    asking = StudyFolder.open(study.path)
    request = Request("stop", driver_at_work(asking), trials=("0001",))
    taken: list[bool] = []
    user = threading.Thread(target=lambda: taken.append(ask(asking, request, wait_s=20)))
    user.start()
    control = Control(study)
    while user.is_alive():
        control._next = 0.0  # look at once
        control.poll()
        user.join(0.05)
    assert taken == [True]
    assert (control.trials, control.stopped, control.paused) == ({"0001"}, False, False)
    (event,) = [event for event in study.ledger.read() if isinstance(event, StopRequested)]
    assert (event.trials, event.request) == (("0001",), request.id)
    assert waiting(study) == []


def test_a_request_to_a_driver_that_is_gone_never_acts_on_the_next(study: StudyFolder) -> None:
    before = driver_of(study.ledger.read())
    leave(study, Request("stop", before))
    study.ledger.append(DriverStarted(host="here", pid=1, began=2.0))  # the same process again
    control = Control(study)
    control.poll()
    assert not control.stopped
    assert waiting(study) == []
    leave(study, Request("pause", driver_of(study.ledger.read())))
    control._next = 0.0
    control.poll()
    assert control.paused
    assert [type(event) for event in study.ledger.read()][2:] == [PauseRequested]


def test_a_request_that_no_driver_takes_is_withdrawn(study: StudyFolder) -> None:
    request = Request("pause", driver_of(study.ledger.read()))
    assert not ask(StudyFolder.open(study.path), request, wait_s=0.3)
    assert len(waiting(study)) == 1  # the driver may be busy: it will take it
    refused = Request("extend", driver_of(study.ledger.read()))
    driver = threading.Timer(0.3, Control(study).poll)  # of a selection, which draws nothing
    driver.start()
    with pytest.raises(StudyError, match="did not take the request to extend"):
        ask(StudyFolder.open(study.path), refused, wait_s=20)


def test_the_end_of_the_driver_is_told(tmp_path: Path) -> None:
    described = {"data": None, "objective": None, "label": None}
    study = StudyFolder.create(tmp_path / "study", described)
    with pytest.raises(StudyError, match="ended before it took the request to stop"):
        ask(study, Request("stop", "gone"), wait_s=5)
    assert waiting(study) == []
    with pytest.raises(StudyError, match="the request to extend") as caught:
        ask(study, Request("extend", "gone"), wait_s=5)
    assert "same command again" in caught.value.remedy
    with pytest.raises(StudyError, match="interrupted") as caught:
        driver_at_work(study)
    assert "raylab resume" in caught.value.remedy
    study.ledger.append(StudyEnded())
    with pytest.raises(StudyError, match="has ended") as caught:
        driver_at_work(study)
    assert "raylab extend" in caught.value.remedy


@pytest.mark.parametrize("text", ["", "[]", '{"kind": "stop"}', '{"trials": [], "driver": 1}'])
def test_a_file_that_is_no_request_is_removed(study: StudyFolder, text: str) -> None:
    (study.path / FOLDER).mkdir()
    (study.path / FOLDER / "x.json").write_text(text)
    assert take(study) == []
    assert waiting(study) == []


def leave(study: StudyFolder, request: Request) -> None:
    assert not ask(StudyFolder.open(study.path), request, wait_s=0.0)
