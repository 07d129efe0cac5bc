"""Further validation parts of a fold: dealt, fitted and compared, with the test part unread."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers import dataset, session
from own_process import OwnProcess

from raylab.analysis.answering.planning.folds import deal_rotation
from raylab.analysis.answering.planning.plan import make_plan
from raylab.analysis.answering.planning.question import Question
from raylab.analysis.answering.refitting.folding import chosen_folds
from raylab.analysis.answering.rotating.planned import other_valid_folds
from raylab.analysis.answering.rotating.rotations import Rotations
from raylab.analysis.answering.searching.board import Board
from raylab.analysis.answering.searching.clock import Clock
from raylab.analysis.answering.searching.trials import Runner
from raylab.config.splits import BlockedSplits
from raylab.data.dataset import Dataset
from raylab.space.settings import Resources
from raylab.tracking.mlflow.datasets import dataset_input
from raylab.tracking.study import StudyFolder

FOLDS, ENTRANTS = 4, ("raw", "smoothed", "ridge")


def samples(path: Path, code: int) -> set[int]:
    """The samples of session `a` with a split code."""
    parts = Dataset(path).open("a").parts.tolist()
    return {at for start, stop, own in parts if own == code for at in range(start, stop)}


def searched(folder: Path, data: Dataset, minutes: float) -> tuple[Runner, Board, Question]:
    """An answer with one trial of each entrant in each fold."""
    question = Question("position", minutes, (), (), families=["ridge"])
    plan = make_plan(question, data, folder / "study", folds=FOLDS)
    about = {"kind": "answer", "label": "position", "data": {"path": str(data.path)}}
    about |= {"objective": None, "answer": plan.described()}
    (folder / "study").rename(folder / "made")
    study = StudyFolder.create(folder / "study", about)
    (folder / "made" / "folds").rename(folder / "study" / "folds")
    entrants, _ = plan.entrants(data, study.path)
    board = Board(study, plan.fold_paths(study), [e for e in entrants if e.name in ENTRANTS])
    runner = Runner(study, "position", OwnProcess(), Clock(minutes), Resources(), lambda line: None)
    for fold in board.folds:
        for name in ENTRANTS:
            trial = board.trial(fold, name)
            assert trial is not None
            predicted = board.began(trial)
            runner.begin(trial)
            done = runner.next()
            assert done is not None
            board.ended(done, predicted)
    return runner, board, plan


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Runner, Board, Question]:
    folder = tmp_path_factory.mktemp("rotations")
    data = dataset(folder / "ds", session("a", samples=800), splits=BlockedSplits(blocks=8))
    runner, board, question = searched(folder, data, minutes=5)
    Rotations(runner, board, question).run()
    return runner, board, question


def test_a_rotation_has_another_validation_part_and_the_same_test_part(tmp_path: Path) -> None:
    data = dataset(tmp_path / "ds", session("a", samples=400), splits=BlockedSplits(blocks=4))
    paths = {
        part: deal_rotation(data, tmp_path / str(part), folds=4, fold=1, valid_fold=part)
        for part in (2, 3, 0)
    }
    tests = {part: samples(path, 2) for part, path in paths.items()}
    assert tests[2] == tests[3] == tests[0]
    held = [samples(path, 1) for path in paths.values()]
    assert set().union(*held) | tests[0] == set(range(400))
    assert sum(map(len, held)) == 300
    assert all(
        samples(path, 0) == set(range(400)) - tests[0] - samples(path, 1) for path in paths.values()
    )
    manifest = (paths[3] / "manifest.json").stat().st_mtime_ns
    assert deal_rotation(data, paths[3], folds=4, fold=1, valid_fold=3) == paths[3]
    assert (paths[3] / "manifest.json").stat().st_mtime_ns == manifest


def test_further_parts_are_neither_the_test_part_nor_the_first_validation_part() -> None:
    assert other_valid_folds(3, 5) == (0, 1, 2)
    assert other_valid_folds(0, 3) == (2,)
    assert len(other_valid_folds(0, 20)) == 3


def test_entrants_that_cannot_be_told_apart_are_compared_on_all_parts(
    answered: tuple[Runner, Board, Question],
) -> None:
    runner, board, question = answered
    before = chosen_folds(board, question.label, rotated=False)
    after = chosen_folds(board, question.label)
    assert any(fold.choice.members is None or len(fold.choice.members) > 1 for fold in before)
    for alone, compared in zip(before, after, strict=True):
        unclear = alone.choice.members is None or len(alone.choice.members) > 1
        assert compared.choice.parts == (3 if unclear else 1)
        assert compared.outcome.valid.keys() == alone.outcome.valid.keys()
    for record in runner.study.records():
        if record.valid_fold is None:
            continue
        table = board.table(record.trial)
        recording = Dataset(runner.study.rotation_path(record.fold or 0, record.valid_fold))
        rows = sorted(samples(recording.path, 1))
        truth = recording.open("a").labels["position"].values[rows]
        assert np.allclose(table.held_out.truth, truth)
        assert len(table.losses) == 1


def test_a_rotation_repeats_nothing_that_ended(answered: tuple[Runner, Board, Question]) -> None:
    runner, board, question = answered
    count = len(runner.study.records())
    Rotations(runner, board, question).run()
    assert len(runner.study.records()) == count


def test_mlflow_names_the_dataset_of_a_rotation(answered: tuple[Runner, Board, Question]) -> None:
    runner, _, _ = answered
    record = next(each for each in runner.study.records() if each.valid_fold is not None)
    named = dataset_input(runner.study, record.fold, record.valid_fold)
    assert named is not None
    path = runner.study.rotation_path(record.fold or 0, record.valid_fold or 0)
    assert named.dataset.digest == Dataset(path).fingerprint[: len(named.dataset.digest)]
    assert f"validated by {record.valid_fold}" in named.dataset.name


def test_without_time_the_first_part_alone_chooses(tmp_path: Path) -> None:
    data = dataset(tmp_path / "ds", session("a", samples=400), splits=BlockedSplits(blocks=4))
    runner, board, question = searched(tmp_path, data, minutes=1e-6)
    rotations = Rotations(runner, board, question)
    assert rotations.needed_s(chosen_folds(board, question.label)) == 0
    rotations.run()
    assert {record.valid_fold for record in runner.study.records()} == {None}
    assert [fold.choice.parts for fold in chosen_folds(board, question.label)] == [1] * FOLDS
