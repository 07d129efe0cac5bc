"""The baselines of a study: written once, in this process where no trial runs."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from helpers import dataset

from raylab.space.settings import Resources
from raylab.tuning.baselines import StudyBaselines
from raylab.tuning.planning.study_plan import make_plan, warm_for
from raylab.tuning.run import create_study

SPACE = {
    "task": {"kind": "decoder", "label": "position"},
    "base": {"model": {"kind": "ridge"}},
}


def test_they_are_written_once(tmp_path: Path) -> None:
    data = dataset(tmp_path / "ds")
    plan = make_plan(SPACE, data.path)
    study = create_study(tmp_path / "study", plan, "search")
    said: list[str] = []
    StudyBaselines(study, plan, slots=0).finish(said.append)
    written = study.baselines()
    assert written is not None
    assert set(written["valid"]) == {"raw", "smoothed", "pca", "chance"}  # type: ignore[call-overload]
    assert said == []
    before = study.baselines_path.stat().st_mtime_ns
    StudyBaselines(study, plan, slots=0).finish(said.append)
    assert study.baselines_path.stat().st_mtime_ns == before


def test_processes_that_trials_will_need(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    plan = make_plan({**SPACE, "budget": {"trials": 9}}, dataset(tmp_path / "ds").path)
    warm = warm_for(plan.space)
    assert warm.modules == ("raylab.tuning.actor", "raylab.tasks.decoder.family")
    assert all(map(import_module, warm.modules))
    assert warm.workers == 8 + 1  # the last one is for the baselines
    wide = plan.space.model_copy(update={"resources": Resources(cpus=3)})
    assert warm_for(wide).workers == 2 + 1
    single = plan.space.budget.model_copy(update={"trials": 1})
    few = plan.space.model_copy(update={"budget": single})
    assert warm_for(few).workers == 1 + 1
