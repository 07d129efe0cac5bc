"""The best trials of one study beside its baselines, in the form that the ranking chart draws."""

from __future__ import annotations

from raylab.reporting.baselines import BASELINE_NAMES
from raylab.reporting.facts import StudyFacts
from raylab.reporting.score_files.ranking import Ranking, RankingRow
from raylab.tracking.records import ranked

MOST = 20  # trials


def standings(facts: StudyFacts) -> Ranking:
    """The best completed trials and the baselines on validation, by the first objective; none where
    no trial has completed.
    """
    trials = ranked(facts.records, *facts.modes)[:MOST]
    best = facts.winner.trial if facts.winner else ""
    rows = [
        _row(_name(facts, record.params), float(record.score or 0.0), record.trial)
        | {"use": record.trial == best, "family": facts.study.family}
        for record in trials
    ]
    if trials and facts.compared == facts.metric:
        rows += [
            _row(BASELINE_NAMES.get(name, name), score, None) | {"family": "baseline"}
            for name, score in facts.matched.items()
        ]
    sign = -1 if facts.mode == "max" else 1
    rows.sort(key=lambda row: sign * row["score"])
    return Ranking(
        split="valid",
        label=facts.study.label or "",
        metric=facts.metric,
        unit="",
        per="",
        data=facts.study.data,
        sessions=[],
        rows=rows,
        test_reads={},
    )


def _name(facts: StudyFacts, params: object) -> str:
    """What distinguishes a trial: the kind of its model, where the search chooses among kinds."""
    kind = params.get("model.kind") if isinstance(params, dict) else None
    return str(kind or facts.study.family)


def _row(name: str, score: float, trial: str | None) -> RankingRow:
    return RankingRow(
        rank=None,
        use=False,
        name=name,
        family="",
        trial=trial,
        score=score,
        interval=None,
        valid=score,
        sessions=None,
        readout=None,
        fitted=None,
        seconds=None,
        steps_per_s=None,
        seeds=None,
        scores={},
        intervals={},
    )
