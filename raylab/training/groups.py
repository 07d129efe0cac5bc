"""Placement groups that a killed trial of several workers leaves behind.

Ray keeps a placement group until its creator and the whole job have ended. The cleaner of Ray Train
learns of a group only when all its workers have started. If a trial is killed before that, its CPUs
stay reserved, and the next trial would wait for them for ever.
"""

from __future__ import annotations

import ray
from ray.util.placement_group import PlacementGroup, remove_placement_group

from raylab.training.ray_private import Group, actor_is_dead, placement_groups


def remove_orphaned_groups() -> int:
    """Remove the placement groups that dead actors of this job created; returns their number."""
    job = ray.get_runtime_context().get_job_id()
    orphaned = [group for group in placement_groups() if group.job == job and _is_orphaned(group)]
    for group in orphaned:
        remove_placement_group(PlacementGroup(ray.PlacementGroupID(group.id)))
    return len(orphaned)


def _is_orphaned(group: Group) -> bool:
    return not group.removed and group.creator is not None and actor_is_dead(group.creator)
