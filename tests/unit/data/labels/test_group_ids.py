"""Groups and stated splits: ids of any type, and what is missing or outside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recipes import read_arrays

from raylab.data.session import Session
from raylab.errors import DataError

BIG = 20230415123456789  # beyond 2^53
COUNTS: dict[str, Any] = {"neural": {"path": "x", "kind": "counts"}, "time": {"rate_hz": 10}}


def read(folder: Path, raw: Any, **keys: Any) -> Session:
    return read_arrays(folder, {"x": np.ones((4, 2)), "g": raw}, **COUNTS, **keys)


@pytest.mark.parametrize(
    ("raw", "ids"),
    [
        ([0, 7, -1, -5], [0, 7, -1, -1]),
        ([BIG, BIG + 1, BIG, -1], [BIG, BIG + 1, BIG, -1]),
        (np.array([2**63 + 1, 2**63, 5, 2**63], np.uint64), [2, 1, 0, 1]),
        (np.array([3, 2**63 - 1, 3, 3], np.uint64), [3, 2**63 - 1, 3, 3]),
        ([0.0, 2.0, np.nan, -1.0], [0, 2, -1, -1]),
        ([True, False, True, True], [1, 0, 1, 1]),
        (["b", "a", "", "b"], [1, 0, -1, 1]),
        ([b"b", b"a", b"", b"b"], [1, 0, -1, 1]),
        ([str(BIG), str(BIG + 1), "", "-1"], [BIG, BIG + 1, -1, -1]),
        (["01", "1", "1.0", "01"], [0, 1, 1, 0]),
        (np.array(["2020-01-02", "2020-01-01", "NaT", "2020-01-02"], "M8[D]"), [1, 0, -1, 1]),
    ],
)
def test_ids(tmp_path: Path, raw: Any, ids: list[int]) -> None:
    group = read(tmp_path, np.array(raw), groups={"g": "g"}).groups["g"]
    assert group.tolist() == ids
    assert group.dtype == np.int64


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ([0.5, 1, 2, 3], "0.5, which is not a whole"),
        ([1e17, 1, 2, 3], "only up to 9007199254740992"),
        (np.array([2e7, 1, 2, 3], np.float32), "only up to 16777216"),
    ],
)
def test_numbers_that_are_no_ids(tmp_path: Path, raw: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(tmp_path, np.array(raw), groups={"g": "g"})


def test_a_mask_with_missing_values(tmp_path: Path) -> None:
    session = read(tmp_path, [1.0, np.nan, 1.0, 0.0], given={"train": "g"})
    assert session.given is not None
    assert session.given["train"].tolist() == [[0, 1], [2, 3]]
    assert session.notes == ("1 of 4 values of `given.train` are missing: in no split.",)


def test_times_that_are_missing_or_outside(tmp_path: Path) -> None:
    times = [[0.1, 0.2], [np.nan, 0.3], [5.0, 6.0], [0.2, np.inf]]
    session = read(tmp_path, times, given={"train": "g"})
    assert session.given is not None
    assert session.given["train"].tolist() == [[1, 2], [2, 4]]
    assert session.notes == (
        "1 of 4 intervals of `given.train` have no start or end; they are left out.",
        "1 of 3 intervals of `given.train` lie outside the recording.",
    )
    with pytest.raises(DataError, match=r"such as 0\.3 to 0\.1 s"):
        read(tmp_path, [[0.0, 0.1], [0.3, 0.1]], given={"train": "g"})


@pytest.mark.parametrize(
    ("raw", "is_said"),
    [
        (np.array([1e17, 2, 2, 1]), True),
        (np.array([2e7, 2, 2, 1], np.float32), True),
        (np.array([2e7, 2, 2, 1]), False),
        (np.array([1e20, 2, 2, 1]), False),  # stated as missing
        (np.array([BIG, 2, 2, 1]), False),
    ],
)
def test_classes_that_floats_may_have_merged_are_said(
    tmp_path: Path, raw: np.ndarray, is_said: bool
) -> None:
    label = {"path": "g", "kind": "discrete", "missing": 1e20}
    notes = read(tmp_path, raw, labels={"id": label}).notes
    assert any("different ids may have become one class" in note for note in notes) == is_said
