"""What cannot be extended is refused before anything starts, with what to do instead; what an
extension changes is said. Without Ray.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from fake_answer_study import fake_answer_study
from helpers import dataset, session, study_of, trial

import raylab
from raylab.analysis.extension.draws import more_draws
from raylab.analysis.extension.trials import failed_again, trained_further
from raylab.data.dataset import Dataset
from raylab.errors import RaylabError, StudyError
from raylab.tracking.events import SelectionStarted, StudyEnded, TrialEnded, TrialStarted
from raylab.tracking.extensions import Addition
from raylab.tracking.study import StudyFolder
from raylab.tuning.run import plan_of

BASE: dict[str, Any] = {
    "model.encoder": {"kind": "offset1", "hidden_units": 8},
    "training": {"max_steps": 20, "batch_size": 16, "validate_every": 5, "device": "cpu"},
}
RATES = {"optimizer.learning_rate": {"categorical": [0.001, 0.01]}}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return dataset(tmp_path_factory.mktemp("checks") / "ds", session("a", samples=300))


def study_at(path: Path, data: Dataset, space: dict[str, Any], **sections: Any) -> StudyFolder:
    """A study of one trial, trained to step 5, with a space."""
    study = study_of(path, data, [trial(**sections)])
    study.space_path.write_text(yaml.safe_dump({"base": BASE, **space}))
    return study


@pytest.fixture(autouse=True)
def _without_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not refused fails at once."""
    monkeypatch.setattr("raylab.analysis.extend.connect_for", lambda resources, trials: 1 / 0)


def refusal(study: StudyFolder, trial: str | None = None, **arguments: Any) -> RaylabError:
    with pytest.raises(RaylabError) as caught:
        raylab.extend(study.path, trial, **arguments)
    assert caught.value.remedy
    return caught.value


def test_arguments_that_say_nothing_are_refused(data: Dataset, tmp_path: Path) -> None:
    study = study_at(tmp_path / "study", data, {"search": RATES})
    assert "nothing is added" in refusal(study).what
    assert "which trial" in refusal(study, steps=60).what
    assert "until which step" in refusal(study, "0000").what
    assert "above 0" in refusal(study, trials=-1).what


def test_trials_that_cannot_be_trained_further(data: Dataset, tmp_path: Path) -> None:
    study = study_at(tmp_path / "study", data, {"search": RATES})
    assert refusal(study, "0", steps=60).remedy == "Did you mean '0000'?"
    assert "no trial '0009'" in refusal(study, "0009", steps=60).what
    assert "has trained 5 steps already" in refusal(study, "0000", steps=5).what
    failed = TrialEnded(trial="0001", state="failed", error="nan")
    study.ledger.append(TrialStarted(trial="0001"), failed, StudyEnded())
    assert "--rerun-failed" in refusal(study, "0001", steps=60).remedy
    repeat = TrialStarted(trial="0000-seed1", of="0000")
    study.ledger.append(repeat, TrialEnded(trial="0000-seed1", state="completed"), StudyEnded())
    assert "repeats trial 0000" in refusal(study, "0000-seed1", steps=60).what


def test_a_readout_is_fitted_in_one_step(data: Dataset, tmp_path: Path) -> None:
    from raylab.config.parse import parse_trial

    ridge = {"task": {"kind": "decoder", "label": "position"}, "model": {"kind": "ridge"}}
    study = study_of(tmp_path / "study", data, [parse_trial(ridge, "ridge")])
    study.space_path.write_text(yaml.safe_dump({"task": ridge["task"], "base": ridge["model"]}))
    with pytest.raises(StudyError, match="fitted in a single step"):
        trained_further(study, study.records(), "0000", 100)


def test_a_trial_that_stopped_early_would_stop_again(data: Dataset, tmp_path: Path) -> None:
    study = study_at(tmp_path / "study", data, {"search": RATES})
    why = "stopped early at step 5: 2 validations in a row without a better decoding.score"
    end = TrialEnded(trial="0000", state="completed", step=5, stopped=why, seconds=1.0)
    study.ledger.append(end)
    with pytest.raises(StudyError, match="2 validations in a row") as caught:
        trained_further(study, study.records(), "0000", 60)
    assert "patience" in caught.value.remedy


def test_what_differs_from_one_training_is_said(data: Dataset, tmp_path: Path) -> None:
    study = study_at(tmp_path / "study", data, {"search": RATES})
    addition, notes = trained_further(study, study.records(), "0000", 60)
    assert addition == Addition("0000", 60)
    assert len(notes) == 1
    assert "from step 5 to step 60" in notes[0]
    schedule = {"schedule": {"kind": "cosine"}}
    cosine = study_at(tmp_path / "cosine", data, {"search": RATES}, optimizer=schedule)
    _, notes = trained_further(cosine, cosine.records(), "0000", 60)
    assert "'cosine' depend on training.max_steps" in notes[1]
    short = {"validate_every": 3}
    uneven = study_at(tmp_path / "uneven", data, {"search": RATES}, training=short)
    record = uneven.records()[0]
    _, notes = trained_further(uneven, [record], "0000", 60)
    assert len(notes) == 1  # its checkpoint is that of a validation, at step 3


def test_failed_trials_run_again_once(data: Dataset, tmp_path: Path) -> None:
    study = study_at(tmp_path / "study", data, {"search": RATES})
    assert "no trial has failed" in refusal(study, rerun_failed=True).what
    study.ledger.append(TrialStarted(trial="0001"), TrialEnded(trial="0001", state="failed"))
    records = study.records()
    assert failed_again(study, records, ()) == (Addition("0001"),)
    with pytest.raises(StudyError, match="runs again already"):
        failed_again(study, records, (Addition("0001"),))


def test_a_grid_says_that_it_is_exhausted(data: Dataset, tmp_path: Path) -> None:
    space = {"search": RATES, "sampler": {"kind": "grid"}, "budget": {"trials": 1}}
    study = study_at(tmp_path / "study", data, space)
    extension, notes = more_draws(study, plan_of(study), study.records(), trials=40)
    assert extension.trials == 1
    assert "the grid has 2 points: 1 are left, fewer than 40" in notes[0]
    space["budget"] = {"trials": 2}
    whole = study_at(tmp_path / "whole", data, space)
    assert "the grid is exhausted: all of its 2 points" in refusal(whole, trials=40).what


def test_studies_that_draw_nothing_more_are_refused(data: Dataset, tmp_path: Path) -> None:
    single = study_at(tmp_path / "single", data, {"budget": {"trials": 1}})
    assert "TRIAL --steps" in refusal(single, trials=4).remedy
    rates = {"optimizer.learning_rate": {"float": [0.001, 0.01]}}
    members = {"search": rates, "scheduler": {"kind": "pbt", "grace_steps": 5}}
    population = study_at(tmp_path / "pbt", data, {**members, "budget": {"trials": 2}})
    assert "begins with all of its members" in refusal(population, trials=4).what
    assert "not complete" in refusal(population, "0000", steps=60).what
    answer = fake_answer_study(tmp_path / "answer")
    assert "--minutes" in refusal(answer, trials=4).remedy
    selected = study_at(tmp_path / "selected", data, {"search": RATES})
    selected.ledger.append(
        SelectionStarted(top=1, seeds=1, rule="best", shuffles=0, trials=("0000",), values=(1,))
    )
    assert "selection over seeds" in refusal(selected, trials=4).what


def test_what_had_ended_the_search_is_said_and_lifted(data: Dataset, tmp_path: Path) -> None:
    budget = {"trials": 4, "target": -100.0, "plateau": 3, "hours": 1.0}
    rates = {"optimizer.learning_rate": {"float": [0.001, 0.01]}}
    study = study_at(tmp_path / "study", data, {"search": rates, "budget": budget})
    plan, records = plan_of(study), study.records()
    extension, notes = more_draws(study, plan, records, trials=2, hours=0.5)
    assert extension.lifted == ("target",)
    text = "; ".join(notes)
    for said in ("2 more trials, 6 in total", "hours is 1.5", "-100 is reached", "plateau 3"):
        assert said in text
    assert "budget.target -100 is reached, so more time" in refusal(study, hours=1.0).what


def test_hours_that_are_used_must_be_extended_as_well(data: Dataset, tmp_path: Path) -> None:
    rates = {"optimizer.learning_rate": {"float": [0.001, 0.01]}}
    space = {"search": rates, "budget": {"trials": 4, "hours": 1e-9}}
    study = study_at(tmp_path / "study", data, space)
    error = refusal(study, trials=2)
    assert "budget.hours 1e-09 are used" in error.what
    assert "--hours" in error.remedy
    extension, _ = more_draws(study, plan_of(study), study.records(), trials=2, hours=1.0)
    assert extension.hours == 1.0
    unlimited = study_at(tmp_path / "unlimited", data, {"search": rates})
    assert "no budget.hours" in refusal(unlimited, hours=1.0).what
