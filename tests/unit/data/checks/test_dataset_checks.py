"""What only all sessions of a dataset show: copies of a recording, classes of whole sessions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers import dataset, session

import raylab
from raylab.config.splits import SessionSplits
from raylab.data.dataset import Dataset
from raylab.data.session import Label, Session
from raylab.errors import DataError

WHOLE = SessionSplits(kind="sessions", valid=("b",), test=("c",))


def lines(data: Dataset) -> list[str]:
    return [note.line for note in data.notes]


def test_a_copy_under_another_id_is_noted(tmp_path: Path) -> None:
    data = dataset(tmp_path / "ds", session("a"), session("copy"), session("b", seed=1))
    assert lines(data) == [
        "Sessions 'a' and 'copy' have the same activity: is one a copy of the other?"
    ]
    assert lines(dataset(tmp_path / "other", session("a"), session("b", seed=1))) == []


def test_a_copy_in_another_split_is_refused(tmp_path: Path) -> None:
    sessions = [session("a"), session("b", seed=1), session("c")]
    with pytest.raises(DataError, match=r"400 samples are training samples in one and test"):
        dataset(tmp_path / "ds", *sessions, splits=WHOLE)


def test_datasets_that_share_a_recording_are_joined_with_a_note(tmp_path: Path) -> None:
    one, two = dataset(tmp_path / "one", session("a")), dataset(tmp_path / "two", session("b"))
    both = raylab.prepare([one.path, two.path], out=tmp_path / "both").dataset
    assert "Sessions 'a' and 'b' have the same activity" in lines(both)[0]


def test_activity_that_differs_in_one_sample_is_another(tmp_path: Path) -> None:
    neural = session().neural.copy()
    neural[3, 2] += 1
    assert lines(dataset(tmp_path / "ds", session("a"), session("b", neural=neural))) == []


def test_classes_that_only_sessions_of_one_split_have(tmp_path: Path) -> None:
    def with_classes(name: str, seed: int, *classes: int) -> Session:
        codes = np.resize(classes, 400)
        return session(name, seed=seed, labels={"odour": Label.discrete(codes)})

    sessions = [
        with_classes("a", 0, 1, 2, 3),
        with_classes("b", 1, 1, 2),
        with_classes("c", 2, 1, 2, 9),
    ]
    assert lines(dataset(tmp_path / "ds", *sessions, splits=WHOLE)) == [
        "Label 'odour' has class 3 in training samples only; class 9 in test samples only."
    ]
