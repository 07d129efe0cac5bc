"""Results are frozen dataclasses. `to_dict()` is what the functions returned when they still
returned dicts, as stored/results.json recorded it then.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from helpers import dataset, session, small_study
from pydantic import TypeAdapter

import raylab
from raylab.analysis.compare import Comparison
from raylab.analysis.compare_embeddings import EmbeddingComparison
from raylab.analysis.consistency import Consistency
from raylab.analysis.evaluate import Evaluation
from raylab.analysis.rank import Ranking
from raylab.analysis.reproduce import Reproduction
from raylab.analysis.scaling.results import Scaling
from raylab.analysis.selection.results import SeedSelection, selection_from
from raylab.analysis.shuffle_labels import ShuffledLabels
from raylab.analysis.topology import Topology
from raylab.reporting.tables.leaderboard import Leaderboard, LeaderboardRow
from raylab.results import Result
from raylab.tracking.study import StudyFolder

STORED: dict[str, Any] = json.loads((Path(__file__).parent / "stored" / "results.json").read_text())
TYPES: dict[str, type[Result]] = {
    "evaluate": Evaluation,
    "consistency": Consistency,
    "consistency_animals": Consistency,
    "topology": Topology,
    "compare_embeddings": EmbeddingComparison,
    "reproduce": Reproduction,
    "select": SeedSelection,
    "select_plain": SeedSelection,
    "shuffle_labels": ShuffledLabels,
    "rank": Ranking,
    "rank_test": Ranking,
    "compare": Comparison,
    "scale": Scaling,
    "scale_workers": Scaling,
}


def text(value: object) -> str:
    """JSON, in which the order of keys counts, too."""
    return json.dumps(value)


@pytest.mark.parametrize("name", TYPES)
def test_to_dict_is_what_was_returned(name: str) -> None:
    result = TypeAdapter(TYPES[name]).validate_python(STORED[name])
    assert text(result.to_dict()) == text(STORED[name])
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(result, dataclasses.fields(result)[0].name, None)


@pytest.mark.parametrize("name", ["leaderboard", "leaderboard_selected"])
def test_leaderboards_are_lists_of_rows(name: str) -> None:
    rows = [TypeAdapter(LeaderboardRow).validate_python(row) for row in STORED[name]]
    board = Leaderboard(tuple(rows))
    assert text(board.to_dict()) == text(STORED[name])
    assert (len(board), list(board), board[0]) == (len(rows), rows, rows[0])


def test_a_stored_selection_is_read_again() -> None:
    for name in ("select", "select_plain"):
        selection = selection_from(STORED[name])
        assert selection == selection_from(selection.to_dict())
        assert text(selection.to_dict()) == text(STORED[name])
        assert (selection.control is None) == (name == "select_plain")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> StudyFolder:
    folder = tmp_path_factory.mktemp("results")
    data = dataset(
        folder / "ds",
        session("a", samples=600, animal="x"),
        session("b", samples=600, units=4, seed=1, animal="y"),
    )
    return small_study(folder / "study", data)


def shape(value: object) -> object:
    """Keys and types, without values."""
    if isinstance(value, dict):
        return {key: shape(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [shape(entry) for entry in value]
    return type(value).__name__


def test_functions_fill_the_fields_as_before(
    study: StudyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("raylab.evaluation.baselines.SMOOTHING_SAMPLES", (0, 4))
    path = study.path
    results = {
        "evaluate": raylab.evaluate(path),
        "consistency": raylab.consistency(path),
        "consistency_animals": raylab.consistency(path, between="animals"),
        "compare_embeddings": raylab.compare_embeddings(path, against=["pca"], samples=60),
        "leaderboard": raylab.leaderboard(path),
    }
    for name, result in results.items():
        assert shape(result.to_dict()) == shape(STORED[name]), name
    written = json.loads((path / "scores" / "consistency-seeds-valid.json").read_text())
    assert written == results["consistency"].to_dict()
