"""`StudySearch` driven as Tune drives it, with made-up trials and Optuna's own database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import optuna

from raylab.space.space import Space
from raylab.tuning.drawing.searcher import STUDY_NAME, SearchSetup, StudySearch

Score = Callable[
    [dict[str, Any]], Any
]  # what a trial with these params results in, beside its last step


def storage(folder: Path) -> str:
    return f"sqlite:///{folder / 'optuna.db'}"


def drive(
    space: Space,
    folder: Path,
    result: Score,
    *,
    modes: Sequence[str],
    trials: int,
    slots: int = 2,
    lost: int = 0,
) -> list[tuple[str, dict[str, Any]]]:
    """Run so many trials, the last `lost` of which are killed with the driver; (name, params) in
    the order drawn.
    """
    url = storage(folder)

    def setup(name: str, params: Any, **more: Any) -> Any:
        return {"name": name, "params": params, "job": {"trial": name}} | STEPS

    search = StudySearch(space, SearchSetup(modes=modes, storage=url, setup=setup, draws=trials))
    search.requeue({})
    drawn: list[tuple[str, dict[str, Any]]] = []
    running: list[tuple[str, dict[str, Any]]] = []
    for number in range(trials):
        config = search.suggest(str(number))
        assert config is not None
        drawn.append((config["name"], config["params"]))
        running.append((str(number), config["params"]))
        if len(running) == slots and number < trials - lost:
            end(search, *running.pop(0), result)
    for one in running[: len(running) - lost]:
        end(search, *one, result)
    return drawn


STEPS = {"max_steps": 10}


def end(search: StudySearch, trial: str, params: dict[str, Any], result: Score) -> None:
    told = {"steps": 10, "metrics": {}, **result(params)}
    search.on_trial_result(trial, {**told, "steps": 5})
    search.on_trial_complete(trial, told)


def stored(folder: Path) -> optuna.Study:
    return optuna.load_study(study_name=STUDY_NAME, storage=storage(folder))
