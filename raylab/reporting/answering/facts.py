"""What the report of an answer is made of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

from raylab.reporting.facts import StudyFacts, gather
from raylab.reporting.score_files.answer import AnswerFile
from raylab.tracking.study import StudyFolder


@dataclass(frozen=True)
class AnswerFacts:
    """The answer, and everything else that is known of its study.

    Attributes:
        answer: The content of `answer.json`; None before it is written.
        study: The facts of any study; its winner is the fit on all samples, where there is one.
    """

    answer: AnswerFile | None
    study: StudyFacts


def gather_answer(study: StudyFolder) -> AnswerFacts:
    """Read the facts of an answer from its folder."""
    answer = cast(AnswerFile | None, study.answer())
    facts = gather(study, importance=None)
    final = answer["final"] if answer else None
    trial = final["trial"] if final else ""
    record = next((record for record in study.records() if record.trial == trial), None)
    return AnswerFacts(answer, replace(facts, winner=record))
