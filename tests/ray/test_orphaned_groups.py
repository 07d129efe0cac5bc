"""What a killed trial of several workers had reserved is free again, and what living ones have
stays theirs.
"""

from __future__ import annotations

import time
from typing import Any

import pytest
import ray
from ray.util.placement_group import placement_group, placement_group_table

from raylab.cluster import connect
from raylab.training.groups import remove_orphaned_groups

pytestmark = pytest.mark.ray


@ray.remote(num_cpus=0)
class Creator:
    def reserve(self) -> str:
        self._group = placement_group([{"CPU": 0.5}])
        assert self._group.wait(30)
        return self._group.id.hex()


def test_groups_of_the_dead_are_removed() -> None:
    ray.shutdown()
    connect(cpus=2)
    driver = placement_group([{"CPU": 0.5}])
    creators: list[Any] = [Creator.remote(), Creator.remote()]  # type: ignore[attr-defined]
    killed, living = ray.get([creator.reserve.remote() for creator in creators])
    assert remove_orphaned_groups() == 0
    ray.kill(creators[0])
    deadline = time.monotonic() + 30
    while not remove_orphaned_groups():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    while (states := _states())[killed] != "REMOVED":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert (states[living], states[driver.id.hex()]) == ("CREATED", "CREATED")
    assert remove_orphaned_groups() == 0
    ray.shutdown()


def _states() -> dict[str, str]:
    return {name: group["state"] for name, group in placement_group_table().items()}
