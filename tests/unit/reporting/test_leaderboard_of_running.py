"""Running trials in the leaderboard, with their scores so far."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command import run
from simulated import R2, began, finished, simulated, validated

from raylab.reporting.tables.leaderboard import Leaderboard, leaderboard_rows
from raylab.tracking.events import Event
from raylab.tracking.records import records

EVENTS: list[Event] = [
    began("0000", 0),
    finished("0000", 9, 0.3, seconds=9),
    began("0001", 0),
    validated("0001", 5, 20, 0.5, loss=2.0),
    began("0002", 0),
    validated("0002", 5, 40, 0.9, loss=3.0),
    validated("0002", 8, 50, 0.7, loss=1.0),
    began("0003", 9),
]


def test_running_trials_are_ranked_by_their_scores_so_far() -> None:
    rows = leaderboard_rows(records(EVENTS, live=True), "max", metrics=[R2])
    assert [row.trial for row in rows] == ["0000", "0002", "0001", "0003"]
    assert [row.so_far for row in rows] == [None, {R2: 0.7}, {R2: 0.5}, None]
    assert [row.score for row in rows] == [0.3, None, None, None]  # they have no end yet
    plain = Leaderboard(tuple(rows)).to_dict()
    assert "so_far" not in plain[0]
    assert "max_steps" not in plain[0]
    assert (plain[1]["state"], plain[1]["steps"], plain[1]["max_steps"]) == ("running", 50, 100)


def test_of_several_objectives_all_are_shown() -> None:
    rows = leaderboard_rows(records(EVENTS[2:], live=True), "min", "max", metrics=["loss", R2])
    running = {row.trial: row for row in rows if row.state == "running"}
    assert list(running) == ["0002", "0001", "0003"]
    assert running["0002"].score_of(["loss", R2]) == [1.0, 0.7]
    assert running["0003"].score_of(["loss", R2]) == [None, None]


def test_where_the_best_model_is_kept_its_score_counts() -> None:
    kept = began("0000", 0)
    config = {"training": {"max_steps": 100, "keep": "best"}}
    events = [
        type(kept)(time=kept.time, trial="0000", config=config),
        validated("0000", 5, 40, 0.9),
        validated("0000", 8, 50, 0.7),
    ]
    (row,) = leaderboard_rows(records(events, live=True), "max", metrics=[R2])
    assert row.so_far == {R2: 0.9}


def test_the_command_shows_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = simulated(tmp_path / "study", *EVENTS)
    with study.hold():
        table = run(capsys, "leaderboard", study.path)[1].splitlines()
        rows = json.loads(run(capsys, "leaderboard", study.path, "--json")[1])
    words = next(line.split() for line in table if line.startswith("0002"))
    assert words[:4] == ["0002", "running", "0.7000", "50/100"]
    assert rows[1]["so_far"] == {R2: 0.7}
