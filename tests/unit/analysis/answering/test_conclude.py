"""The numbers of an answer: of the test parts, of each fold's own choice, as JSON."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from fake_answer import CHANCE, SCORES, fake_answer, fold_outcome

from raylab.analysis.answering.outcomes import Circumstances, EntrantFacts
from raylab.analysis.answering.phrases import more_data
from raylab.analysis.answering.planning.plan import left_out_lines
from raylab.analysis.answering.pooling import Pooled
from raylab.analysis.answering.results import Final, Span
from raylab.analysis.answering.verdict import conclude
from raylab.reporting.tables.answer import entrants_table

KEYS = [
    "label",
    "metric",
    "recommended",
    "set",
    "baseline",
    "difference",
    "chance",
    "folds",
    "reads_of_test",
    "sentence",
]


def test_the_json_object_is_the_one_that_was_promised() -> None:
    plain = json.loads(json.dumps(fake_answer().to_dict(), allow_nan=False))
    assert list(plain)[: len(KEYS)] == KEYS
    assert list(plain["recommended"]) == ["name", "family", "score", "low", "high"]
    assert list(plain["baseline"]) == ["name", "score"]
    assert list(plain["difference"]) == ["value", "low", "high"]
    assert plain["set"] == ["gru"]
    assert plain["folds"] == plain["reads_of_test"] == 5


def test_scores_are_of_the_test_parts_and_of_each_folds_own_choice() -> None:
    test = {"raw": 0.2, "smoothed": 0.5, "ridge": 0.4, "gru": 0.6}
    answer = fake_answer(test=test, recommended=["gru", "gru", "gru", "gru", "smoothed"])
    assert answer.recommended is not None
    assert answer.recommended.score == pytest.approx((4 * 0.6 + 0.5) / 5)
    assert answer.baseline is not None
    assert answer.baseline.score == pytest.approx(0.5)
    assert answer.difference.value == pytest.approx(0.08)
    assert answer.chance == pytest.approx(CHANCE)
    assert answer.best is not None
    assert (answer.best.name, answer.best.score) == ("gru", pytest.approx(0.6))
    assert answer.validation.score.value == pytest.approx((4 * 0.8 + 0.7) / 5)
    assert any("gru in 4 and smoothed in 1" in note for note in answer.notes)


def test_folds_count_equally_however_many_units_they_have() -> None:
    pooled = Pooled.of([np.full(10, 0.2), np.full(30, 0.4)])
    assert pooled.score("r2").value == pytest.approx(1 - 0.3)
    assert list(np.bincount(pooled.folds)) == [10, 30]


def test_intervals_stay_in_the_bounds_of_the_metric() -> None:
    wild = np.random.default_rng(0).normal(0.4, 4, 25)
    assert (Pooled.of([wild]).score("r2").high or 0) <= 1
    span = Pooled.of([wild]).score("balanced_accuracy")
    assert (span.low, span.high) == (0, 1)
    assert Pooled.of([np.array([0.4])]).score("r2") == Span(0.6, None, None)


def test_the_set_over_all_folds_has_as_many_units_as_all_folds() -> None:
    answer = fake_answer(folds=3, units=8)  # 24 units, 8 in each fold
    assert answer.set == ["gru"]
    assert all(row.members is None for row in answer.by_fold)
    assert answer.units.valid == answer.units.test == 24
    assert fake_answer(folds=2, units=9).set == []


def test_entrants_that_some_fold_lacks_are_no_members() -> None:
    folds = [
        fold_outcome(0, SCORES, SCORES, recommended="gru"),
        fold_outcome(1, {"raw": 0.5, "ridge": 0.6}, recommended="ridge"),
    ]
    facts = {name: EntrantFacts("baseline" if name == "raw" else "readout") for name in SCORES}
    answer = conclude(folds, facts, Circumstances("position", "r2", "block", folder="answer"))
    assert [row.name for row in answer.entrants] == ["ridge", "raw"]
    assert answer.outcome == "unread"
    assert answer.interrupted is False


def test_each_entrant_has_its_test_score_where_it_was_read() -> None:
    rows = {row.name: row for row in fake_answer(recommended=["ridge", *["gru"] * 4]).entrants}
    assert (rows["ridge"].test_folds, rows["gru"].test_folds, rows["raw"].test_folds) == (1, 5, 0)
    difference = rows["gru"].test_difference
    assert difference is not None
    assert difference.value == pytest.approx(0.1)
    assert rows["raw"].test is None
    assert rows["smoothed"].difference == Span(0.0, 0.0, 0.0)


def test_how_much_more_data_is_needed() -> None:
    assert "twice" in more_data(Span(0.01, -0.003, 0.023))
    assert re.search(r"About 9 times", more_data(Span(0.01, -0.02, 0.04)))
    assert "no realistic amount" in more_data(Span(0.0, -0.02, 0.02))
    assert more_data(Span(0.01, None, None)) == ""


def test_test_parts_that_were_read_again_are_mentioned() -> None:
    assert any("read 7 times" in note for note in fake_answer(reads_of_test=7).notes)
    assert not any("times" in note for note in fake_answer().notes)


def test_notes_are_sentences() -> None:
    assert fake_answer(notes=["no time to try mlp"]).notes[-1] == "No time to try mlp."


def test_the_model_on_all_samples_is_of_the_recommended_entrant() -> None:
    """Of an ensemble, the first trial on all samples is that of a member."""
    scores = {"smoothed": 0.7, "ridge": 0.65, "ensemble": 0.8}
    answer = fake_answer(
        scores, recommended="ensemble", kept=["ensemble", "smoothed"], final="final-ridge-00-0"
    )
    assert answer.final == Final("ensemble", "final-ridge-00-0")
    assert any("`raylab.load` gives ensemble" in note for note in answer.notes)
    lost = fake_answer(scores, recommended="ensemble", kept=["smoothed"], final="final-smoothed-0")
    assert lost.final is None


def test_entrants_without_a_part_are_one_line_for_each_reason() -> None:
    reasons = {
        "lda": "model.kind lda decodes classes only",
        "svm": "needs more samples",
        "logistic": "model.kind logistic decodes classes only",
    }
    lines = left_out_lines(reasons)
    assert lines == [
        "no part for lda, logistic: model.kind decodes classes only",
        "no part for svm: needs more samples",
    ]
    answer = fake_answer(left_out=lines)
    assert answer.left_out[1] == "No part for svm: needs more samples."
    assert not any("lda" in note for note in answer.notes)


def test_of_an_ensemble_no_trials_and_no_minutes_are_shown() -> None:
    rows = [replace(row, trials=0, seconds=0.0) for row in fake_answer().entrants]
    _, cells = entrants_table(replace(fake_answer(), entrants=rows).to_dict())
    assert {(row[5], row[-1]) for row in cells} == {("–", "–")}
