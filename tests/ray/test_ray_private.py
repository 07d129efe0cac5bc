"""Ray's private API that `training/ray_private.py` uses is still there and means the same."""

from __future__ import annotations

import pytest
import ray
from ray.util.placement_group import placement_group

from raylab.cluster import connect
from raylab.training.ray_private import actor_is_dead, placement_groups

pytestmark = pytest.mark.ray


@ray.remote(num_cpus=0)
class Creator:
    def reserve(self) -> tuple[str, str]:
        self._group = placement_group([{"CPU": 0.5}])
        assert self._group.wait(30)
        return self._group.id.hex(), ray.get_runtime_context().get_actor_id()


def test_creators_of_groups() -> None:
    ray.shutdown()
    connect(cpus=2)
    try:
        own = placement_group([{"CPU": 0.5}])
        assert own.wait(30)
        group, actor = ray.get(Creator.remote().reserve.remote())  # type: ignore[attr-defined]
        groups = {each.id.hex(): each for each in placement_groups()}
        job = ray.get_runtime_context().get_job_id()
        assert {each.job for each in groups.values()} == {job}
        assert groups[own.id.hex()].creator is None
        assert groups[group].creator == actor
        assert not groups[group].removed
        assert actor_is_dead("00" * (len(actor) // 2))
    finally:
        ray.shutdown()
