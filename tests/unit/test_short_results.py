"""Results are short in a console and tables in a notebook, whatever text they hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from raylab.results import Result, rows_html, values_html


@dataclass(frozen=True)
class Row(Result):
    name: str
    score: float | None


@dataclass(frozen=True)
class Whole(Result):
    text: str
    number: float
    missing: int | None
    rows: Sequence[Row]
    scores: Mapping[str, Mapping[str, float]]
    path: Path | None = field(default=None, compare=False, metadata={"hidden": True})


WHOLE = Whole(
    text="<b>bold</b>",
    number=0.123456,
    missing=None,
    rows=tuple(Row(f"row {number}", number / 3) for number in range(50)),
    scores={"position": {"r2": 0.5}},
    path=Path("study"),
)


def test_a_repr_is_one_short_line() -> None:
    assert repr(WHOLE) == (
        "Whole(text='<b>bold</b>', number=0.1235, rows=[50 entries], scores={1 entry}, "
        f"path={Path('study')!r})"
    )
    many = Whole("x" * 500, 1.0, 2, (), {str(number): {} for number in range(99)})
    assert len(repr(many)) < 200
    assert repr(many).startswith("Whole(text='xxx")
    assert repr(Row("a", None)) == "Row(name='a')"


def test_what_is_hidden_is_no_value() -> None:
    assert "path" not in WHOLE.to_dict()


def test_html_has_values_and_tables_of_rows() -> None:
    html = WHOLE._repr_html_()
    assert "<td>scores.position.r2</td>" in html
    assert "<b>bold" not in html
    assert "&lt;b&gt;bold" in html
    assert "50 rows" in html
    assert html.count("<tr") < 40  # the rows in the middle are left out
    assert "missing" not in html


def test_html_of_nothing() -> None:
    assert values_html({}) == ""
    assert "<table" in rows_html([])
