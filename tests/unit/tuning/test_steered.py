"""What becomes of trials that users stop or pause: the scheduler's verdict, the ledger, and Optuna.
Without Ray: schedulers, callbacks and searchers are asked as Tune asks.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fake_search import STEPS, storage, stored
from test_requeue import SPACE

from raylab.space.schedulers import PbtConfig
from raylab.tracking.ledger import Ledger
from raylab.tracking.records import TrialRecord, records
from raylab.tracking.study import StudyFolder
from raylab.tuning.callbacks import LedgerCallback
from raylab.tuning.control import Control, Requested, StudyStopped
from raylab.tuning.drawing.fixed import FixedSearch, Repeat
from raylab.tuning.drawing.population import PopulationSearch
from raylab.tuning.drawing.searcher import SearchSetup, StudySearch
from raylab.tuning.job import TuneTrial
from raylab.tuning.schedulers import Median, make_scheduler
from raylab.tuning.steering import Steered

ROUND = {"steps": 5, "score": 0.5, "rung": 0.5, "metrics": {"goodness_of_fit": 0.5}}


def tune_trial(name: str, *, origin_step: int | None = None, **last_result: Any) -> TuneTrial:
    setup: dict[str, Any] = {
        "job": {"trial": name, "config": {}},
        "params": {"loss.temperature": 0.25},
        "resources": {"cpus": 1, "gpus": 0, "workers": 1},
        "of": None,
        "origin": None if origin_step is None else "0000",
        "origin_step": origin_step,
        **STEPS,
    }
    return cast(TuneTrial, SimpleNamespace(config=setup, last_result=last_result))


@pytest.fixture
def control(tmp_path: Path) -> Control:
    return Control(StudyFolder(tmp_path, {}))


def verdict(steered: Steered, trial: TuneTrial, rung: float = 0.5) -> str:
    return steered.on_trial_result(None, trial, cast(Any, {**ROUND, "rung": rung}))


def test_a_trial_that_a_user_stopped_ends_and_others_go_on(control: Control) -> None:
    steered = Steered(None, control)
    assert verdict(steered, tune_trial("0001")) == "CONTINUE"
    control.trials.add("0001")
    assert verdict(steered, tune_trial("0001")) == "STOP"
    assert verdict(steered, tune_trial("0002")) == "CONTINUE"


def test_a_scheduler_prunes_also_at_the_validation_of_a_pause(control: Control) -> None:
    """A resumed study is then the one that was not paused."""
    config = SPACE.model_copy(update={"scheduler": median()}).scheduler
    scheduler = make_scheduler(config, mode="max", max_steps=100)
    assert isinstance(scheduler, Median)
    for number in range(4):
        scheduler.remember(f"good{number}", 5, 0.9)
    steered = Steered(scheduler, control)
    control.paused = True
    assert verdict(steered, tune_trial("bad"), rung=0.1) == "STOP"
    assert verdict(steered, tune_trial("good"), rung=0.95) == "STOP"
    assert control.aside == {"good"}


def test_a_trial_that_trains_another_further_is_not_compared(control: Control) -> None:
    scheduler = make_scheduler(median(), mode="max", max_steps=100)
    assert isinstance(scheduler, Median)
    for number in range(4):
        scheduler.remember(f"good{number}", 5, 0.9)
    steered = Steered(scheduler, control)
    assert verdict(steered, tune_trial("bad"), rung=0.1) == "STOP"
    assert verdict(steered, tune_trial("further", origin_step=20), rung=0.1) == "CONTINUE"


def median() -> Any:
    from raylab.space.load_space import load_space

    chosen = {"kind": "median", "grace_steps": 5, "least_trials": 2}
    return load_space({"scheduler": chosen}).scheduler


@pytest.fixture
def callback(tmp_path: Path, control: Control) -> LedgerCallback:
    return LedgerCallback(
        Ledger(tmp_path / "ledger", buffer_s=0.0),
        control=control,
        comes_back=lambda trial: False,
        no_room=lambda: False,
        on_end=lambda *ended: None,
    )


def test_the_ledger_says_who_stopped_a_trial(
    tmp_path: Path, callback: LedgerCallback, control: Control
) -> None:
    control.trials |= {"0001", "0002"}
    for name, result in {"0001": ROUND, "0002": {**ROUND, "steps": 10}, "0003": ROUND}.items():
        callback.on_trial_start(0, [], tune_trial(name))
        callback.on_trial_complete(1, [], tune_trial(name, **{**result, "done": True}))
    ends = {
        record.trial: (record.state, record.stopped, record.score)
        for record in records(Ledger(tmp_path / "ledger").read(), live=False)
    }
    assert ends == {
        "0001": ("pruned", "by the user", 0.5),
        "0002": ("completed", None, 0.5),  # it reached its last step
        "0003": ("pruned", None, 0.5),  # by a scheduler
    }


def test_a_paused_trial_has_no_end_and_a_stopped_study_leaves_the_loop(
    tmp_path: Path, callback: LedgerCallback, control: Control
) -> None:
    control.aside.add("0001")
    callback.on_trial_start(0, [], tune_trial("0001"))
    callback.on_trial_complete(1, [], tune_trial("0001", **{**ROUND, "done": True}))
    (record,) = records(Ledger(tmp_path / "ledger").read(), live=True)
    assert record.state == "running"
    callback.on_step_begin(2, [])
    control.stopped = True
    with pytest.raises(StudyStopped):
        callback.on_step_begin(3, [])


def search_of(tmp_path: Path, requested: Requested, **more: Any) -> SearchSetup:
    def setup(name: str, params: Any, **kwargs: Any) -> Any:
        return {"params": params, "job": {"trial": name}} | STEPS

    modes: Any = ["max"]
    return SearchSetup(
        modes=modes, storage=storage(tmp_path), setup=setup, requested=requested, **more
    )


def test_no_trial_begins_during_a_pause_and_those_at_work_come_back(tmp_path: Path) -> None:
    requested = Requested()
    search = StudySearch(SPACE, search_of(tmp_path, requested, draws=3))
    for name in "ab":
        search.suggest(name)
    requested.paused = True
    assert search.suggest("c") is None
    requested.aside.add("0000")
    search.on_trial_complete("a", cast(Any, {**ROUND, "done": True}))
    search.on_trial_complete("b", cast(Any, {**ROUND, "steps": 10, "done": True}))
    assert search.suggest("d") == "FINISHED"
    assert search.at_work  # so the driver says that it was interrupted
    assert [trial.state.name for trial in stored(tmp_path).trials] == ["RUNNING", "COMPLETE"]


def test_no_repetition_begins_during_a_pause(tmp_path: Path) -> None:
    requested = Requested()
    repeats: Any = [Repeat(f"0000-seed{seed}", "0000", {}, cast(Any, None)) for seed in (1, 2)]
    setup: Any = lambda repeat: {"job": {"trial": repeat.trial}}  # noqa: E731
    search = FixedSearch(repeats, setup=setup, no_room=lambda: False, requested=requested)
    assert search.suggest("a") == {"job": {"trial": "0000-seed1"}}
    requested.paused = True
    assert search.suggest("b") is None
    search.on_trial_complete("a", cast(Any, ROUND))
    assert search.suggest("b") == "FINISHED"


def population(tmp_path: Path, requested: Requested) -> PopulationSearch:
    space = SPACE.model_copy(update={"scheduler": PbtConfig(kind="pbt", grace_steps=5)})
    study = StudyFolder(tmp_path, {})
    known: dict[str, TrialRecord] = {}
    search = search_of(tmp_path, requested, draws=3)
    return PopulationSearch(space, search, study=study, mode="max", known=known)


def test_a_stopped_member_leaves_its_population(tmp_path: Path) -> None:
    """Also where its next validation ends a generation; the others go on without it."""
    requested = Requested()
    search = population(tmp_path, requested)
    for name in "abc":
        search.suggest(name)
    requested.trials.add("0001")
    between: Any = {**ROUND, "done": True, "between": True}
    for name in "abc":
        search.on_trial_complete(name, between)
    assert [trial.state.name for trial in stored(tmp_path).trials] == [
        "RUNNING",
        "PRUNED",
        "RUNNING",
    ]
    assert sorted(search._members) == ["0000", "0002"]


def test_a_paused_population_begins_no_generation(tmp_path: Path) -> None:
    requested = Requested()
    search = population(tmp_path, requested)
    for name in "abc":
        search.suggest(name)
    requested.paused = True
    for name in "abc":
        search.on_trial_complete(name, cast(Any, {**ROUND, "done": True, "between": True}))
    assert search.suggest("d") == "FINISHED"
    assert len(search._members) == 3
