"""A command whose trials all failed says so with its exit code."""

from __future__ import annotations

from pathlib import Path

import pytest
from command import run
from fake_study import fake_study

import raylab
from raylab.cli.show.study import require_completed
from raylab.errors import NothingCompleted
from raylab.tracking.events import State


@pytest.mark.parametrize(
    ("states", "code"), [(("failed", "failed"), 1), (("failed", "completed"), 0)]
)
def test_a_resumed_study(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    states: tuple[State, ...],
    code: int,
) -> None:
    study = fake_study(tmp_path / "study", states=states)
    study.description["tracking"] = {"uri": "sqlite:///runs.db"}
    monkeypatch.setattr(raylab, "resume", lambda *_, **__: study, raising=False)
    got, out, err = run(capsys, "resume", study.path)
    assert got == code, err
    assert "report" in out
    assert ("no trial completed" in err) == (code == 1)


def test_pruned_trials_are_not_completed(tmp_path: Path) -> None:
    study = fake_study(tmp_path / "study", states=("pruned", "interrupted"))
    with pytest.raises(NothingCompleted, match="study: no trial completed"):
        require_completed(study.path)
