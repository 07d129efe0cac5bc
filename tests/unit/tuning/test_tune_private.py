"""The stopping rules inside Ray Tune's schedulers: still there, with the meaning that raylab relies
on.

When one of these tests fails after an update of Ray, mend raylab/tuning/tune_private.py.
"""

from __future__ import annotations

import inspect

from ray.tune.schedulers import AsyncHyperBandScheduler, MedianStoppingRule

from raylab.tuning.tune_private import Brackets, MedianRule


def test_attributes_and_signatures() -> None:
    (bracket,) = AsyncHyperBandScheduler(max_t=9)._brackets
    assert list(inspect.signature(bracket.on_result).parameters) == ["trial", "cur_iter", "cur_rew"]
    assert all(isinstance(recorded, dict) for _, recorded in bracket._rungs)
    hook = inspect.signature(MedianStoppingRule._on_insufficient_samples)
    assert list(hook.parameters) == ["self", "tune_controller", "trial", "time"]
    assert not MedianStoppingRule()._results["any"]


def test_a_bracket_stops_what_is_below_its_cutoff() -> None:
    brackets = Brackets(grace_steps=10, max_steps=90, reduction_factor=3, count=2)
    assert brackets.rungs == [[10, 30, 90], [30, 90]]
    assert [brackets.stops(0, f"{score}", 10, score) for score in (0.1, 0.2, 0.3)] == [False] * 3
    assert brackets.stops(0, "worse", 10, 0.15)
    assert not brackets.stops(0, "better", 10, 0.4)
    assert not brackets.stops(1, "worse", 10, 0.0)  # this bracket compares later


def test_the_median_rule_stops_what_is_below_the_median_of_running_means() -> None:
    rule = MedianRule(grace_steps=10, least_trials=2)
    assert not rule.stops("alone", 10, 0.0)
    for trial, score in (("a", 0.4), ("b", 0.6)):
        rule.record(trial, 10, score)
    assert not rule.stops("good", 10, 0.7)
    assert rule.stops("bad", 10, 0.3)
    assert not MedianRule(grace_steps=20, least_trials=2).stops("early", 10, 0.0)
