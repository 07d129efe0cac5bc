"""What users pass as activity and labels: one column is one column, missing is unlabelled, and what
numpy would turn into other numbers is refused.
"""

from __future__ import annotations

import datetime
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from helpers import arrays
from sklearn.base import clone

from raylab.data.session import UNLABELLED
from raylab.errors import DataError
from raylab.sklearn import ContrastiveEmbedding
from raylab.training.inputs import label_of, require_numbers
from raylab.training.model import Model

CODES = np.array([0, 1, 2, 0, 1, 2])
TEXTS = np.array(["a", "b", "c"])[CODES]
GAPS = [["a", "b", None][code] for code in CODES]


@pytest.mark.parametrize(
    "values",
    [
        CODES,
        CODES[:, None],
        CODES.astype(np.uint8),
        CODES.tolist(),
        pd.Series(CODES),
        pd.DataFrame({"c": CODES}),
        pd.DataFrame({"c": CODES.astype(float)}).astype("category"),
        pd.array(CODES, dtype="Int64"),
        CODES.astype(object),
        pd.Series(CODES + 2**60),
    ],
)
def test_whole_numbers_in_one_column_are_classes(values: Any) -> None:
    label = label_of(values)
    assert label.kind == "discrete"
    assert label.values.tolist() == CODES.tolist()
    assert len(label.classes) == 3


@pytest.mark.parametrize(
    "values",
    [
        TEXTS,
        TEXTS[:, None],
        TEXTS.astype("S"),
        pd.Series(TEXTS),
        pd.Series(TEXTS, dtype="category"),
        pd.DataFrame({"c": TEXTS}),
        pd.Series(TEXTS, dtype="string"),
    ],
)
def test_texts_are_classes(values: Any) -> None:
    label = label_of(values)
    assert (label.classes, label.values.tolist()) == (("a", "b", "c"), CODES.tolist())


@pytest.mark.parametrize(
    "values",
    [
        GAPS,
        np.array(GAPS, object),
        np.array(GAPS, object)[:, None],
        pd.Series(GAPS),
        pd.Series([np.nan if value is None else value for value in GAPS]),
        pd.Series(GAPS, dtype="category"),
        pd.Series(GAPS, dtype="string"),
        pd.array([[0, 1, None][code] for code in CODES], dtype="Int64"),
        [[0, 1, None][code] for code in CODES],
        pd.array([[False, True, None][code] for code in CODES], dtype="boolean"),
        pd.DataFrame({"c": pd.array([[0, 1, None][code] for code in CODES], dtype="Int64")}),
    ],
)
def test_what_is_missing_is_unlabelled(values: Any) -> None:
    label = label_of(values)
    assert label.kind == "discrete"
    assert label.values.tolist() == [0, 1, UNLABELLED, 0, 1, UNLABELLED]


def test_numbers_keep_their_gaps() -> None:
    numbers = [0.5, None, 2.0]
    for values in (numbers, pd.array(numbers, dtype="Float64"), np.array([[0.5], [np.nan], [2]])):
        label = label_of(values)
        assert label.kind == "continuous"
        np.testing.assert_array_equal(label.values, [[0.5], [np.nan], [2.0]])
    table = pd.DataFrame({"x": [0.5, 1.0, 2.0], "y": pd.array([1, None, 3], dtype="Int64")})
    np.testing.assert_array_equal(label_of(table).values, [[0.5, 1], [1, np.nan], [2, 3]])
    assert label_of(np.stack([CODES, CODES], 1)).values.shape == (6, 2)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.ma.masked_array(CODES, CODES == 2), "masked array"),
        (CODES + 1j, "complex numbers"),
        ([1 + 1j, None], "complex"),
        (np.array(["2020-01-01"] * 3, "M8[D]"), "dates"),
        (pd.Series(pd.to_timedelta([1, 2], unit="s")), "durations"),
        ([datetime.date(2020, 1, 1)] * 2, "types date"),
        (["a", 1.5, None], r"types float, str|no label|types"),
        (np.array([0.5, np.inf]), "1 infinite"),
        ([0.5, float("inf"), None], "1 infinite"),
        (np.zeros((3, 2, 2)), r"shape \(3, 2, 2\)"),
        (3.0, "shape"),
        ([[1, 2], [3]], "differ in length"),
        (scipy.sparse.csr_matrix(np.eye(3)), "sparse"),
        (np.full((4, 2), "a"), "no label"),
        ([{"a": 1}, {"b": 2}], "types dict"),
    ],
)
def test_what_is_no_label(values: Any, said: str) -> None:
    if isinstance(values, list) and values[:1] == ["a"]:
        values = np.array(values, object)
    with pytest.raises(DataError, match=said):
        label_of(values)


@pytest.mark.parametrize(
    "values",
    [
        np.ma.masked_array(np.eye(3), np.eye(3) == 1),
        np.full((3, 3), "1.5"),
        np.full((3, 3), "1.5", object),
        np.zeros((3, 3), "M8[s]"),
        pd.DataFrame({"a": [1.0, 2.0], "b": pd.to_datetime(["2020", "2021"])}),
    ],
)
def test_activity_that_numpy_would_convert(values: Any) -> None:
    with pytest.raises(DataError, match=r"X (holds|is a masked)"):
        require_numbers(values, "X")


def test_the_estimator_and_the_model_refuse_and_do_not_warn(tmp_path: Path) -> None:
    x, choice = arrays()["x"], arrays()["choice"]
    made = ContrastiveEmbedding(max_steps=2, batch_size=32, zscore=False, device="cpu")
    column = made.fit(x, choice[:, None])
    assert column.model_.config.sampling.conditional == "discrete"
    for wrong in (np.ma.masked_array(x, x > 2), x.astype(str)):
        with pytest.raises(DataError):
            clone(made).fit(wrong, choice)
        with pytest.raises(DataError):
            column.model_.transform(wrong)
    for wrong in (x + 1j, x[:, :2], x[0], scipy.sparse.csr_matrix(x), np.full_like(x, np.nan)):
        with pytest.raises(DataError, match="transform: ") as raised:
            column.model_.transform(wrong)
        assert raised.value.remedy
        with pytest.raises((ValueError, TypeError)):
            clone(made).fit(wrong, choice).transform(x)
    frozen = x.copy()
    frozen.setflags(write=False)
    column.model_.save(tmp_path / "model")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        embedded = Model.load(tmp_path / "model").transform(frozen)
        np.testing.assert_array_equal(column.transform(frozen), embedded)


@pytest.mark.parametrize("kind", ["Int64", "category", "int64[pyarrow]"])
def test_long_ids_of_pandas_stay_apart_beside_missing_ones(kind: str) -> None:
    ids = pd.array([2**60 + 1, None, 2**60 + 2], dtype="Int64")
    label = label_of(pd.Series(ids).astype(kind))
    assert label.classes == (str(2**60 + 1), str(2**60 + 2))
    assert label.values.tolist() == [0, -1, 1]
    plain_category = pd.Categorical([2**60 + 1, None, 2**60 + 2])
    assert label_of(plain_category).classes == label.classes
