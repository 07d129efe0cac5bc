"""The report and the figures: they render whatever happened, load nothing, and run nothing that
data brought.
"""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_study import ended, fake_study, started, write_embedding

from raylab.errors import DataError
from raylab.files import write_json, write_tensors
from raylab.reporting.figures.embedding import embedding_figure
from raylab.reporting.saved.embedding import load_embedding
from raylab.reporting.study_page import write_report
from raylab.reporting.trial_figures import trial_figures
from raylab.tracking import events

HOSTILE = "x <img src=http:evil onerror=alert(1)> </script>"


class Page(HTMLParser):
    """Elements, what they would load, and the text outside scripts and styles."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loaded: list[str] = []
        self.visible = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loaded += [
            value or ""
            for name, value in attrs
            if name in ("src", "href", "srcset", "action", "data")
        ]

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] not in (["script"], ["style"]):
            self.visible += data


def test_the_report_is_whole_and_loads_nothing(tmp_path: Path) -> None:
    study = fake_study(tmp_path / "s")
    path = write_report(
        study, importance={"optimizer.learning_rate": 0.7, "model.encoder.kind": 0.3}
    )
    page = Page(path)
    assert path == study.report_path
    assert page.loaded == []
    assert not {"link", "iframe", "img", "object", "embed", "base"} & set(page.tags)
    assert "default-src 'none'" in path.read_text()
    for text in (
        "Leaderboard",
        "Learning curves",
        "Parallel coordinates",
        "Test split",
        "Environment",
    ):
        assert text in page.visible
    assert "loses to smoothed activity (0.930)" in page.visible
    assert "was read once" in page.visible
    assert page.visible.count("baseline: ") == 4
    assert "smoothing_ms 250, zscore true, neighbours 25" in page.visible


def test_the_report_repeats_the_notes_on_the_data(tmp_path: Path) -> None:
    notes = ["rat: Label 'choice' has class <b>7</b> in test samples only."]
    data = {"path": "data/rat", "fingerprint": "f00d" * 16, "notes": notes}
    page = Page(write_report(fake_study(tmp_path / "s", data=data), importance=None))
    assert "what looks wrong in it" in page.visible
    assert notes[0] in page.visible
    plain = Page(write_report(fake_study(tmp_path / "plain"), importance=None))
    assert "what looks wrong in it" not in plain.visible


def test_names_from_data_cannot_become_elements(tmp_path: Path) -> None:
    study = fake_study(
        tmp_path / "s",
        name=HOSTILE,
        data={"path": HOSTILE, "fingerprint": HOSTILE},
        packages={HOSTILE: "1"},
    )
    write_tensors(study.embedding_path("0000"), {"embedding": np.zeros((3, 2), np.float32)})
    path = write_report(study, importance={HOSTILE: 1.0})
    page = Page(path)
    assert HOSTILE in page.visible
    assert "img" not in page.tags
    # plotly and raylab bring 2 scripts, each chart 1; text that closed one early would leave more
    # ends than starts.
    assert path.read_text().count("</script>") == page.tags.count("script")


@pytest.mark.parametrize(
    ("states", "changes"),
    [
        ((), {}),
        (("completed",), {"kind": "train"}),
        (("completed",), {}),
        (("failed", "failed"), {}),
        (("pruned", "interrupted"), {}),
        (("running",), {"end": False}),
        (("completed", "pruned", "completed"), {"labels": False}),
        (("completed", "completed"), {"objective": {"metric": "loss", "mode": "min"}}),
    ],
)
def test_every_outcome_renders(
    tmp_path: Path, states: tuple[str, ...], changes: dict[str, Any]
) -> None:
    page = Page(write_report(fake_study(tmp_path / "s", states=states, **changes), importance=None))
    assert "Leaderboard" in page.visible
    assert ("is best" in page.visible) == ("completed" in states)


def test_the_winner_is_held_against_its_own_input(tmp_path: Path) -> None:
    study = fake_study(tmp_path / "s")
    (path,) = study.path.glob("trials/*/embedding.safetensors")
    valid = {
        "split": "valid",
        "trial": path.parent.name,
        "baselines": {"input": {"position": {"r2": 0.99}}},
    }
    write_json(study.evaluation_path("valid"), valid)
    assert "loses to its own input (0.990)" in Page(write_report(study, importance=None)).visible


def test_a_winner_by_another_objective_is_compared_by_decoding(tmp_path: Path) -> None:
    study = fake_study(
        tmp_path / "s",
        states=("failed",),
        end=False,
        objective={"metric": "goodness_of_fit", "mode": "max"},
    )
    study.ledger.append(started("0001"))
    metrics = {"goodness_of_fit": 3.6, "decoding.score": 0.5}
    study.ledger.append(ended("0001", "completed", 3.6, metrics=metrics))
    scores = {"raw": 0.3, "smoothed": 0.8}
    baselines = {kind: {"position": {"r2": r2}} for kind, r2 in scores.items()}
    write_json(study.baselines_path, {"valid": baselines, "settings": {}})
    page = Page(write_report(study, importance=None))
    assert "By decoding.score (0.500) it loses to smoothed activity (0.800)" in page.visible


def test_reads_of_the_test_split_are_counted(tmp_path: Path) -> None:
    study = fake_study(tmp_path / "s")
    study.ledger.append(events.TestRead(trial="0001", purpose="evaluate"))
    assert "read 2 times" in Page(write_report(study, importance=None)).visible


def test_a_damaged_embedding_does_not_hide_the_rest(tmp_path: Path) -> None:
    study = fake_study(tmp_path / "s")
    (path,) = study.path.glob("trials/*/embedding.safetensors")
    path.write_bytes(b"half")
    with pytest.raises(DataError, match="not an embedding"):
        load_embedding(path)
    assert "not an embedding" in Page(write_report(study, importance=None)).visible


@pytest.mark.parametrize("dimensions", [1, 2, 3, 8])
def test_embeddings_of_any_size_are_drawn(tmp_path: Path, dimensions: int) -> None:
    write_embedding(tmp_path / "e.safetensors", dimensions=dimensions, samples=80)
    saved = load_embedding(tmp_path / "e.safetensors")
    assert [colouring.name for colouring in saved.colourings] == [
        "position 1",
        "position 2",
        "head",
        "direction",
    ]
    points, axes = saved.coordinates()
    assert points.shape == (80, min(3, max(2, dimensions)))
    assert len(axes) == points.shape[1]
    embedding_figure(saved, title="a $x$").savefig(tmp_path / "e.png")
    assert (tmp_path / "e.png").stat().st_size > 10_000


def test_principal_components_keep_the_largest_spread(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    points = generator.normal(size=(200, 6)) * np.array([0.1, 5, 0.1, 3, 0.1, 2])
    write_tensors(tmp_path / "e.safetensors", {"embedding": points.astype(np.float32)})
    drawn, _ = load_embedding(tmp_path / "e.safetensors").coordinates()
    np.testing.assert_allclose(np.abs(np.corrcoef(drawn[:, 0], points[:, 1])[0, 1]), 1, atol=0.01)
    np.testing.assert_allclose(drawn.std(axis=0), [5, 3, 2], rtol=0.2)


def test_a_trial_has_its_figures(tmp_path: Path) -> None:
    study = fake_study(tmp_path / "s")
    draw = trial_figures(study)
    drawn = {record.trial: draw(record) for record in study.records()}
    winner = next(trial for trial in drawn if study.embedding_path(trial).is_file())
    assert set(drawn[winner]) == {"loss_curve.png", "embedding.png"}
    assert all("loss_curve.png" in figures for figures in drawn.values())
    assert [axes.get_ylabel() for axes in drawn[winner]["loss_curve.png"].axes] == [
        "loss",
        "decoding.r2",
    ]
