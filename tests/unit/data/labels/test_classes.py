"""Classes of discrete labels: what is one class, what is another, and what is missing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from raylab.data.labels.classes import coded
from raylab.data.session import Label

BIG = 20230415123456789  # beyond 2^53


@pytest.mark.parametrize(
    ("raw", "classes", "codes"),
    [
        (np.array([2.0, 1.0, np.nan, np.inf]), ["1", "2"], [1, 0, -1, -1]),
        (np.array([0.1, 0.25, 0.1], np.float32), ["0.1", "0.25"], [0, 1, 0]),
        (np.array([True, False]), ["False", "True"], [1, 0]),
        (np.array([b"go", b"nogo", b""]), ["go", "nogo"], [0, 1, -1]),
        (np.array(["é".encode(), b"\xe9", b"\xe8"]), ["\\xe8", "\\xe9", "é"], [2, 1, 0]),
        (np.array(["go  ", "go", " go\0", "nogo", "  "]), ["go", "nogo"], [0, 0, 0, 1, -1]),
        (np.array(["1.0", "1", "01", "1.5", "-0.0"]), ["0", "01", "1", "1.5"], [2, 2, 1, 3, 0]),
        (np.array(["NA", "None", "null", ""]), ["NA", "None", "null"], [0, 1, 2, -1]),
        (np.array(["2020-01-02", "NaT"], "datetime64[D]"), ["2020-01-02"], [0, -1]),
        (np.array([10, "NaT"], "timedelta64[s]"), ["10 seconds"], [0, -1]),
        (np.array([2**64 - 1, 2**63], np.uint64), [str(2**63), str(2**64 - 1)], [1, 0]),
        (np.ma.masked_array([BIG, BIG + 1, 7], [0, 0, 1]), [str(BIG), str(BIG + 1)], [0, 1, -1]),
        (np.array([10, None, 9.0, 9, 2**70], object), ["9", "10", str(2**70)], [1, -1, 0, 0, 2]),
        (np.array(["b", None, pd.NA, pd.NaT, "a"], object), ["a", "b"], [1, -1, -1, -1, 0]),
        (np.array([np.uint64(2**63 + 1), -1, 1.0], object), ["-1", "1", str(2**63 + 1)], [2, 0, 1]),
        (np.zeros(0), [], []),
    ],
)  # fmt: skip
def test_values_of_every_type(raw: Any, classes: list[str], codes: list[int]) -> None:
    coding = coded(raw)
    assert list(coding.names) == classes
    assert coding.codes.tolist() == codes
    assert coding.codes.dtype == np.int64


def test_the_text_nan_is_missing_and_counted() -> None:
    coding = coded(np.array(["nan", "NaN ", "go", "NAN", "banana"]))
    assert coding.names == ("banana", "go")
    assert coding.codes.tolist() == [-1, -1, 1, -1, 0]
    assert coding.nan_texts == 3
    assert coded(np.array([1, "nan", 3.0], object)).names == ("1", "3")


def test_rows_of_a_label_keep_their_classes() -> None:
    label = Label.discrete(np.array([BIG, BIG + 1, BIG + 2]))
    picked = label.at(np.array([2, -1, 0, 0]))
    assert picked.classes == (str(BIG), str(BIG + 2))
    assert picked.values.tolist() == [1, -1, 0, 0]
    numbers = Label.continuous(np.array([[1.0, 2.0], [3.0, 4.0]])).at(np.array([1, -1]))
    np.testing.assert_array_equal(numbers.values, [[3, 4], [np.nan, np.nan]])
    assert Label.discrete(np.zeros(0)).at(np.array([-1, -1])).values.tolist() == [-1, -1]
