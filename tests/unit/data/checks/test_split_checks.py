"""What looks wrong in the splits of a session is said in a note."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers import dataset, session

import raylab
from raylab.data.checks.split_table import split_notes
from raylab.data.checks.splits import notes_on_classes
from raylab.data.session import Label

PARTS = np.array([[0, 240, 0], [240, 320, 1], [320, 400, 2]])
PLACE = np.repeat([0, 1, 2], [240, 80, 80])


def notes_of(label: Label, parts: np.ndarray = PARTS) -> list[str]:
    return split_notes(session(labels={"y": label}), parts)


def test_nothing_is_said_of_good_splits() -> None:
    assert split_notes(session(), PARTS) == []


def test_classes_that_occur_in_one_split_only() -> None:
    classes = np.arange(400) % 4
    classes[:100] = np.where(classes[:100] == 3, 12, classes[:100])
    classes[350:] = 7
    label = Label.discrete(classes)
    assert notes_of(label) == [
        "Label 'y' has class 12 in training samples only; class 7 in test samples only."
    ]


def test_a_label_that_numbers_the_trials() -> None:
    label = Label.discrete(np.arange(400) // 10)
    (note,) = notes_of(label)
    assert note.startswith("Each of the 40 classes of label 'y' occurs in one split only")


def test_a_split_without_values() -> None:
    values = np.where(PLACE == 1, np.nan, np.sin(np.arange(400)))
    label = Label.continuous(values)
    assert notes_of(label) == ["Label 'y' has no value in any validation sample."]


@pytest.mark.parametrize("value", [0.1, 1e9 + 0.1, -3e-7])
def test_a_label_that_is_constant_in_a_split(value: float) -> None:
    """As far as numbers go: the last digits are rounding."""
    rounding = value * (1 + 1e-15 * np.arange(400))
    values = np.where(PLACE == 1, rounding, value + abs(value) * np.sin(np.arange(400)))
    (note,) = notes_of(Label.continuous(values, unit="m"))
    assert note == f"Label 'y' is {value:.12g} m in all validation samples."


def test_short_splits() -> None:
    parts = np.array([[0, 240, 0], [240, 250, 1], [320, 400, 2]])
    assert split_notes(session(), parts)[0] == "Splits with fewer than 20 samples: validation (10)."


def test_many_classes_are_not_all_named() -> None:
    (note,) = notes_on_classes("y", {0: {str(n) for n in range(30)}, 2: {"29"}})
    assert "classes 0, 1, 2, 3, 4 and 24 more in training samples only" in note


def test_splitting_again_judges_the_new_splits(tmp_path: Path) -> None:
    label = Label.discrete(np.minimum(np.arange(400) // 100, 2))
    first = dataset(tmp_path / "ds", session(labels={"choice": label}))
    constant = "Label 'choice' is '2' in all validation samples; '2' in all test samples."
    alone = "Label 'choice' has classes 0 and 1 in training samples only."
    assert [note.line for note in first.notes] == [f"rat: {constant}", f"rat: {alone}"]
    overrides = {"splits.kind": "blocked", "splits.blocks": 40}
    again = raylab.prepare(first.path, out=tmp_path / "again", overrides=overrides)
    assert again.notes == ()
    assert raylab.inspect(first.path).sessions[0].notes == (constant, alone)


def test_raw_recordings_are_inspected_with_the_splits_they_would_get(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=session().neural, y=np.arange(400) // 100)
    recipe = {
        "format": "npz",
        "neural": {"path": "x", "kind": "rate"},
        "time": {"rate_hz": 10},
        "labels": {"y": {"path": "y", "kind": "discrete"}},
    }
    (shown,) = raylab.inspect(tmp_path / "a.npz", recipe=recipe).sessions
    assert shown.notes == (
        "Label 'y' is '3' in all test samples.",
        "Label 'y' has classes 0 and 1 in training samples only.",
    )
