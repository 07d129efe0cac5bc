"""The report of a study: one HTML file with everything in it. It loads nothing, so it opens
anywhere and for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from markupsafe import Markup

from raylab.files import write_text
from raylab.reporting.facts import StudyFacts, gather
from raylab.reporting.page import page
from raylab.reporting.sections.charts import (
    curves,
    importance,
    parallel,
    pareto_front,
    score_by_parameter,
)
from raylab.reporting.sections.codes import codes
from raylab.reporting.sections.cost import cost
from raylab.reporting.sections.data import data
from raylab.reporting.sections.embedding import embedding
from raylab.reporting.sections.frames import frames
from raylab.reporting.sections.head import head
from raylab.reporting.sections.leaderboard import leaderboard
from raylab.reporting.sections.predictions import predictions
from raylab.reporting.sections.provenance import config, environment
from raylab.reporting.sections.scores import confusion_matrices, embeddings_compared
from raylab.reporting.sections.selection import selection
from raylab.reporting.sections.test_split import test_split
from raylab.reporting.trial_figures import keep_figures
from raylab.tracking.study import StudyFolder

# In the order of the page; a section that returns None is left out.
_SECTIONS: Mapping[str, Callable[[StudyFacts], Markup | None]] = {
    "Leaderboard": leaderboard,
    "Choice over seeds": selection,
    "Pareto front": pareto_front,
    "Learning curves": curves,
    "Parameter importance": importance,
    "Parallel coordinates": parallel,
    "Score by parameter": score_by_parameter,
    "Predictions of the {winner}": predictions,
    "Embedding of the {winner}": embedding,
    "Codes and reconstructions of the {winner}": codes,
    "Frames rebuilt by the {winner}": frames,
    "Embeddings compared": embeddings_compared,
    "Confusion matrices": confusion_matrices,
    "Test split": test_split,
    "Data": data,
    "Cost": cost,
    "Config of the {winner}": config,
    "Environment": environment,
}


def write_report(study: StudyFolder, *, importance: Mapping[str, float] | None) -> Path:
    """Write the study's `report.html`.

    Args:
        importance: Share of the score's variance by parameter; None where it could not be computed.

    Returns:
        The path of the report.
    """
    facts = gather(study, importance=importance)
    if facts.embedding:
        keep_figures(facts.embedding)
    winner = "champion" if facts.selection else "best trial"
    sections = {title.format(winner=winner): draw(facts) for title, draw in _SECTIONS.items()}
    write_text(study.report_path, page(facts.study.name, head(facts), sections))
    return study.report_path
