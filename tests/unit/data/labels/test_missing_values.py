"""`missing:` of labels: compared as the file holds the values, never through floats."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recipes import read_arrays

from raylab.data.recipe import parse_recipe
from raylab.data.session import Session
from raylab.errors import ConfigError, DataError

BIG = 20230415123456789  # beyond 2^53
COUNTS: dict[str, Any] = {"neural": {"path": "x", "kind": "counts"}, "time": {"rate_hz": 10}}


def label_session(folder: Path, raw: Any, **label: Any) -> Session:
    arrays = {"x": np.ones((len(raw), 2)), "y": raw}
    return read_arrays(folder, arrays, **COUNTS, labels={"y": {"path": "y", **label}})


@pytest.mark.parametrize(
    ("raw", "missing", "classes", "codes"),
    [
        ([BIG, BIG + 1, -1], -1, [str(BIG), str(BIG + 1)], [0, 1, -1]),
        ([BIG, BIG + 1, BIG + 2], BIG + 1, [str(BIG), str(BIG + 2)], [0, -1, 1]),
        (np.array([2**64 - 1, 2**64 - 2], np.uint64), 2**64 - 1, [str(2**64 - 2)], [-1, 0]),
        (np.array([-999.9, 1.5], np.float32), -999.9, ["1.5"], [-1, 0]),
        ([1.0, -1.0, 2.0], -1, ["1", "2"], [0, -1, 1]),
        (["go", "NA", "", "null"], "NA", ["go", "null"], [0, -1, -1, 1]),
        (["go", "NA", "null"], ["NA", "null"], ["go"], [0, -1, -1]),
        (["1", "-1", "01"], [-1, "01"], ["1"], [0, -1, -1]),
        ([b"go", b"none"], "none", ["go"], [0, -1]),
        ([True, False], 0, ["True"], [0, -1]),
        ([3, 4, 5], "4", ["3", "5"], [0, -1, 1]),
        (np.array(["1900-01-01", "2020-05-05"], "datetime64[s]"), "1900-01-01",
         ["2020-05-05T00:00:00"], [-1, 0]),
    ],
)  # fmt: skip
def test_classes(tmp_path: Path, raw: Any, missing: Any, classes: Any, codes: Any) -> None:
    session = label_session(tmp_path, np.array(raw), kind="discrete", missing=missing)
    assert list(session.labels["y"].classes) == classes
    assert session.labels["y"].values.tolist() == codes
    assert session.notes == ()


@pytest.mark.parametrize(
    ("raw", "missing", "values"),
    [
        (np.array([1, 255, 3], np.uint8), 255, [1, np.nan, 3]),
        ([1.5, -1.0, np.inf], -1, [1.5, np.nan, np.nan]),
        (["1.5", "NA", "", "-2e3"], "NA", [1.5, np.nan, np.nan, -2000]),
        (["1.5", "lost", "-1"], ["lost", -1], [1.5, np.nan, np.nan]),
        ([7, 8], "8", [7, np.nan]),
    ],
)
def test_numbers(tmp_path: Path, raw: Any, missing: Any, values: list[float]) -> None:
    session = label_session(tmp_path, np.array(raw), kind="continuous", missing=missing)
    np.testing.assert_array_equal(session.labels["y"].values[:, 0], values)
    assert session.notes == ()


@pytest.mark.parametrize("kind", ["discrete", "continuous"])
@pytest.mark.parametrize("raw", [np.array([1, 2], np.uint8), np.array([1.0, 2.0])])
def test_a_value_that_no_sample_has_is_a_note(tmp_path: Path, kind: str, raw: np.ndarray) -> None:
    session = label_session(tmp_path, raw, kind=kind, missing=[-1, 2])
    assert session.labels["y"].labelled.tolist() == [True, False]
    assert session.notes == ("`labels.y.missing` states -1, which is none of the values.",)


def test_the_text_nan_is_a_note(tmp_path: Path) -> None:
    session = label_session(tmp_path, np.array(["go", "NaN", "nan", "None"]), kind="discrete")
    assert session.labels["y"].classes == ("None", "go")
    assert session.notes == ("2 of 4 values of `labels.y` are the text `nan`: unlabelled.",)


def test_a_text_among_numbers_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds the text 'NA', not only numbers") as error:
        label_session(tmp_path, np.array(["1.5", "NA"]), kind="continuous")
    assert 'labels.y.missing: "NA"' in error.value.remedy


def test_a_truth_value_asks_for_quotes() -> None:
    labels = {"y": {"path": "y", "kind": "discrete", "missing": [False]}}
    with pytest.raises(ConfigError, match="write it in quotes"):
        parse_recipe({"format": "npz", **COUNTS, "labels": labels}, "test")


def test_one_hot_columns_with_a_missing_value(tmp_path: Path) -> None:
    hot = np.array([[1, 0, 0], [0, np.nan, 1], [0, 0, 1], [np.nan, 0, 0], [1, 1, 0]])
    label = label_session(tmp_path, hot, kind="discrete", one_hot=True).labels["y"]
    assert label.classes == ("0", "2")
    assert label.values.tolist() == [0, -1, 1, -1, -1]
