"""The report: one HTML file with everything in it. It loads nothing, so it opens anywhere and for
ever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from typing import Any

from plotly.offline import get_plotlyjs

from raylab.config.yaml_files import load_yaml
from raylab.files import read_json, write_text
from raylab.reporting import sections
from raylab.reporting.assets import CSS, JS
from raylab.reporting.code_figures import code_figures
from raylab.reporting.code_section import code_section
from raylab.reporting.confusion import confusion_section
from raylab.reporting.frames import frame_figures, frame_section
from raylab.reporting.score_sections import keep_figures, score_section
from raylab.reporting.sections import Facts
from raylab.tracking.records import TrialRecord, best, reads_of_test
from raylab.tracking.selections import drawn, ended_selection
from raylab.tracking.study import StudyFolder

# The browser itself refuses to fetch anything: what is not in the file cannot be shown. plotly
# compiles its shaders.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline' 'unsafe-eval'; "
    "img-src data: blob:; worker-src blob:"
)

_SECTIONS: tuple[tuple[str, Callable[[Facts], str]], ...] = (
    ("Leaderboard", sections.leaderboard),
    ("Choice over seeds", sections.choice),
    ("Pareto front", sections.pareto),
    ("Learning curves", sections.curves),
    ("Parameter importance", sections.importance),
    ("Parallel coordinates", sections.parallel),
    ("Score by parameter", sections.slices),
    ("Embedding of the best trial", sections.embeddings),
    (
        "Codes and reconstructions of the best trial",
        lambda facts: code_section(facts.embedding) if facts.embedding else "",
    ),
    (
        "Frames rebuilt by the best trial",
        lambda facts: frame_section(facts.embedding) if facts.embedding else "",
    ),
    ("Embeddings compared", lambda facts: score_section(facts.scores) if facts.scores else ""),
    ("Confusion matrices", lambda facts: confusion_section(facts.scores) if facts.scores else ""),
    ("Test split", sections.evaluation),
    ("Cost", sections.cost),
    ("Config of the best trial", sections.config),
    ("Environment", sections.environment),
)


def write_report(study: StudyFolder, *, importance: dict[str, float] | None) -> Path:
    """Write the study's `report.html`.

    Args:
        importance: Share of the score's variance by parameter; None where it could not be computed.

    Returns:
        The path of the report.
    """
    facts = _facts(study, importance)
    if facts.embedding:
        for draw in (code_figures, frame_figures):
            keep_figures(facts.embedding, draw)
    write_text(study.report_path, page(facts))
    return study.report_path


def page(facts: Facts) -> str:
    """The whole document of a study."""
    used = "champion" if facts.selection else "best trial"
    bodies = {title.replace("best trial", used): draw(facts) for title, draw in _SECTIONS}
    return document(str(facts.study["name"]), sections.headline(facts), bodies)


def document(title: str, head: str, bodies: Mapping[str, str]) -> str:
    """A self-contained page of sections, by their titles; empty ones are left out. Bodies are HTML,
    `title` is text.
    """
    content = "".join(
        f"<section><h2>{name}</h2>{body}</section>" for name, body in bodies.items() if body
    )
    name = escape(title)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{name} – '
        "raylab</title>"
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{CSS}</style><script>{get_plotlyjs()}</script></head>"
        f"<body><main>{head}{content}</main>"
        f"<script>{JS}</script></body></html>\n"
    )


def _facts(study: StudyFolder, importance: dict[str, float] | None) -> Facts:
    every, events = study.records(), study.ledger.read()
    found, selection = drawn(every), ended_selection(events)
    metrics, modes = study.metrics or ("loss",), study.modes or ("min",)
    winner = best(found, *modes)
    if selection is not None:
        winner = next((record for record in every if record.trial == selection.champion), winner)
    return Facts(
        study=study.description,
        metrics=metrics,
        modes=modes,
        records=found,
        winner=winner,
        baselines=_baselines(study, winner),
        importance=importance,
        evaluation=study.evaluation(),
        test_reads=reads_of_test(events),
        embedding=study.embedding_path(winner.trial) if winner else None,
        logs=_logs(study),
        scores=study.scores_folder,
        repetitions=[record for record in every if record.of is not None],
        selection=_selection(study) if selection else None,
        rungs=_rungs(study, found),
    )


def _baselines(study: StudyFolder, winner: TrialRecord | None) -> dict[str, Any] | None:
    """The study's baselines, and the winner's own input where it was evaluated on validation."""
    baselines, valid = study.baselines(), study.evaluation("valid")
    if baselines is None or valid is None or winner is None or valid.get("trial") != winner.trial:
        return baselines
    own = {
        kind: scores for kind, scores in (valid.get("baselines") or {}).items() if kind == "input"
    }
    return {**baselines, "valid": {**baselines["valid"], **own}}


def _selection(study: StudyFolder) -> dict[str, Any] | None:
    """What `scores/selection.json` says; None where it is gone."""
    return read_json(study.selection_path) if study.selection_path.is_file() else None


def _rungs(study: StudyFolder, found: list[TrialRecord]) -> tuple[int, ...]:
    """The steps at which the scheduler compares trials, as far as any trial came; of asha and
    hyperband.
    """
    space = load_yaml(study.space_path) if study.space_path.is_file() else {}
    scheduler = space.get("scheduler")
    if not isinstance(scheduler, dict) or scheduler.get("kind") not in ("asha", "hyperband"):
        return ()
    rung, factor = scheduler.get("grace_steps", 300), scheduler.get("reduction_factor", 3)
    steps = []
    while factor > 1 and rung < max((record.step for record in found), default=0):
        steps.append(rung)
        rung *= factor
    return tuple(steps)


def _logs(study: StudyFolder) -> dict[str, bool]:
    """The scale of each searched path, from `space.yaml`; empty where there is none."""
    if not study.space_path.is_file():
        return {}
    search = load_yaml(study.space_path).get("search")
    leaves = search.items() if isinstance(search, dict) else ()
    return {path: bool(leaf.get("log")) for path, leaf in leaves if isinstance(leaf, dict)}
