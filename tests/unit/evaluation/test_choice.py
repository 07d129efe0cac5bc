"""A choice over seeds: statistics against known numbers, the rules, ties, failed repetitions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import friedmanchisquare, ttest_1samp

from raylab.analysis.over_seeds import OverSeeds
from raylab.evaluation.bootstrap import over_seeds
from raylab.evaluation.choice import Candidate, choose, kendall_w
from raylab.evaluation.metrics import bounds_of


def candidate(
    trial: str, *scores: float | None, search: float = 0.9, learnt: int = 100
) -> Candidate:
    return Candidate(trial, search, scores, learnt)


def test_the_interval_is_scipy_s() -> None:
    values = [0.5, 0.7, 0.55, 0.8]
    found = over_seeds(values)
    theirs = ttest_1samp(values, 0).confidence_interval(0.95)
    assert found["mean"] == pytest.approx(0.6375)
    assert found["interval"] == pytest.approx([theirs.low, theirs.high])
    assert over_seeds([0.5]) == {"mean": 0.5, "interval": None, "values": [0.5]}


def test_no_interval_leaves_the_bounds_of_its_metric() -> None:
    values = (0.999, 0.9, 0.99)
    free = over_seeds(values)["interval"]
    assert free[1] > 1
    assert over_seeds(values, bounds_of("decoding.r2"))["interval"] == [free[0], 1]
    assert over_seeds([0.01, 0.2], bounds_of("decoding.accuracy"))["interval"][0] == 0
    assert over_seeds(values, bounds_of("no.such.metric"))["interval"] == free
    found = choose([candidate("0001", *values)], mode="max", rule="best", bounds=(-np.inf, 1))
    assert found["candidates"][0]["interval"] == [free[0], 1]
    assert OverSeeds.of(values, "decoding.r2").interval == (free[0], 1)


def test_concordance_is_friedman_s_also_with_ties() -> None:
    random = np.random.default_rng(0)
    from scipy.stats import rankdata

    for scores in (random.normal(size=(4, 6)), random.integers(0, 3, (5, 7)).astype(float)):
        n, m = scores.shape
        chi2 = friedmanchisquare(*scores).statistic
        assert kendall_w(rankdata(scores, axis=0)) == pytest.approx(chi2 / (m * (n - 1)))
    same = np.array([[1.0, 1, 1], [2, 2, 2]])
    assert kendall_w(same) == pytest.approx(1)
    assert kendall_w(np.array([[1.0, 2], [2, 1]])) == pytest.approx(0)
    assert kendall_w(np.full((3, 4), 2.0)) is None
    assert kendall_w(same[:, :1]) is None
    assert kendall_w(same[:1]) is None


def test_the_best_mean_wins_whatever_the_search_said() -> None:
    lucky = candidate("0007", 0.5, 0.6, 0.55, search=0.95)
    steady = candidate("0002", 0.7, 0.72, 0.68, search=0.9)
    found = choose([lucky, steady], mode="max", rule="best")
    assert (found["chosen"], found["champion"]) == ("0002", 0)  # 0.70 is the median of its three
    assert found["stability"] == {
        "seeds": 3,
        "kendall_w": pytest.approx(1),
        "spearman": pytest.approx(-1),
    }
    assert [one["ranks"] for one in found["candidates"]] == [[2, 2, 2], [1, 1, 1]]
    assert [one["first"] for one in found["candidates"]] == [0, 3]
    difference = found["difference"]
    assert (difference["first"], difference["second"]) == ("0002", "0007")
    assert difference["values"] == pytest.approx([0.2, 0.12, 0.13])
    assert difference["mean"] == pytest.approx(0.15)


def test_of_errors_the_lowest_wins_and_the_lower_median_is_the_worse() -> None:
    a, b = candidate("a", 0.3, 0.1, 0.2, 0.4), candidate("b", 0.5, 0.6, 0.5, 0.6)
    found = choose([b, a], mode="min", rule="best")
    assert (found["chosen"], found["champion"]) == ("a", 0)  # of 0.2 and 0.3 the larger error
    assert choose([a, b], mode="max", rule="best")["champion"] in (0, 2)
    assert found["difference"]["mean"] > 0


def test_the_simplest_is_within_one_standard_error_and_no_further() -> None:
    scores = np.array([0.80, 0.84, 0.82, 0.78])
    error = float(np.std(scores, ddof=1) / 2)
    best = candidate("large", *scores, learnt=1000)

    def shifted(trial: str, by: float, learnt: int) -> Candidate:
        return candidate(trial, *(scores - by), learnt=learnt)

    inside, outside = shifted("small", 0.99 * error, 10), shifted("tiny", 1.01 * error, 1)
    found = choose([best, inside, outside], mode="max", rule="simplest")
    assert found["chosen"] == "small"
    assert found["threshold"] == pytest.approx(scores.mean() - error)
    assert choose([best, inside, outside], mode="max", rule="best")["chosen"] == "large"
    assert choose([best, outside], mode="max", rule="simplest")["chosen"] == "large"
    negative = [
        Candidate(one.trial, 0.1, tuple(-s for s in one.completed), one.learnt)
        for one in (best, inside, outside)
    ]
    assert choose(negative, mode="min", rule="simplest")["chosen"] == "small"
    equal = shifted("equal", 0.5 * error, 10)
    assert (
        choose([inside, equal, best], mode="max", rule="simplest")["chosen"] == "equal"
    )  # as small, and better


def test_equals_go_by_the_search_and_share_a_rank() -> None:
    first, second = candidate("0004", 0.5, 0.6), candidate("0001", 0.6, 0.5)
    assert choose([first, second], mode="max", rule="best")["chosen"] == "0004"
    even = choose([candidate("a", 0.5, 0.5), candidate("b", 0.5, 0.5)], mode="max", rule="best")
    assert [one["ranks"] for one in even["candidates"]] == [[1.5, 1.5]] * 2
    assert [one["first"] for one in even["candidates"]] == [2, 2]
    assert (even["stability"]["kendall_w"], even["stability"]["spearman"]) == (None, None)
    assert even["difference"]["interval"] == [0, 0]


def test_one_seed_says_what_it_can() -> None:
    found = choose([candidate("a", 0.5), candidate("b", 0.6)], mode="max", rule="simplest")
    assert (found["chosen"], found["champion"], found["threshold"]) == ("b", 0, None)
    assert [one["interval"] for one in found["candidates"]] == [None, None]
    assert found["stability"]["kendall_w"] is None
    alone = choose([candidate("a", 0.5, 0.7)], mode="max", rule="best")
    assert (alone["chosen"], alone["champion"], alone["difference"]) == ("a", 0, None)


@pytest.mark.filterwarnings("error")
def test_a_config_that_fails_is_chosen_only_where_all_do() -> None:
    brittle, sound = candidate("a", 0.9, None, 0.95), candidate("b", 0.5, 0.6, 0.7)
    found = choose([brittle, sound], mode="max", rule="best")
    assert (found["chosen"], found["champion"]) == ("b", 1)
    assert [one["failed"] for one in found["candidates"]] == [1, 0]
    assert [one["ranks"] for one in found["candidates"]] == [[1, None, 1], [2, None, 2]]
    assert (found["stability"]["seeds"], len(found["difference"]["values"])) == (2, 2)
    lost = candidate("c", None, None, None)
    found = choose([lost, brittle], mode="max", rule="best")
    assert (found["chosen"], found["champion"], found["difference"]) == ("a", 0, None)
    assert (found["candidates"][0]["mean"], found["candidates"][0]["ranks"]) == (None, [None] * 3)
    apart = [candidate("a", 0.9, None), candidate("b", None, 0.7)]
    assert choose(apart, mode="max", rule="best")["difference"] is None


def fixed(trial: str, losses: np.ndarray, seeds: int = 1, learnt: int = 100) -> Candidate:
    score = 1 - float(losses.mean())
    units = f"{len(losses)} blocks of validation"
    return Candidate(trial, score, (score,) * seeds, learnt, fixed=True, losses=losses, units=units)


def test_without_randomness_intervals_are_over_units() -> None:
    """A readout has one score: an interval over seeds would be of no width."""
    random = np.random.default_rng(0)
    hard = random.uniform(0, 0.6, 20)
    near = hard + random.normal(0.02, 0.02, 20)
    chosen = choose([fixed("0", hard), fixed("1", near)], mode="max", rule="best", bounds=(0, 1))
    first = chosen["candidates"][0]
    low, high = first["interval"]
    assert low < first["mean"] - 0.05 < first["mean"] + 0.05 < high <= 1
    assert first["over"] == "20 blocks of validation"
    assert chosen["champion"] == 0
    assert chosen["difference"]["mean"] == pytest.approx((near - hard).mean())
    assert 0 < np.diff(chosen["difference"]["interval"])[0] < 0.05  # paired: units are as hard
    assert chosen["stability"] == {"seeds": 1, "kendall_w": None, "spearman": None} | {
        "spearman": chosen["stability"]["spearman"]
    }
    simple = choose(
        [fixed("0", hard), fixed("1", near, learnt=5)], mode="max", rule="simplest", bounds=(0, 1)
    )
    assert simple["chosen"] == "1"  # within one standard error over units
    assert simple["threshold"] < first["mean"]


def test_a_readout_beside_a_network_is_paired_by_seed() -> None:
    losses = np.full(20, 0.2)
    both = [candidate("0", 0.81, 0.85, 0.83), fixed("1", losses, seeds=3)]
    chosen = choose(both, mode="max", rule="best")
    assert "over" not in chosen["candidates"][0]
    assert chosen["difference"]["values"] == pytest.approx([0.01, 0.05, 0.03])
    assert chosen["candidates"][1]["failed"] == 0
