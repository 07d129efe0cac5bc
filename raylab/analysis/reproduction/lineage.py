"""The configs that a trial's weights were trained with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from raylab.tracking.records import TrialRecord
from raylab.training.chain import Piece


def lineage(records: Mapping[str, TrialRecord], trial: str, until: int) -> list[Piece]:
    """The configs that the weights of a trial were trained with until a step, in order.

    A plain trial has one config. A member of a population took over the weights of another member,
    whose configs come first.
    """
    record = records[trial]
    began: dict[str, Any] = {"step": 0, "source": None, "config": record.config}
    pieces = record.lineage or (began,)
    piece = [piece for piece in pieces if piece["step"] < until or piece["source"] is None][-1]
    before = [] if piece["source"] is None else lineage(records, piece["source"], piece["step"])
    return [*before, Piece(piece["config"], until)]
