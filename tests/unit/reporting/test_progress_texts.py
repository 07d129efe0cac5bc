"""Progress in words, numbers and curves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from raylab.reporting.progress.results import EndedTrial, Progress
from raylab.reporting.progress.wording import (
    done_text,
    duration,
    ended_text,
    headline,
    left_text,
    sparkline,
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.3, "0.3 s"),
        (0.96, "1 s"),
        (38.2, "38 s"),
        (89.9, "90 s"),
        (250, "4 min"),
        (5399, "1 h 30 min"),
        (7200, "2 h"),
        (47.9 * 3600, "47 h 54 min"),
        (76.2 * 3600, "3 d 4 h"),
        (72 * 3600, "3 d"),
    ],
)
def test_durations_have_the_unit_of_their_length(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_curve_shows_the_end_of_each_stretch() -> None:
    assert sparkline([], 5) == ""
    assert sparkline([0.2], 5) == "▄"
    assert sparkline([3, 3, 3], 5) == "▄▄▄"
    assert sparkline([0, 7], 5) == "▁█"
    assert sparkline(range(8), 8) == "▁▂▃▄▅▆▇█"
    assert sparkline(range(100), 4) == "▁▃▆█"


def test_a_headline_leaves_out_what_is_not_known() -> None:
    known = Progress(study="s", kind="search", state="running", phase="start")
    assert headline(known) == "start: 0 trials"
    assert left_text(known) == ""


def test_files_of_a_preparation_are_called_files() -> None:
    known = Progress(
        study="ds", kind="prepare", state="running", phase="prepare", done=3, total=16, left_s=61
    )
    assert (done_text(known), left_text(known)) == ("3 of 16 files", "about 61 s left")
    assert left_text(replace(known, done=16, left_s=0.0)) == ""


def test_the_error_of_a_failed_trial_is_one_line() -> None:
    trial = EndedTrial(
        trial="0003", state="failed", step=20, scores={}, seconds=1, ended=0, error="no\n  memory"
    )
    assert ended_text(trial) == "trial 0003 failed at step 20: no memory"
