"""Notes reach the user: `prepare` prints them, each sentence once, and the report repeats them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import run
from fake_study import description
from helpers import recipe_file, recording_file

from raylab.data.manifests.notes import notes_of
from raylab.reporting.identity import Identity


def entry(name: str, *notes: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "notes": list(notes), **more}


def lines(*entries: dict[str, Any], dataset: tuple[str, ...] = ()) -> list[str]:
    return [note.line for note in notes_of(entries, dataset)]


def test_equal_notes_of_sessions_are_one_line() -> None:
    few = [entry(name, "Time is nominal.") for name in "ab"]
    assert lines(*few, dataset=("All is strange.",)) == [
        "All is strange.",
        "a, b: Time is nominal.",
    ]
    many = [entry(f"s{number}", "Time is nominal.") for number in range(100)]
    assert lines(*many) == ["100 sessions (s0, s1, s2 ...): Time is nominal."]


def test_notes_that_differ_in_numbers_are_one_line_where_they_are_many() -> None:
    many = [entry(f"s{number}", f"{number} samples were lost.") for number in range(5)]
    assert lines(*many) == ["5 sessions, such as s0: 0 samples were lost."]
    assert lines(*many[:2]) == ["s0: 0 samples were lost.", "s1: 1 samples were lost."]


def test_notes_on_labels_of_other_names_stay_apart() -> None:
    many = [
        entry(f"s{number}", f"Label 'pc{part}' is odd.") for number in range(4) for part in (1, 2)
    ]
    assert [line.partition(": ")[2] for line in lines(*many)] == [
        "Label 'pc1' is odd.",
        "Label 'pc2' is odd.",
    ]


def test_units_that_were_left_out_and_splits_are_part_of_it() -> None:
    shown = lines(entry("a", "One.", removed={"silent": [3]}, split_notes=["Two."]))
    assert shown == ["a: 1 unit dropped, silent in training samples: 3", "a: One.", "a: Two."]


def test_prepare_and_inspect_print_notes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = recording_file(tmp_path, "rat.npz", choice=np.repeat([0, 1], 200))
    recipe = recipe_file(tmp_path)
    note = "rat: Label 'choice' has class 0 in training samples only.\n"
    code, out, _ = run(capsys, "prepare", file, "--recipe", recipe, "--out", tmp_path / "ds")
    assert (code, note in out) == (0, True)
    assert note in run(capsys, "inspect", tmp_path / "ds")[1]
    assert note in run(capsys, "inspect", file, "--recipe", recipe)[1]
    assert '"split_notes"' in run(capsys, "inspect", tmp_path / "ds", "--json")[1]


def test_a_study_without_notes_has_none() -> None:
    assert Identity.read({**description(), "name": "s"}).notes == ()
