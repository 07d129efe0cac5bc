"""What Tune reports becomes events of the ledger: each trial's start comes before anything else."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from fake_search import STEPS, storage
from test_requeue import SPACE

from raylab.files import full_disk
from raylab.tracking.events import TrialEvent
from raylab.tracking.ledger import Ledger
from raylab.tracking.records import TrialRecord, records
from raylab.tracking.study import StudyFolder
from raylab.tuning.callbacks import LedgerCallback
from raylab.tuning.control import Control
from raylab.tuning.drawing.searcher import SearchSetup, StudySearch
from raylab.tuning.job import TuneTrial

REPORT = {"steps": 5, "score": 0.5, "rung": 0.5, "metrics": {"goodness_of_fit": 0.5}}
RESULT = {**REPORT, "steps": 10, "done": True}


def trial(**last_result: Any) -> TuneTrial:
    setup = {
        "job": {"trial": "0002", "config": {"loss": {"temperature": 0.25}}},
        "params": {"loss.temperature": 0.25},
        "resources": {"cpus": 1, "gpus": 0, "workers": 1},
        "of": None,
        **STEPS,
    }
    made = SimpleNamespace(config=setup, last_result=last_result, get_error=lambda: None)
    return cast(TuneTrial, made)


def test_a_process_that_dies_before_it_comes_up_loses_no_start(tmp_path: Path) -> None:
    """Tune reports such a death without a start, and the trial is run again."""
    ledger = Ledger(tmp_path / "ledger", buffer_s=0.0)
    lost = ["0002"]
    callback = LedgerCallback(
        ledger,
        control=Control(StudyFolder(tmp_path, {})),
        comes_back=lambda name: bool(lost) and bool(lost.pop()),
        no_room=lambda: False,
        on_end=lambda *ended: None,
    )
    callback.on_trial_error(0, [], trial())
    (between,) = records(ledger.read(), live=False)
    assert between.params == {"loss.temperature": 0.25}  # what a new driver would go on with
    callback.on_trial_start(1, [], trial())
    callback.on_trial_result(1, [], trial(), cast(Any, REPORT))
    callback.on_trial_complete(1, [], trial(**RESULT))
    kinds = [type(event).__name__ for event in ledger.read() if isinstance(event, TrialEvent)]
    assert kinds == ["TrialStarted", "TrialLost", "TrialReported", "TrialEnded"]
    (ended,) = records(ledger.read(), live=False)
    assert (ended.state, ended.params) == ("completed", {"loss.temperature": 0.25})
    assert ended.config == {"loss": {"temperature": 0.25}}


def test_a_trial_whose_start_was_lost_runs_with_what_was_drawn(tmp_path: Path) -> None:
    def search() -> StudySearch:
        def setup(name: str, params: Any, **more: Any) -> Any:
            return {"params": params, "job": {"trial": name}} | STEPS

        return StudySearch(
            SPACE, SearchSetup(modes=["max"], storage=storage(tmp_path), setup=setup, draws=1)
        )

    first = search().suggest("a")
    assert isinstance(first, dict)
    again = search()
    again.requeue({"0000": TrialRecord("0000", "interrupted")})
    taken_up = again.suggest("b")
    assert isinstance(taken_up, dict)
    assert taken_up["params"] == first["params"]


def test_a_process_that_dies_on_a_full_disk_halts_the_study_and_ends_no_trial(
    tmp_path: Path,
) -> None:
    """The writer may die before it can say why, so the room on the disk is asked for."""
    ledger = Ledger(tmp_path / "ledger", buffer_s=0.0)
    callback = LedgerCallback(
        ledger,
        control=Control(StudyFolder(tmp_path, {})),
        comes_back=lambda name: False,
        no_room=lambda: True,
        on_end=lambda *ended: None,
    )
    callback.on_trial_start(0, [], trial())
    callback.on_trial_error(0, [], trial())
    assert callback.halted
    (between,) = records(ledger.read(), live=False)
    assert between.state == "interrupted"
    assert str(full_disk(tmp_path)).splitlines() == [
        f"the study stopped: no space left in {tmp_path}",
        f"  Make room, then `raylab resume {tmp_path}`: nothing is lost.",
    ]
