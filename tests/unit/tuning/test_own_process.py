"""A pool without processes, which tests use in the place of Ray's."""

from __future__ import annotations

import pytest
from own_process import OwnProcess

from raylab.tuning.pool import Ended


def double(number: int) -> int:
    if number < 0:
        raise ValueError(f"{number} is negative")
    return 2 * number


def test_jobs_end_in_the_order_in_which_they_were_submitted() -> None:
    with OwnProcess() as pool:
        pool.submit("a", double, 2)
        pool.submit("b", double, 3)
        assert pool.next() == Ended("a", 4)
        assert pool.next() == Ended("b", 6)
        assert pool.next() is None


def test_an_exception_is_the_result_of_its_job_only() -> None:
    with OwnProcess() as pool:
        pool.submit("a", double, -1)
        pool.submit("b", double, 1)
        ended = pool.next()
        assert ended is not None
        with pytest.raises(ValueError, match="-1 is negative"):
            raise ended.value
        assert pool.next() == Ended("b", 2)


def test_a_stopped_job_does_not_end() -> None:
    with OwnProcess() as pool:
        pool.submit("a", double, 1)
        pool.submit("b", double, 2)
        pool.stop("a")
        assert pool.next() == Ended("b", 4)
        assert pool.next() is None
