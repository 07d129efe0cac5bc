"""The pre-commit hook for files: each fault has a sentence, and a clean file has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.check_files import main


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a.md", "no end", "no newline at the end"),
        ("a.md", "a \nb\n", "line 1: whitespace at the end"),
        ("a.py", "<<<<<<< ours\n", "line 1: a conflict marker"),
        ("a.yaml", "a: [\n", "does not parse"),
        ("a.toml", "a = \n", "line 1: whitespace at the end"),
        ("b.toml", "a =\n", "does not parse"),
        ("a.csv", "x\n" * 250_001, "larger than 500,000 bytes"),
        ("a.txt", "a\r\n", "line ends of Windows"),
    ],
)
def test_a_fault(
    name: str, text: str, problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    path.write_bytes(text.encode())
    assert main([str(path)]) == 1
    assert problem in capsys.readouterr().out


def test_a_clean_file(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: 1\n---\nb: 2\n")
    assert main([str(path)]) == 0
