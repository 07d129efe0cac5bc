"""Optuna's private attributes: still there, with the meaning that raylab relies on.

When one of these tests fails after an update of Optuna, mend
raylab/tuning/drawing/optuna_private.py.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.trial import TrialState, create_trial

from raylab.tuning.drawing import optuna_private as private

SPREAD = {"x": FloatDistribution(0.0, 1.0), "y": FloatDistribution(0.0, 1.0)}


@pytest.fixture(params=["memory", "database"])
def study(request: pytest.FixtureRequest, tmp_path: Path) -> optuna.Study:
    url = None if request.param == "memory" else f"sqlite:///{tmp_path / 'optuna.db'}"
    study = optuna.create_study(storage=url, direction="maximize")
    for _ in range(2):
        study.add_trial(create_trial(state=TrialState.RUNNING))
    return study


def test_trials_are_reached_by_their_ids(study: optuna.Study) -> None:
    identifier = private.trial_id_of(study, 1)
    assert identifier == private.trial_id(study.get_trials()[1])
    private.set_intermediate_value(study, identifier, 5, 0.25)
    private.set_end(study, identifier, TrialState.COMPLETE, [0.5])
    for trial in (private.read_trial(study, identifier), study.get_trials()[1]):
        assert (trial.number, trial.state) == (1, TrialState.COMPLETE)
        assert (trial.intermediate_values, trial.value) == ({5: 0.25}, 0.5)
    assert study.get_trials()[0].state == TrialState.RUNNING


def test_names_of_the_notes_of_samplers() -> None:
    assert optuna.samplers.NSGAIISampler._get_generation_key() == private.NSGA2_GENERATION
    for sampler, name, trials in (
        (optuna.samplers.NSGAIISampler(population_size=2, seed=0), private.NSGA2_GENERATION, 3),
        (optuna.samplers.CmaEsSampler(popsize=2, seed=0), private.CMAES_GENERATION, 5),
    ):
        study = optuna.create_study(sampler=sampler)
        for number in range(trials):
            trial = study.ask(dict(SPREAD))
            study.tell(trial, float(number))
        assert any(isinstance(trial.system_attrs.get(name), int) for trial in study.trials)


@pytest.mark.parametrize(
    ("sampler", "method", "arguments"),
    [
        (optuna.samplers.QMCSampler, "_find_sample_id", ["study", "search_space"]),
        (optuna.samplers.CmaEsSampler, "_restore_optimizer", ["completed_trials"]),
        (optuna.samplers.CmaEsSampler, "_init_optimizer", ["trans", "direction"]),
        (optuna.samplers.CmaEsSampler, "_get_solution_trials", ["trials", "generation"]),
    ],
)
def test_methods_of_samplers(sampler: type, method: str, arguments: list[str]) -> None:
    assert list(inspect.signature(getattr(sampler, method)).parameters) == ["self", *arguments]


def test_the_sequence_is_optunas_own_and_its_place_is_with_the_trials() -> None:
    def draws(sampler: optuna.samplers.BaseSampler) -> tuple[list[Any], list[Any]]:
        study = optuna.create_study(sampler=sampler)
        for _ in range(5):
            study.tell(study.ask(dict(SPREAD)), 0.0)
        notes = [trial.system_attrs.get(private.QMC_INDEX) for trial in study.trials]
        return [trial.params for trial in study.trials], notes

    class Whole(private.SequenceSampler):
        def infer_relative_search_space(self, study: Any, trial: Any) -> Any:
            return SPREAD

    drawn, notes = draws(Whole(scramble=True, seed=1))
    theirs, _ = draws(optuna.samplers.QMCSampler(scramble=True, seed=1))
    assert notes == [0, 1, 2, 3, 4]
    # Optuna draws the first trial at random; its sequence begins with the second.
    assert drawn[: len(theirs) - 1] == theirs[1:]


def test_cma_es_draws_as_optunas_own_and_writes_no_pickle() -> None:
    def run(sampler: optuna.samplers.BaseSampler) -> optuna.Study:
        study = optuna.create_study(sampler=sampler)
        for _ in range(12):
            trial = study.ask(dict(SPREAD))
            study.tell(trial, (trial.params["x"] - 0.3) ** 2 + trial.params["y"])
        return study

    options: dict[str, Any] = {"seed": 4, "popsize": 4, "warn_independent_sampling": False}
    own = run(private.RecomputedCmaEsSampler(**options))
    theirs = run(optuna.samplers.CmaEsSampler(**options))
    generations = [trial.system_attrs.get(private.CMAES_GENERATION) for trial in own.trials]
    assert generations == [
        trial.system_attrs.get(private.CMAES_GENERATION) for trial in theirs.trials
    ]
    assert own.trials[1].params == theirs.trials[1].params
    assert not any("optimizer" in key for trial in own.trials for key in trial.system_attrs)
    assert any("optimizer" in key for trial in theirs.trials for key in trial.system_attrs)
