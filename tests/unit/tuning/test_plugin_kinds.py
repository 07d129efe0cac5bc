"""The sampler and the scheduler of docs/extending.md, as installed packages, without Ray's runtime.

tests/ray/test_plugin_search.py runs a search with both.
"""

from __future__ import annotations

import json
from pathlib import Path

from plugin_packages import install, output

SAMPLER = """
import json, sys
import optuna
from optuna.trial import TrialState
from raylab.space.load_space import load_space
from raylab.tuning.drawing.trial_draws import Drawing

section = {"kind": "near_best", "repeat": 1.0}
search = {"loss.temperature": {"float": [0.1, 1.0]}, "model.output_dimension": {"int": [2, 9]}}
space = load_space({"search": search, "sampler": section, "budget": {"trials": 6}})
study = optuna.create_study(direction="maximize")
drawing, drawn = Drawing(space, study), []
for _ in range(4):
    number, params = drawing.draw()
    drawn.append(params)
    drawing.tell(number, TrialState.COMPLETE, params["loss.temperature"])
print(json.dumps([drawn, space.model_dump(mode="json")["sampler"]]))
"""

SCHEDULER = """
import json
from types import SimpleNamespace
from raylab.space.load_space import load_space
from raylab.tracking.events import TrialReported
from raylab.tuning.schedulers import make_scheduler

section = {"kind": "behind_best", "margin": 0.2, "grace_steps": 20}
config = load_space({"scheduler": section}).scheduler
events = [TrialReported(trial="0000", step=step, rung=0.9) for step in (10, 20, 30)]
scheduler = make_scheduler(config, mode="max", max_steps=40, events=events)

def verdict(trial, step, rung):
    tune_trial = SimpleNamespace(trial_id="of Tune", config={"job": {"trial": trial}})
    return scheduler.on_trial_result(None, tune_trial, {"steps": step, "rung": rung})

print(json.dumps([verdict("0001", 10, 0.1), verdict("0001", 20, 0.8), verdict("0001", 30, 0.6)]))
"""

WRONG_KEY = """
from raylab.errors import ConfigError
from raylab.space.load_space import load_space

try:
    load_space({"scheduler": {"kind": "behind_best", "brackets": 4}})
except ConfigError as error:
    print(error)
try:
    load_space({"scheduler": {"kind": "asha", "margin": 0.3}})
except ConfigError as error:
    print(error)
"""


def test_a_sampler(tmp_path: Path) -> None:
    install(tmp_path, "A sampler")
    drawn, recorded = json.loads(output(SAMPLER, site=tmp_path))
    assert len({json.dumps(params, sort_keys=True) for params in drawn}) == 4
    assert recorded == {"kind": "near_best", "seed": 0, "repeat": 1.0}


def test_a_scheduler_that_hears_the_ledger_again(tmp_path: Path) -> None:
    install(tmp_path, "A scheduler")
    assert json.loads(output(SCHEDULER, site=tmp_path)) == ["CONTINUE", "CONTINUE", "STOP"]


def test_errors_name_the_kinds_that_have_a_key(tmp_path: Path) -> None:
    install(tmp_path, "A scheduler")
    text = output(WRONG_KEY, site=tmp_path)
    assert "unknown key 'scheduler.brackets'" in text
    assert "It exists where scheduler.kind is hyperband." in text
    assert "It exists where scheduler.kind is behind_best." in text
