"""The importance of searched parameters: Optuna's fANOVA (Hutter, Hoos & Leyton-Brown 2014)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from raylab.tracking.records import TrialRecord

if TYPE_CHECKING:
    import optuna

FEWEST = 20  # completed trials below which an importance is mostly chance


def importance(
    records: Sequence[TrialRecord], mode: Literal["max", "min"]
) -> dict[str, float] | None:
    """The share of the score's variance that each parameter explains, largest first.

    Only parameters that every completed trial has are compared. None if too few trials completed.
    """
    import optuna

    done = [
        record
        for record in records
        if record.of is None
        and record.origin_step is None  # trained longer than the others
        and record.state == "completed"
        and record.score is not None
    ]
    shared = [
        path
        for path in (done[0].params if done else {})
        if all(path in record.params for record in done)
    ]
    varied = [path for path in shared if len({str(record.params[path]) for record in done}) > 1]
    if len(done) < FEWEST or not varied or len({record.score for record in done}) < 2:
        return None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize" if mode == "max" else "minimize")
    spread = {path: _distribution([record.params[path] for record in done]) for path in varied}
    for record in done:
        study.add_trial(
            optuna.trial.create_trial(
                params={path: record.params[path] for path in varied},
                distributions=spread,
                value=record.score,
            )
        )
    shares = optuna.importance.get_param_importances(
        study, evaluator=optuna.importance.FanovaImportanceEvaluator(seed=0)
    )
    return {path: float(value) for path, value in shares.items()}


def _distribution(values: list[Any]) -> optuna.distributions.BaseDistribution:
    """A distribution that covers the values: the range of numbers, or the set of choices."""
    import optuna

    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in values):
        return optuna.distributions.CategoricalDistribution(sorted(set(values), key=str))
    if all(isinstance(value, int) for value in values):
        return optuna.distributions.IntDistribution(min(values), max(values))
    return optuna.distributions.FloatDistribution(float(min(values)), float(max(values)))
