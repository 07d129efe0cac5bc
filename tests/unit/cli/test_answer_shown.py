"""What `raylab answer` prints: whole tables, and the sentence last."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_answer import fake_answer

from raylab.cli.show.answer import print_answer


@pytest.mark.parametrize("columns", [80, 120, 200])
def test_no_heading_is_cut_and_the_sentence_is_last(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    answer = fake_answer(recommended=["gru", "gru", "ridge", "gru", "smoothed"])
    print_answer(answer.to_dict(), Path("answer"))
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == answer.sentence
    shown = "\n".join(lines)
    assert "…" not in shown
    for head in ("entrant", "R2 (95 %)", "less smoothed (95 %)", "recommended", "best baseline"):
        assert head in shown
    assert "gru 0.800 → 0.800" in shown
    assert f"note: {answer.notes[0]}" in lines


def test_an_answer_without_scores_is_its_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    answer = fake_answer(folds=0, interrupted=True)
    print_answer(answer.to_dict(), Path("answer"))
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["report: answer/report.html", answer.sentence]
