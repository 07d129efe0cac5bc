"""Placement groups that a killed trial of several workers leaves behind.

Ray keeps a group until its creator and the whole job have ended. Ray Train's own cleaner hears of a
group only when all its workers have started: of a trial that is killed before, the CPUs stay
reserved, and the next trial waits for them for ever.
"""

from __future__ import annotations

import ray
from ray.core.generated.gcs_pb2 import PlacementGroupTableData
from ray.util.placement_group import PlacementGroup, remove_placement_group

_NOBODY = b"\xff"  # repeated, the creator of a group that a driver made


def remove_left_groups() -> int:
    """Remove the groups of this job's dead actors; how many there were."""
    job = ray.get_runtime_context().get_job_id()
    left = [group for group in _groups() if group.creator_job_id.hex() == job and _is_left(group)]
    for group in left:
        remove_placement_group(PlacementGroup(ray.PlacementGroupID(group.placement_group_id)))
    return len(left)


def _groups() -> list[PlacementGroupTableData]:
    """Ray's public tables do not say who created a group."""
    accessor = ray._private.state.state._connect_and_get_accessor()
    return [PlacementGroupTableData.FromString(raw) for raw in accessor.get_placement_group_table()]


def _is_left(group: PlacementGroupTableData) -> bool:
    creator = group.creator_actor_id
    if group.state == PlacementGroupTableData.REMOVED or not creator.strip(_NOBODY):
        return False
    return bool(ray._private.state.actors(creator.hex()).get("State", "DEAD") == "DEAD")
