"""The report of an answer: one HTML file that loads nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from raylab.files import write_text
from raylab.reporting.answering import sections
from raylab.reporting.answering.facts import gather_answer
from raylab.reporting.answering.head import answer_head
from raylab.reporting.page import page
from raylab.reporting.sections.cost import cost
from raylab.reporting.sections.data import data
from raylab.reporting.sections.leaderboard import leaderboard
from raylab.reporting.sections.provenance import config, environment
from raylab.tracking.study import StudyFolder


def write_answer_report(study: StudyFolder) -> Path:
    """Write the `report.html` of an answer, finished or not; returns its path."""
    facts = gather_answer(study)
    body = {
        "Entrants": sections.entrants(facts),
        "Better than the best baseline?": sections.differences(facts),
        "Folds": sections.folds(facts),
        "Predictions of the recommended entrant": sections.predictions(facts),
        "Notes": sections.notes(facts),
        "Test parts": sections.test_parts(facts),
        "What was tried": sections.tried(facts),
        "Trials": leaderboard(replace(facts.study, repetitions=())),
        "Data": data(facts.study),
        "Cost": cost(facts.study, again="fits on more samples"),
        "Config of the model on all samples": config(facts.study),
        "Environment": environment(facts.study),
    }
    write_text(study.report_path, page(facts.study.study.name, answer_head(facts), body))
    return study.report_path
