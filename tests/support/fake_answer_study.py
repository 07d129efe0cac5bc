"""The folder of a made-up answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from fake_answer import FAMILIES, SCORES, fake_answer
from fake_study import T0, description

from raylab.analysis.answering.results import Answer
from raylab.files import write_json
from raylab.tracking.events import StudyEnded, TestRead, TrialEnded, TrialStarted
from raylab.tracking.study import StudyFolder

SCORE = "decoding.score"


def fake_answer_study(
    path: Path, answer: Answer | None = None, *, folds: int = 3, name: str = "answer"
) -> StudyFolder:
    """A study of two trials per fold and entrant, of what each fold chose again on more samples,
    and of a model on all samples.

    Args:
        answer: What `answer.json` holds; default: a good one.
    """
    about = description(kind="answer", name=name, objective={"metric": SCORE, "mode": "max"})
    study = StudyFolder.create(path, about)
    generator, time = np.random.default_rng(0), T0
    for entrant, level in SCORES.items():
        for number in range(2):
            for fold in range(folds):
                time += 10
                trial = f"fold{fold}-{entrant}-{number:02d}"
                score = level - 0.1 * number + 0.02 * float(generator.normal())
                add_trial(study, trial, entrant, fold, score, time)
    for fold in range(folds):
        refitted = f"fold{fold}-gru-test"
        add_trial(study, refitted, "gru", fold, 0.79, time + 10, of=f"fold{fold}-gru-00")
        study.ledger.append(TestRead(time=time + 11, trial=refitted, purpose="answer"))
    add_trial(study, "final", "gru", None, None, time + 20, of="fold0-gru-00")
    study.ledger.append(StudyEnded(time=time + 30))
    answer = answer or fake_answer(folds=folds, kept=["gru"], final="final")
    write_json(study.path / "answer.json", answer.to_dict())
    return study


def add_trial(
    study: StudyFolder,
    trial: str,
    entrant: str,
    fold: int | None,
    score: float | None,
    time: float,
    *,
    of: str | None = None,
) -> None:
    """A trial that took 8 seconds."""
    config = {"task": {"kind": "decoder"}, "model": {"kind": FAMILIES[entrant]}}
    params = {"model.kind": FAMILIES[entrant]}
    study.ledger.append(
        TrialStarted(
            time=time, trial=trial, params=params, config=config, of=of, fold=fold, entrant=entrant
        )
    )
    metrics = {} if score is None else {SCORE: score}
    study.ledger.append(
        TrialEnded(
            time=time + 8,
            trial=trial,
            state="completed",
            step=100,
            score=score,
            metrics=metrics,
            seconds=8.0,
        )
    )
