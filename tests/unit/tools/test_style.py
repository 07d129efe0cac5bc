"""The table of style figures, on a package of two small files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.style import main, measure, table

FIRST = '''"""One file.

It has a docstring of three lines."""

from typing import Any

from small.second import helper


def public(how: Any) -> Any:
    """Two lines

    and a half."""
    found = helper(how)  # a comment
    return found


def _private():
    said_choice = 1
    return said_choice
'''
SECOND = (
    """def helper(value: int) -> int:
    from small import first

    return value
"""
    + f"LONG = '{'x' * 100}'\n"
)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "first.py").write_text(FIRST)
    (folder / "second.py").write_text(SECOND)
    return folder


def test_what_is_counted(package: Path) -> None:
    figures = measure(package)
    assert figures.files == [20, 5]
    assert sorted(figures.functions) == [3, 4, 6]
    assert (figures.typed_returns, figures.anys, figures.comments) == (2, 2, 1)
    assert (figures.docstrings, figures.public_docstrings) == ([3, 3], [3])
    assert (figures.long_lines, figures.circles) == (1, 1)
    assert {word: n for word, n in figures.dialect.items() if n} == {
        "how": 1,
        "found": 1,
        "said": 1,
    }


def test_the_table_has_the_aims(package: Path) -> None:
    rows = {what: (value, aim) for what, value, aim in table(measure(package))}
    assert rows["functions with a return type"] == ("66.7 %", "100 %")
    assert rows["`Any` per 1,000 lines"] == ("80.0", "under 5")
    assert rows["lines over 100 characters"] == ("4.0 %", "0.0 %")


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    main(["tests/tools"])
    assert "import circles" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="no such folder"):
        main(["tests/nowhere"])
