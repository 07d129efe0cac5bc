"""One leaderboard of several studies: the same examples, the same score, and nothing chosen on the
test split.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import dataset, session, study_of, trial
from rich.console import Console

import raylab
from raylab.analysis.rank import Ranking
from raylab.analysis.ranking.standings import About, RankingRow, Standing, ranked_rows
from raylab.cli import main
from raylab.config.parse import parse_trial
from raylab.config.trial import TrialConfig
from raylab.data.dataset import Dataset
from raylab.errors import ConfigError, StudyError
from raylab.evaluation.decoding import Decoded
from raylab.evaluation.scores import score_predictions
from raylab.reporting.tables.grid import terminal_table
from raylab.reporting.tables.ranking import ranking_grid, remarks
from raylab.tracking.records import reads_of_test
from raylab.tracking.study import StudyFolder


def decoder(kind: str, label: str | None = "position", **sections: Any) -> TrialConfig:
    value: dict[str, Any] = {
        "task": {"kind": "decoder", "label": label},
        "input": {"window": 3},
        "model": {"kind": kind},
        "training": {"max_steps": 5, "batch_size": 32, "device": "cpu"},
    }
    return parse_trial({**value, **sections}, "test")


@pytest.fixture(scope="module", autouse=True)
def _few_views() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("raylab.evaluation.baselines.SMOOTHING_SAMPLES", (0, 4))
        yield


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return dataset(
        tmp_path_factory.mktemp("ranking") / "ds", session("a"), session("b", units=4, seed=1)
    )


@pytest.fixture(scope="module")
def studies(data: Dataset) -> dict[str, StudyFolder]:
    """A contrastive study, whose second trial is best, and one of decoders."""
    folder = data.path.parent
    decoders = [
        decoder("ridge"),
        decoder("knn"),
        decoder("mlp"),
        decoder("ridge", view={"smoothing_ms": 500}),
    ]
    return {
        "embeddings": study_of(
            folder / "embeddings", data, [trial(), trial(training={"seed": 1})], (0.1, 0.2)
        ),
        "decoders": study_of(folder / "decoders", data, decoders),
    }


@pytest.fixture(scope="module")
def ranked(studies: dict[str, StudyFolder]) -> Ranking:
    return raylab.rank([study.path for study in studies.values()], by="family", out=_csv(studies))


def _csv(studies: dict[str, StudyFolder]) -> Path:
    return studies["decoders"].path.parent / "ranking.csv"


def rows_by(ranking: Ranking, key: str) -> dict[str, RankingRow]:
    return {getattr(row, key): row for row in ranking.rows}


def test_models_of_every_kind_and_baselines_by_one_score(ranked: Ranking, data: Dataset) -> None:
    assert (ranked.split, ranked.label, ranked.metric, ranked.unit) == (
        "valid",
        "position",
        "r2",
        "m",
    )
    assert (ranked.data, ranked.sessions, ranked.per) == (
        data.fingerprint,
        ("a", "b"),
        "sample",
    )
    assert [row.rank for row in ranked.rows] == list(range(1, 9))
    scores = [row.score for row in ranked.rows]
    assert scores == sorted(scores, reverse=True)
    models = [row for row in ranked.rows if row.family != "baseline"]
    assert {row.family for row in models} == {
        "contrastive",
        "decoder: ridge",
        "decoder: knn",
        "decoder: mlp",
    }
    assert {row.name for row in models} == {"embeddings", "decoders"}
    named = rows_by(ranked, "name")
    assert {"raw activity", "smoothed activity", "PCA", "chance"} < set(named)
    assert (named["chance"].interval, named["chance"].readout) == (None, None)
    for row in ranked.rows:
        assert set(row.scores) == {"r2", "median_abs_error"}
        if row.interval:
            assert row.interval[0] <= row.score <= row.interval[1]
            assert row.sessions == 2


def test_each_row_is_what_evaluate_says(ranked: Ranking, studies: dict[str, StudyFolder]) -> None:
    family = rows_by(ranked, "family")
    assert (
        family["contrastive"].trial == "0001"
    )  # by the study's objective, not by the score shown here
    ridges = [
        record
        for record in studies["decoders"].records()
        if record.config["model"]["kind"] == "ridge"
    ]
    best = max(ridges, key=lambda record: record.score or 0)
    assert family["decoder: ridge"].trial == best.trial
    assert family["decoder: ridge"].score == pytest.approx(best.metrics["decoding.r2"])
    evaluation = raylab.evaluate(studies["embeddings"].path)
    assert family["contrastive"].scores == evaluation.scores["position"]
    assert family["contrastive"].interval == evaluation.intervals["position"]["r2"]
    named = rows_by(ranked, "name")
    for key, name in {
        "raw": "raw activity",
        "smoothed": "smoothed activity",
        "pca": "PCA",
        "chance": "chance",
    }.items():
        assert named[name].scores == evaluation.baselines[key]["position"]
    assert family["decoder: mlp"].steps_per_s == 5.0
    assert family["decoder: ridge"].steps_per_s is None  # fitted at once
    assert family["decoder: ridge"].readout == "ridge, alpha 1"
    assert (family["contrastive"].readout or "").startswith("knn")


def test_the_winner_of_each_study_unless_families_are_asked_for(
    studies: dict[str, StudyFolder],
) -> None:
    found = raylab.rank([studies["decoders"].path])
    models = [row for row in found.rows if row.family != "baseline"]
    assert [row.trial for row in models] == [raylab.leaderboard(studies["decoders"].path)[0].trial]


def test_as_csv_and_for_a_terminal(ranked: Ranking, studies: dict[str, StudyFolder]) -> None:
    written = list(csv.DictReader(_csv(studies).open()))
    assert [row["name"] for row in written] == [row.name for row in ranked.rows]
    for row, cells in zip(ranked.rows, written):
        assert float(cells["score"]) == row.score
        assert float(cells["scores.median_abs_error"]) == row.scores["median_abs_error"]
        assert cells["low"] == ("" if row.interval is None else str(row.interval[0]))
    assert [cells["use"] for cells in written].count("yes") == 1
    console = Console(width=160)
    with console.capture() as shown_by:
        console.print(terminal_table(ranking_grid(ranked.to_dict()), 160))
    shown = shown_by.get()
    first = ranked.rows[0]
    assert f"{first.score:.3f}" in shown
    assert "decoder: mlp" in shown
    assert any(line.startswith("* best on validation") for line in remarks(ranked.to_dict()))


def test_test_readings_are_counted_and_choose_nothing(data: Dataset, tmp_path: Path) -> None:
    made = [
        study_of(tmp_path / "one", data, [trial()]),
        study_of(tmp_path / "two", data, [decoder("ridge"), decoder("mlp")]),
    ]
    paths = [study.path for study in made]
    valid = raylab.rank(paths, by="family")
    assert valid.test_reads == {"one": 0, "two": 0}
    result = raylab.rank(paths, by="family", split="test")
    assert result.test_reads == {"one": 1, "two": 2}
    reads = [event for study in made for event in reads_of_test(study.ledger.read())]
    assert [(event.trial, event.purpose) for event in reads] == [
        ("0000", "leaderboard"), ("0000", "leaderboard"), ("0001", "leaderboard"),
    ]  # fmt: skip
    before = {(row.name, row.family): row for row in valid.rows if row.name != "chance"}
    for row in result.rows:
        if row.name != "chance":
            known = before[row.name, row.family]
            assert (row.valid, row.use, row.trial) == (
                known.score,
                known.use,
                known.trial,
            )
            assert row.score != known.score
            assert row.fitted == (["train"] if row.family == "decoder: mlp" else ["train", "valid"])
    assert "one 1, two 2" in remarks(result.to_dict())[-1]


def test_the_best_on_validation_is_marked_where_another_is_best_on_test() -> None:
    def decoded(noise: float) -> dict[str, Decoded]:
        truth = np.linspace(0, 1, 60)[:, None]
        found = truth + noise * np.random.default_rng(0).normal(size=truth.shape)
        return {
            "a": Decoded("continuous", score_predictions("continuous", truth, found), truth, found)
        }

    about = About(trial="0000", readout="itself", seconds=1.0)
    standings = [
        Standing("good on test", "vqvae", decoded(0.3), decoded(0.1), about),
        Standing("good on valid", "vqvae", decoded(0.1), decoded(0.3), about),
        Standing("of no session", "baseline", {}, {}, about, {"r2": 0.99}),
        Standing("of two", "baseline", decoded(0), {**decoded(0), "b": decoded(0)["a"]}, about),
    ]
    rows = ranked_rows(standings, "r2", 1)
    assert [(row.name, row.rank, row.use) for row in rows] == [
        ("of no session", 1, False),
        ("good on test", 2, False),
        ("good on valid", 3, True),
        ("of two", None, False),
    ]


def refused(message: str, *paths: StudyFolder, **asked: Any) -> None:
    with pytest.raises((StudyError, ConfigError), match=message):
        raylab.rank([study.path for study in paths], **asked)


def test_studies_that_do_not_compare_are_refused(
    data: Dataset, studies: dict[str, StudyFolder], tmp_path: Path
) -> None:
    embeddings, decoders = studies["embeddings"], studies["decoders"]
    before = len(reads_of_test(embeddings.ledger.read()))
    other = study_of(tmp_path / "other", dataset(tmp_path / "ds", session("a", seed=7)), [trial()])
    refused(
        r"embeddings \(trial 0001\) and other \(trial 0000\) differ in data or splits",
        embeddings,
        other,
    )
    of_choice = study_of(tmp_path / "choice", data, [decoder("lda", "choice")])
    refused("embeddings decodes 'position', choice 'choice'", embeddings, of_choice)
    refused("choice: its decoder was trained on 'choice'", embeddings, of_choice, label="position")
    per = study_of(tmp_path / "per", data, [trial(evaluation={"max_samples": 50})])
    refused("differ in evaluation.max_samples: 20000 and 50", embeddings, per, split="test")
    first = study_of(tmp_path / "first", data, [trial(sessions={"combine": "first"})])
    refused("differ in sessions: a, b and a", embeddings, first)
    refused("label 'positon' is not in", embeddings, label="positon")
    refused("named twice", embeddings, embeddings)
    refused("no trial has completed", study_of(tmp_path / "empty", data, []), embeddings)
    refused("already exists", embeddings, decoders, out=tmp_path)
    assert len(reads_of_test(embeddings.ledger.read())) == before


def test_groups_must_be_the_same(tmp_path: Path) -> None:
    segments = np.stack([np.arange(0, 400, 20), np.arange(20, 420, 20)], axis=1)
    data = dataset(tmp_path / "ds", session(segments=segments))
    sample = study_of(tmp_path / "sample", data, [trial()])
    whole = study_of(tmp_path / "whole", data, [decoder("ridge", evaluation={"per": "segment"})])
    refused("sample .* and whole .* differ in evaluation.per: sample and segment", sample, whole)
    result = raylab.rank([whole.path])
    assert result.per == "segment"
    assert len(result.rows) == 5


def test_embeddings_read_by_another_decoder_have_baselines_of_their_own(
    data: Dataset, studies: dict[str, StudyFolder], tmp_path: Path
) -> None:
    linear = study_of(tmp_path / "linear", data, [trial(evaluation={"decoder": {"kind": "ridge"}})])
    rows = raylab.rank([linear.path, studies["embeddings"].path]).rows
    raw = [str(row.readout).split(",")[0] for row in rows if row.name == "raw activity"]
    assert sorted(raw) == ["knn", "ridge"]
    by_name = {row.name: row for row in rows}
    assert (by_name["linear"].readout or "").startswith("ridge")
    lda = study_of(
        tmp_path / "lda",
        data,
        [trial(task={"label": "choice"}, evaluation={"decoder": {"kind": "lda"}})],
    )
    refused("lda: evaluation.decoder.kind lda decodes classes only", lda, label="position")


def test_the_verb(
    studies: dict[str, StudyFolder], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    paths = [str(study.path) for study in studies.values()]
    main(["leaderboard", *paths, "--label", "position", "--out", str(tmp_path / "ranking.csv")])
    shown = capsys.readouterr().out
    assert "smoothed activity" in shown
    assert "best on validation" in shown
    assert (
        (tmp_path / "ranking.csv")
        .read_text()
        .startswith("rank,use,name,family,trial,score,low,high,valid,")
    )
    with pytest.raises(SystemExit) as ended:
        main(["leaderboard", *paths, "--label", "heading"])
    assert ended.value.code == 2
    assert "its decoder was trained on 'position'" in capsys.readouterr().err
