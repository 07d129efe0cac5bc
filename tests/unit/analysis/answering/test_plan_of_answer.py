"""What is wrong with a question is one line, which names what the user named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from helpers import dataset, session

from raylab.analysis import answer as verb
from raylab.analysis.answering.planning.plan import make_plan
from raylab.analysis.answering.planning.question import Question
from raylab.analysis.answering.planning.still import note_on_still_parts
from raylab.config.parse import parse_trial
from raylab.config.splits import BlockedSplits, ChronologicalSplits
from raylab.data.dataset import Dataset
from raylab.data.session import Label, Session
from raylab.errors import ConfigError, StudyError


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    return dataset(tmp_path / "ds", session("a"), splits=BlockedSplits(blocks=10))


def asked(per: str = "sample") -> Question:
    return Question("position", 1, (), (), families=["baseline"], per=per)


def test_a_bad_space_is_named_as_the_user_named_it(data: Dataset, tmp_path: Path) -> None:
    space = tmp_path / "bad.yaml"
    space.write_text("task: {kind: decoder}\nmodel: {kind: mlp}\n")
    with pytest.raises(ConfigError, match="unknown key 'model'") as error:
        make_plan(asked(), data, tmp_path / "temporary", folds=1, space=space)
    assert error.value.what.startswith(f"{space}:2")


def test_a_reason_that_all_entrants_share_is_stated_once(data: Dataset, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no 'presentation'") as error:
        make_plan(asked("presentation"), data, tmp_path / "temporary", folds=1)
    assert error.value.what.count("presentation") == 1


def test_a_trial_too_large_leaves_no_folder(
    data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_large(resources: object) -> None:
        raise StudyError("one trial needs 900 CPU, the whole cluster has 2")

    monkeypatch.setattr(verb, "pool_of_actors", too_large)
    with pytest.raises(StudyError, match="900 CPU"):
        verb.answer(data.path, "position", out=tmp_path / "out", folds=1, families=["baseline"])
    assert not (tmp_path / "out").exists()


def still_at_the_end() -> Session:
    """An animal that hardly moves in the last fifth of the recording."""
    moving = session("a", samples=500)
    position = moving.labels["position"].values.copy()
    position[400:] = position[400] + 0.001 * position[400:]
    return replace(moving, labels={"position": Label.continuous(position, unit="m")})


def test_parts_in_which_a_label_hardly_moves_are_counted(tmp_path: Path) -> None:
    config = parse_trial({"task": {"kind": "decoder", "label": "position"}}, "test")
    splits = ChronologicalSplits(folds=5, fold=3)
    moving = dataset(tmp_path / "moving", session("a", samples=500), splits=splits)
    still = dataset(tmp_path / "still", still_at_the_end(), splits=splits)
    assert note_on_still_parts(config, [moving], "position") == []
    (note,) = note_on_still_parts(config, [moving, still], "position")
    assert "in 1 of 4 validation and test parts, 'position' has less than a tenth" in note
    assert note_on_still_parts(config, [moving], "choice") == []


def test_a_plan_mentions_parts_in_which_the_label_hardly_moves(tmp_path: Path) -> None:
    data = dataset(tmp_path / "ds", still_at_the_end(), splits=ChronologicalSplits())
    question = Question("position", 1, (), (), families=["ridge"])
    plan = make_plan(question, data, tmp_path / "study", folds=5)
    assert any("in 2 of 10 validation and test parts" in note for note in plan.notes)
