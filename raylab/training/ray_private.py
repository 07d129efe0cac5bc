"""What raylab needs of Ray's private API: who created a placement group, and whether an actor
lives.

Ray's public tables do not say who created a placement group. If `tests/ray/test_ray_private.py`
fails after an update of Ray, mend this file.
"""

from __future__ import annotations

from dataclasses import dataclass

import ray
from ray.core.generated.gcs_pb2 import PlacementGroupTableData

_NO_ACTOR = b"\xff"  # repeated, the creator of a group that the driver itself created


@dataclass(frozen=True)
class Group:
    """A placement group.

    Attributes:
        job: Hexadecimal id of the job that the group belongs to.
        creator: Hexadecimal id of the actor that created it; None where the driver did.
        removed: Whether its resources are free again.
    """

    id: bytes
    job: str
    creator: str | None
    removed: bool


def placement_groups() -> list[Group]:
    """All placement groups of the cluster."""
    accessor = ray._private.state.state._connect_and_get_accessor()
    tables = map(PlacementGroupTableData.FromString, accessor.get_placement_group_table())
    return [_group(table) for table in tables]


def _group(table: PlacementGroupTableData) -> Group:
    actor = table.creator_actor_id
    return Group(
        id=table.placement_group_id,
        job=table.creator_job_id.hex(),
        creator=actor.hex() if actor.strip(_NO_ACTOR) else None,
        removed=table.state == PlacementGroupTableData.REMOVED,
    )


def actor_is_dead(actor: str) -> bool:
    """Whether the actor with this hexadecimal id has ended, or is not known any more."""
    return bool(ray._private.state.actors(actor).get("State", "DEAD") == "DEAD")
