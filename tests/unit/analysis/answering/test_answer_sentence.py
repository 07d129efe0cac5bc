"""The sentence of an answer is right, and plain, in every case there is."""

from __future__ import annotations

from typing import Any

import pytest
from fake_answer import SCORES, fake_answer

LOW = {"smoothed": 0.01, "ridge": -0.01, "gru": 0.02}
NEAR = {"raw": 0.5, "smoothed": 0.7, "ridge": 0.799, "gru": 0.8}
BASELINE_NEAR = {"raw": 0.5, "smoothed": 0.799, "ridge": 0.7, "gru": 0.8}
DRIFT = [{"smoothed": 0.1, "gru": score} for score in (0.1, 0.6, -0.5, 0.05, 0.15)]

CASES: dict[str, tuple[dict[str, Any], str, tuple[str, ...]]] = {
    "better": (
        {},
        "better",
        (
            "Use gru (network): it decodes position with R2 0.800 (95 % interval 0.789 to 0.810",
            "over 100 blocks of time; chance -0.010) on the test parts of 5 folds",
            "0.100 (0.094 to 0.106) above the best baseline, smoothed.",
            "By validation no other entrant is as good (90 % confidence).",
        ),
    ),
    "better, with others in the set": (
        {"valid": NEAR, "recommended": "ridge", "noise": 0.03},
        "better",
        (
            "Use ridge (readout)",
            "Validation cannot tell it from gru, and it is the simplest of them; gru has the best",
            "More sessions or more data would tell them apart.",
        ),
    ),
    "chosen in some folds": (
        {"recommended": ["gru", "gru", "gru", "ridge", "smoothed"]},
        "tied",
        ("gru (network), the choice of 3 of 5 folds", "do not show that it is better"),
    ),
    "every fold chose a baseline": (
        {"recommended": "smoothed"},
        "tied",
        (
            "Use gru (network), the choice over all folds: the validation parts of all folds",
            "do not compare the two: smoothed, which every fold chose, decodes position with R2",
        ),
    ),
    "a baseline is as good": (
        {"valid": BASELINE_NEAR, "recommended": "smoothed", "noise": 0.03},
        "baseline",
        (
            "Use the baseline smoothed (nearest neighbours of the smoothed activity)",
            "nothing that was tried is shown to be better",
            "cannot tell it from gru",
        ),
    ),
    "a baseline is best": (
        {"valid": {**SCORES, "smoothed": 0.9}, "recommended": "smoothed"},
        "baseline",
        ("Use the baseline smoothed", "By validation no other entrant is as good"),
    ),
    "no better than the baseline on test": (
        {"test": {**SCORES, "gru": 0.705}, "noise": 0.06},
        "tied",
        (
            "do not show that it is better than the best baseline, smoothed (difference 0.005, 95",
            "About 20 times as much data would show it",
        ),
    ),
    "below the baseline on test, perhaps by chance": (
        {"test": {**SCORES, "gru": 0.69}, "noise": 0.06},
        "tied",
        (
            "do not show that it is better than the best baseline, smoothed (difference -0.010",
            "as much data would show that it is worse, if the difference stays the same",
        ),
    ),
    "too few units for a set": (
        {"folds": 1, "units": 12},
        "better",
        (
            "only 12 blocks of time, too few to rule any entrant out (20 are needed)",
            "More sessions",
        ),
    ),
    "chance": (
        {"valid": LOW, "test": {"smoothed": -0.02, "gru": -0.005}, "noise": 0.05},
        "chance",
        (
            "No entrant beats chance: ",
            "on the test parts of 5 folds, and a constant guess has -0.010 (difference 0.005, 95 %",
            "share one clock",
        ),
    ),
    "chance in held-out sessions": (
        {
            "valid": LOW,
            "test": {"smoothed": -0.02, "gru": -0.005},
            "noise": 0.05,
            "held_out": "session",
        },
        "chance",
        ("A model meets other units in a held-out session. Ask within sessions first",),
    ),
    "validation is lost on test": (
        {"test": DRIFT},
        "contradicted",
        (
            "Do not trust it: gru (network) has R2 0.800 on validation, but it decodes position",
            "The test scores go from -0.500 (fold 2) to 0.600 (fold 1)",
            "drifts",
        ),
    ),
    "lost, in one fold": (
        {"test": {"smoothed": 0.1, "gru": 0.1}, "folds": 1},
        "contradicted",
        ("on the test part of one fold", "One fold cannot show", "--folds 5"),
    ),
    "the baseline is better on test": (
        {"test": {"smoothed": 0.8, "gru": 0.75}},
        "contradicted",
        (
            "gru (network) is 0.100 above the best baseline, smoothed, but on the test parts of 5",
            "it is 0.050 (0.043 to 0.057) below it",
            "use the baseline",
            "are alike in all folds",
        ),
    ),
    "whole sessions held out": (
        {"held_out": "session", "unit_kind": "session"},
        "better",
        ("over 100 sessions; chance", "on the held-out sessions of 5 folds"),
    ),
    "only baselines": (
        {"valid": {"raw": 0.5, "smoothed": 0.7}, "recommended": "smoothed"},
        "baseline",
        ("Use the baseline smoothed", "only baselines were tried: more minutes"),
    ),
    "no baseline": ({"valid": {"gru": 0.8}}, "alone", ("No baseline was tried",)),
    "interrupted": (
        {"test": [None] * 5, "interrupted": True},
        "unread",
        (
            "not finished: test parts were not read",
            "By validation alone, gru (network) is recommended, with R2 0.800",
            "`raylab resume answer` goes on.",
        ),
    ),
    "interrupted while test is read": (
        {"test": [SCORES, SCORES, None, None, None], "interrupted": True},
        "unread",
        ("test parts were read in 2 of 5 folds",),
    ),
    "interrupted at once": (
        {"folds": 0, "interrupted": True},
        "nothing",
        ("No entrant has been scored", "`raylab resume answer` goes on."),
    ),
    "everything failed": ({"folds": 0}, "nothing", ("every trial failed",)),
    "classes": (
        {"metric": "balanced_accuracy", "unit_kind": "presentation", "label": "stimulus"},
        "better",
        ("decodes stimulus with balanced accuracy 0.800", "over 100 presentations"),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_sentence_says_what_the_numbers_do(case: str) -> None:
    changes, outcome, phrases = CASES[case]
    answer = fake_answer(**changes)
    assert answer.outcome == outcome
    for phrase in phrases:
        assert phrase in answer.sentence, answer.sentence


@pytest.mark.parametrize("case", CASES)
def test_the_sentence_is_plain(case: str) -> None:
    """Whole sentences, no empty number, no code, and no longer than a paragraph."""
    sentence = fake_answer(**CASES[case][0]).sentence
    assert sentence == " ".join(sentence.split())
    assert sentence.endswith(".")
    assert not any(text in sentence for text in ("None", "nan", "–", "..", " .", " ,", "()", "_"))
    assert sentence.count(". ") <= 4
    assert len(sentence) < 600


def test_the_score_of_different_choices_is_not_given_to_one_entrant() -> None:
    """Three folds chose pca, which is worse than raw, the entrant that all folds recommend."""
    valid = {"raw": 0.8, "pca": 0.6}
    answer = fake_answer(valid, recommended=["pca", "raw", "pca", "raw", "pca"])
    assert "Use the baseline raw" in answer.sentence
    assert "what the folds chose (pca in 3 and raw in 2) decodes position" in answer.sentence
    assert "That is 0.120 (" in answer.sentence
    assert "below the best baseline, raw." in answer.sentence
    assert "it decodes" not in answer.sentence
