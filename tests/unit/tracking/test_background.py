"""The mirror beside a study."""

from __future__ import annotations

import time

from raylab.tracking.background import BackgroundMirror


class Counted:
    def __init__(self) -> None:
        self.closings: list[bool] = []

    def sync(self, *, closing: bool = False) -> None:
        self.closings.append(closing)


def test_the_first_sync_does_not_wait_for_news() -> None:
    counted = Counted()
    background = BackgroundMirror(counted, interval_s=0.01, poll_s=60.0, first_s=0.01)
    over = time.monotonic() + 10
    while not counted.closings and time.monotonic() < over:
        time.sleep(0.005)
    assert background.close() is None
    assert counted.closings == [False, True]


def test_without_news_nothing_is_synced_before_the_end() -> None:
    counted = Counted()
    background = BackgroundMirror(counted, interval_s=0.01, poll_s=60.0)
    time.sleep(0.05)
    assert counted.closings == []
    assert background.close() is None
    assert counted.closings[-1] is True
