"""The search of an answer: every fold and family in turn, then the better ones, within the time."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_rounds import Contender, FakeAnswer

from raylab.analysis.answering.searching.search import Search

FIELD = {
    "raw": Contender("baseline", 0.6, configs=2),
    "smoothed": Contender("baseline", 0.3, configs=3),
    "ridge": Contender("readout", 0.4),
    "svm": Contender("readout", 0.5),
    "mlp": Contender("network", 0.2, seconds=4),
    "gru": Contender("network", 0.45, seconds=6),
    "contrastive": Contender("contrastive", 0.7, seconds=5),
}


def test_every_entrant_once_and_baselines_first_then_the_baselines_whole(tmp_path: Path) -> None:
    answer = FakeAnswer(tmp_path, FIELD, folds=1, minutes=5)
    answer.search()
    begun = [name.removeprefix("fold0-") for name in answer.begun]
    assert begun[:2] == ["raw-00", "smoothed-00"]
    assert begun[2:7] == [f"{name}-00" for name in ("ridge", "mlp", "contrastive", "svm", "gru")]
    assert sorted(begun[7:10]) == ["raw-01", "smoothed-01", "smoothed-02"]


def test_expensive_baselines_leave_time_for_the_others(tmp_path: Path) -> None:
    expensive = {
        "raw": Contender("baseline", 0.5, seconds=10),
        "ridge": Contender("readout", 0.4),
        "mlp": Contender("network", 0.2, seconds=4),
    }
    answer = FakeAnswer(tmp_path, expensive, folds=1, minutes=5)
    answer.search()
    standings = answer.board.folds[0].standings
    assert standings["raw"].begun > 1
    assert standings["raw"].seconds < 0.5 * sum(each.seconds for each in standings.values())


def test_the_folds_take_turns(tmp_path: Path) -> None:
    answer = FakeAnswer(tmp_path, FIELD, folds=3, minutes=4)
    answer.search()
    for end in (9, 24, len(answer.begun)):
        counts = [
            sum(name.startswith(f"fold{fold}-") for name in answer.begun[:end])
            for fold in (0, 1, 2)
        ]
        assert max(counts) - min(counts) <= (1 if end == 9 else 2 + end // 25)


def test_the_better_entrants_get_the_time_and_cheap_ones_more_trials(tmp_path: Path) -> None:
    answer = FakeAnswer(tmp_path, FIELD, folds=1, minutes=5)
    answer.search()
    standings = answer.board.folds[0].standings
    assert standings["mlp"].seconds > 4 * standings["contrastive"].seconds
    assert standings["mlp"].seconds > 2 * standings["svm"].seconds
    assert answer.count("ridge") > answer.count("gru")


@pytest.mark.parametrize("minutes", [0.5, 2, 4])
def test_time_is_kept_for_what_follows(tmp_path: Path, minutes: float) -> None:
    answer = FakeAnswer(tmp_path, FIELD, minutes=minutes)
    answer.search()
    left = answer.clock.left_s
    assert left >= answer.reserve.report_s
    assert left <= 0.55 * answer.clock.budget_s
    assert 60 * minutes - left == answer.now


def test_a_tiny_budget_has_a_baseline_in_every_fold(tmp_path: Path) -> None:
    answer = FakeAnswer(tmp_path, {"raw": Contender("baseline", seconds=9)}, 5, minutes=0.01)
    answer.search()
    assert [answer.count("raw", fold) for fold in range(5)] == [1] * 5


def test_an_entrant_that_fails_twice_is_given_up(tmp_path: Path) -> None:
    failing = {**FIELD, "svm": Contender("readout", fails=True)}
    answer = FakeAnswer(tmp_path, failing, minutes=5)
    answer.search()
    assert all(1 <= answer.count("svm", fold) <= 2 for fold in (0, 1))
    assert {record.state for record in answer.study.records()} == {"completed", "failed"}


def test_a_search_ends_where_all_configs_are_tried(tmp_path: Path) -> None:
    few = {"raw": Contender("baseline", configs=2), "ridge": Contender("readout", configs=3)}
    answer = FakeAnswer(tmp_path, few, minutes=10)
    answer.search()
    assert len(answer.begun) == len(set(answer.begun)) == 10


def test_a_resumed_search_repeats_no_trial_that_ended(tmp_path: Path) -> None:
    first = FakeAnswer(tmp_path, FIELD, minutes=1)
    first.search()
    second = FakeAnswer(tmp_path, FIELD, minutes=1.5)
    second.board.restore(second.study.records())
    assert second.board.costs.of("ridge") == pytest.approx(1.3)
    second.search()
    assert second.begun
    assert not set(first.begun) & set(second.begun)


def test_records_name_fold_and_entrant(tmp_path: Path) -> None:
    answer = FakeAnswer(tmp_path, FIELD, minutes=1)
    answer.search()
    record = next(each for each in answer.study.records() if each.trial == "fold1-ridge-00")
    assert (record.fold, record.entrant, record.score) == (1, "ridge", 0.6)
    assert record.seconds == 1


def test_a_search_goes_on_where_what_is_chosen_costs_less_than_was_kept_back(
    tmp_path: Path,
) -> None:
    answer = FakeAnswer(tmp_path, FIELD, minutes=5)
    search = Search(answer.board, answer.runner, answer.reserve)
    assert search.run()
    assert not search.run()
    kept_back = answer.clock.left_s
    answer.reserve.known_s = 5.0
    assert search.run()
    assert answer.clock.left_s < kept_back
    assert answer.clock.left_s >= answer.reserve.seconds() - 6  # the longest trial
    answer.reserve.known_s = 500.0
    assert not search.run()
