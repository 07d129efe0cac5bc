"""What the rotated fits of the folds predicted."""

from __future__ import annotations

from collections import defaultdict

from raylab.analysis.answering.further_parts import RotatedTables
from raylab.analysis.answering.searching.board import Board
from raylab.training.candidates import CandidateTable


def rotated_tables(board: Board) -> dict[int, RotatedTables]:
    """Fold -> the tables of each of its further validation parts, of the fits with a result."""
    tables: dict[int, dict[int, dict[str, CandidateTable]]] = defaultdict(dict)
    for record in board.study.records():
        fold, valid_fold = record.fold, record.valid_fold
        if fold is None or valid_fold is None or record.of is None:
            continue
        if record.state == "completed" and board.has_table(record.trial):
            tables[fold].setdefault(valid_fold, {})[record.of] = board.table(record.trial)
    return {fold: list(parts.values()) for fold, parts in tables.items()}
