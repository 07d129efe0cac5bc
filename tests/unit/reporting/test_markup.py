"""Templates: everything that data brings is escaped, and nothing is filled in by accident."""

from __future__ import annotations

from pathlib import Path

import jinja2
import pytest
from fake_study import fake_study
from markupsafe import Markup
from matplotlib.figure import Figure
from test_report import HOSTILE, Page

from raylab.files import write_json
from raylab.reporting import markup
from raylab.reporting.comparison_page import comparison_page
from raylab.reporting.figures.files import keep_score
from raylab.reporting.markup import render
from raylab.reporting.study_page import write_report

TEMPLATES = sorted(Path(markup.__file__).parent.joinpath("templates").iterdir())
SHUFFLED = {"metric": HOSTILE, "true": 1, "mean": 0, "shuffled": [0], "gap": 1, "p": 0.5}
ALTERNATIVE = {"learnt": 1, "completed": 1, "failed": 0, "metrics": {}}
SESSION = {"betti": [1], "landmarks": 9}
METHOD = {"transductive": False, "dimensions": 2, "scores": {HOSTILE: {HOSTILE: 0.5}}}
NUMBERS = {"mean": 0.5, "least": 0.4, "most": 0.6, "chance": 0.1, "samples": 9}
# A score of every kind that the report shows, with hostile text wherever text can be.
SCORES = {
    "consistency": {
        **NUMBERS,
        **dict.fromkeys(("label", "split"), HOSTILE),
        "trials": [HOSTILE],
        "notes": [HOSTILE],
    },
    "topology": {
        **dict.fromkeys(("trial", "split"), HOSTILE),
        "shuffles": 3,
        "sessions": {HOSTILE: SESSION},
    },
    "comparison": {"split": HOSTILE, "samples": 9, "methods": {HOSTILE: METHOD}},
    "shuffles": {
        **dict.fromkeys(("trial", "split"), HOSTILE),
        "shuffles": 3,
        "shuffled": [HOSTILE],
        "scores": {HOSTILE: SHUFFLED},
    },
    "alternatives": {
        "over": HOSTILE,
        "seeds": 2,
        "steps": 3,
        "alternatives": {HOSTILE: ALTERNATIVE},
    },
    "confusion": {
        **dict.fromkeys(("label", "trial", "split"), HOSTILE),
        **dict.fromkeys(("sessions", "classes", "samples"), 2),
        "mistakes": [{"true": HOSTILE, "predicted": HOSTILE, "fraction": 0.5}],
    },
}


def test_values_are_escaped_and_markup_is_not() -> None:
    note = render("note.html", style="soft", text=HOSTILE)
    assert isinstance(note, Markup)
    assert "<img" not in note
    assert "&lt;img" in note
    assert render("note.html", style="soft", text=Markup("<b>bold</b>")).count("<b>") == 1


def test_a_forgotten_value_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError, match="'text' is undefined"):
        render("note.html", style="soft")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_turns_escaping_off(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert "safe" not in source.replace("unsafe-inline", "").replace("unsafe-eval", "")
    assert "autoescape" not in source


def test_scores_cannot_bring_elements(tmp_path: Path) -> None:
    study = fake_study(tmp_path / "s")
    before = Page(write_report(study, importance=None)).tags
    for kind, score in SCORES.items():
        keep_score(study, f"{kind}-<b>", score, Figure(figsize=(1, 1)))
    page = Page(write_report(study, importance=None))
    assert "cannot be read" not in page.visible
    assert page.visible.count(HOSTILE) > 20
    assert page.tags.count("img") == len(SCORES)
    assert all(loaded.startswith("data:image/png;base64,") for loaded in page.loaded)
    assert page.tags.count("b") == before.count("b")
    assert page.tags.count("script") == before.count("script")


def test_a_score_that_cannot_be_read_does_not_hide_the_others(tmp_path: Path) -> None:
    study = fake_study(tmp_path / "s")
    write_json(study.scores_folder / "topology-<i>.json", {"trial": "0000"})
    keep_score(study, "alternatives", SCORES["alternatives"], Figure(figsize=(1, 1)))
    page = Page(write_report(study, importance=None))
    assert "topology-<i>.json cannot be read." in page.visible
    assert "numbers learnt" in page.visible


def test_a_page_of_several_studies_escapes_their_names(tmp_path: Path) -> None:
    row = {
        **dict.fromkeys(("name", "family", "trial", "readout"), HOSTILE),
        **dict.fromkeys(("score", "valid", "seconds"), 0.5),
        "rank": 1,
        "use": True,
        "interval": [0.4, 0.6],
        "seeds": None,
    }
    ranking = {
        **dict.fromkeys(("label", "split", "metric", "per", "data"), HOSTILE),
        "sessions": ["a"],
        "rows": [row],
    }
    path = tmp_path / "page.html"
    path.write_text(comparison_page(ranking, []), encoding="utf-8")
    page = Page(path)
    assert page.loaded == []
    assert "img" not in page.tags
    assert path.read_text().count("</script>") == page.tags.count("script")
