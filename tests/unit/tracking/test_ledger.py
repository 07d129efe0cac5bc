"""The ledger and the study folder: nothing lost, nothing changed, nothing read that was not written
whole.
"""

from __future__ import annotations

import math
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from raylab.errors import StudyError
from raylab.tracking.events import GenerationEnded, OtherEvent, TrialEnded, TrialLost, TrialReported
from raylab.tracking.ledger import Ledger
from raylab.tracking.study import StudyFolder


def event(name: str) -> OtherEvent:
    return OtherEvent(name=name)


def names(ledger: Ledger) -> list[str]:
    return [event.to_dict()["event"] for event in ledger.read()]


def test_events_come_back_in_the_order_they_were_written(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    for index in range(12):
        ledger.append(TrialLost(trial=f"{index:04d}", time=100.0 - index))
    assert Ledger(tmp_path / "ledger").read() == [
        TrialLost(trial=f"{index:04d}", time=100.0 - index) for index in range(12)
    ]


def test_segments_never_change_and_numbers_are_never_reused(tmp_path: Path) -> None:
    first = Ledger(tmp_path)
    first.append(event("a"))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    second = Ledger(tmp_path)  # a driver that started after a crash
    second.append(event("b"))
    first.append(event("c"))
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert before.items() <= after.items()
    assert sorted(int(name[:8]) for name in after) == [1, 2, 3]


def test_two_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    writers = [Ledger(tmp_path) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        jobs = [
            pool.submit(writers[index % 4].append, GenerationEnded(step=index))
            for index in range(80)
        ]
        for job in jobs:
            job.result()
    steps = [event.step for event in Ledger(tmp_path).read() if isinstance(event, GenerationEnded)]
    assert sorted(steps) == list(range(80))


def test_a_writer_killed_in_the_middle_leaves_nothing_to_read(tmp_path: Path) -> None:
    Ledger(tmp_path).append(event("whole"))
    (tmp_path / ".00000002-deadbeef.jsonl.x1y2").write_text('{"event": "ha')
    assert names(Ledger(tmp_path)) == ["whole"]


@pytest.mark.parametrize("damage", ["cut in a line", "cut between lines", "changed"])
def test_a_damaged_segment_is_named(tmp_path: Path, damage: str) -> None:
    Ledger(tmp_path).append(GenerationEnded(step=1), event("b"))
    (segment,) = tmp_path.iterdir()
    text = segment.read_text()
    lines = text.splitlines(keepends=True)
    segment.write_text(
        {"cut in a line": text[:-5], "cut between lines": lines[0]}.get(
            damage, text.replace("1", "2")
        )
    )
    with pytest.raises(StudyError, match=segment.name):
        Ledger(tmp_path).read()


def test_a_lost_segment_is_named(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    for _ in range(3):
        ledger.append(event("a"))
    next(tmp_path.glob("00000002-*")).unlink()
    with pytest.raises(StudyError, match="00000002"):
        Ledger(tmp_path).read()


def test_reports_are_gathered_for_a_moment_and_ends_are_not(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, buffer_s=0.3)
    for step in range(5):
        ledger.append(TrialReported(trial="0000", step=step))
    assert not list(tmp_path.iterdir())
    ledger.append(TrialEnded(trial="0000", state="completed", step=5))
    assert len(list(tmp_path.iterdir())) == 1
    ledger.append(TrialReported(trial="0001", step=0))
    deadline = time.monotonic() + 10
    while len(list(tmp_path.glob("0*"))) < 2 and time.monotonic() < deadline:
        time.sleep(
            0.02
        )  # written without another call: a crash later loses nothing older than the buffer
    assert [getattr(event, "step", None) for event in Ledger(tmp_path).read()] == [
        0,
        1,
        2,
        3,
        4,
        5,
        0,
    ]


def test_a_full_disk_keeps_what_could_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr("raylab.tracking.ledger.write_text", _no_space)
        with pytest.raises(OSError, match="No space"):
            ledger.append(event("a"))
    ledger.append(event("b"))
    assert names(ledger) == ["a", "b"]


def test_object_stores_work_as_folders_do() -> None:
    ledger = Ledger("memory://bucket/study/ledger")
    ledger.append(event("a"))
    Ledger("memory://bucket/study/ledger").append(OtherEvent(name="b", values={"loss": math.nan}))
    assert [event.to_dict().get("loss", 0) for event in ledger.read()] == [0, None]


def test_a_study_is_made_once_and_opened_as_it_was(tmp_path: Path) -> None:
    made = StudyFolder.create(tmp_path / "s", {"kind": "search", "label": None})
    assert StudyFolder.open(tmp_path / "s").description == made.description
    assert {"id", "name", "created", "packages", "git"} <= made.description.keys()
    with pytest.raises(StudyError, match="already exists"):
        StudyFolder.create(tmp_path / "s", {})
    assert StudyFolder.open(tmp_path / "s").id == made.id


def test_a_folder_that_is_no_study_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(StudyError, match="not a study"):
        StudyFolder.open(tmp_path)
    with pytest.raises(StudyError, match="already exists"):
        StudyFolder.create(tmp_path, {})
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_one_driver_at_a_time(tmp_path: Path) -> None:
    study = StudyFolder.create(tmp_path / "s", {})
    other = StudyFolder.open(tmp_path / "s")
    assert not study.is_live()
    with study.hold():
        assert study.is_live()
        assert other.is_live()
        with pytest.raises(StudyError, match="another driver"), other.hold():
            pass
        assert other.is_live()
    assert not other.is_live()


def test_a_killed_driver_is_not_live(tmp_path: Path) -> None:
    study = StudyFolder.create(tmp_path / "s", {})
    script = """
import sys, time
from pathlib import Path
from raylab.tracking.events import TrialStarted
from raylab.tracking.study import StudyFolder
study = StudyFolder.open(Path(sys.argv[1]))
with study.hold():
    study.ledger.append(TrialStarted(trial="0000"))
    print("held", flush=True)
    time.sleep(60)
"""
    driver = subprocess.Popen(
        [sys.executable, "-c", script, str(study.path)], stdout=subprocess.PIPE, text=True
    )
    assert driver.stdout is not None
    assert driver.stdout.readline() == "held\n"
    assert [record.state for record in study.records()] == ["running"]
    driver.kill()
    driver.wait()
    driver.stdout.close()
    assert [record.state for record in study.records()] == ["interrupted"]


def _no_space(*_: object) -> None:
    raise OSError(28, "No space left on device")
