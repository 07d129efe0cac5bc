"""The progress of `prepare`."""

from __future__ import annotations

import pytest

from raylab.cli.show.following.tally import Tally


class Clock:
    """A clock that tests move."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_files_are_counted() -> None:
    clock = Clock()
    tally = Tally("ds", clock=clock)
    assert tally.progress() is None
    tally(0, 4)
    starting = tally.progress()
    assert starting is not None
    assert (starting.done, starting.total, starting.left_s) == (0, 4, None)
    clock.now += 10
    tally(1, 4)
    known = tally.progress()
    assert known is not None
    assert (known.left_s, known.left_from) == (pytest.approx(30), "1 file in 10 s")


def test_where_the_bytes_are_known_they_count() -> None:
    """A large file and a small one: the first took nearly all of the time."""
    clock = Clock()
    tally = Tally("ds", clock=clock)
    clock.now += 5  # looking for files
    tally(0, 2)
    tally.sized(0, 1_000_000_000)
    clock.now += 9
    tally(1, 2)
    tally.sized(900_000_000, 1_000_000_000)
    known = tally.progress()
    assert known is not None
    assert (known.left_s, known.left_from) == (pytest.approx(1), "900 MB in 9 s")
    assert known.elapsed_s == 14
