"""What verbs that run long show: a live view, plain lines, and after Ctrl-C what goes on."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
from command import run
from made_progress import search
from simulated import began, finished, simulated

import raylab
from raylab.cli.show.following.lines import PlainScreen
from raylab.cli.show.live import Interrupted, live
from raylab.processes import this_process
from raylab.tracking.events import DriverStarted, StudyEnded

CLOCK = re.compile(r"^\[\d\d:\d\d:\d\d\] ")


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_long_stage_is_named_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    with PlainScreen(lambda: None, "checking the space"):
        time.sleep(0.9)
    assert CLOCK.sub("", capsys.readouterr().err) == "checking the space\n"


def test_an_error_of_the_first_checks_stands_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with PlainScreen(lambda: None, "checking the space"):
        pass
    assert capsys.readouterr().err == ""


def test_lines_have_the_clock_time_and_the_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    view = PlainScreen(lambda: search(1), "stage")
    view.say("[3/16] trial 0002 completed at step 600: 0.7")
    view.say("note: another line")
    lines = capsys.readouterr().err.splitlines()
    assert all(CLOCK.match(line) for line in lines)
    assert lines[0].endswith("0.7  (best 0.7512 (0001), about 4 min left)")
    assert lines[1].endswith("] note: another line")


def test_where_nothing_ends_there_is_a_line_a_minute(capsys: pytest.CaptureFixture[str]) -> None:
    clock, known = Clock(), [None, search(1)]
    view = PlainScreen(lambda: known[clock.now > 100], "starting", clock=clock)
    for clock.now in (30, 59, 61, 90, 122):
        view.beat()
    starting, standing = capsys.readouterr().err.splitlines()
    assert starting.endswith("] starting: 61 s so far")
    assert CLOCK.sub("", standing).startswith("search: 3 of 16 trials")


def test_the_driver_sees_its_own_study_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = simulated(tmp_path / "study", began("0000", 0), space={"budget": {"trials": 2}})
    with live(study.path, stage="reading the study") as say:
        say("a line")  # of an earlier driver nothing is shown
        study.ledger.append(DriverStarted(**this_process()))
        study.ledger.append(began("0000", 5), finished("0000", 9, 0.5, seconds=4))
        time.sleep(1)
        say("the trial has ended")
    first, second = capsys.readouterr().err.splitlines()
    assert first.endswith("] a line")
    assert "the trial has ended  (best 0.5000 (0000), about 4 s left)" in second


@pytest.mark.parametrize(("begun", "resumes"), [(True, True), (False, True), (True, False)])
def test_ctrl_c_names_the_command_that_goes_on(tmp_path: Path, begun: bool, resumes: bool) -> None:
    out = tmp_path / "my study"
    if begun:
        simulated(out)
    with pytest.raises(Interrupted) as stopped, live(out, stage="", resumes=resumes):
        raise KeyboardInterrupt
    again = begun and resumes
    assert (stopped.value.command == f"raylab resume '{out}'") is again


def test_a_driver_that_was_paused_says_so(tmp_path: Path) -> None:
    with pytest.raises(Interrupted) as stopped, live(simulated(tmp_path / "s").path, stage=""):
        raise KeyboardInterrupt("paused; work so far is kept")
    assert stopped.value.reason == "paused"


@pytest.mark.parametrize("plain", [(), ("--plain",)])
def test_a_stopped_verb_exits_with_the_command(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    plain: tuple[str, ...],
) -> None:
    out = tmp_path / "st udy"

    def stopped(space: Path, **options: Any) -> None:
        simulated(out)
        options["say"]("note: some note")
        raise KeyboardInterrupt

    monkeypatch.setitem(raylab.__dict__, "search", stopped)
    code, shown, err = run(capsys, "search", "s.yaml", "--data", "ds", "--out", out, *plain)
    assert (code, shown) == (130, "")
    assert "] note: some note\n" in err
    assert (
        err.splitlines()[-1]
        == f"raylab: stopped; work so far is kept. To go on: raylab resume '{out}'"
    )


def test_a_verb_without_a_study_names_itself(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(*arguments: Any, **options: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(raylab.__dict__, "prepare", stopped)
    words = ("prepare", "my recordings", "--out", "ds")
    code, _, err = run(capsys, *words)
    assert code == 130
    assert err.endswith("To go on: raylab prepare 'my recordings' --out ds\n")


def test_a_study_that_has_just_ended_is_still_at_work_for_its_driver(tmp_path: Path) -> None:
    from raylab.reporting.progress.follower import Follower

    study = simulated(tmp_path / "study", DriverStarted(**this_process()), began("0000", 0))
    follower = Follower(study.path, own=True)
    known = follower.progress()
    assert known is not None
    assert known.state == "running"
    study.ledger.append(finished("0000", 9, 0.5, seconds=9), StudyEnded())
    time.sleep(1)
    known = follower.progress()
    assert known is not None
    assert (known.state, known.phase) == ("running", "report")
