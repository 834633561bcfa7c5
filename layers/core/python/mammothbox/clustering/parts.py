"""The parts a cluster falls into: spherical k-means, the same parts every time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from mammothbox.catalog import links, parting
from mammothbox.catalog.clusters import Cluster
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.memberships import Place
from mammothbox.catalog.parting import Nearest
from mammothbox.errors import Refused

# More would outlast a request.
_MOST_MEMBERS = 20_000
_MOST_ROUNDS = 25


@dataclass(frozen=True)
class Part:
    """Members that would be together, and how alike they are to their middle on average."""

    asset_ids: Sequence[UUID]
    tightness: float


def find(connection: Connection, place: Place, cluster: Cluster, count: int) -> list[Part]:
    """So many parts, the largest first. What must be together is in one part.

    Raises `Refused` when the cluster is too small or too large for that, or does not fall apart.
    """
    if cluster.size < count:
        raise Refused(409, "too_few", f"{cluster.size} objects cannot make {count} parts.")
    if cluster.size > _MOST_MEMBERS:
        raise Refused(
            409, "too_many", f"A cluster of more than {_MOST_MEMBERS} objects is split by picking."
        )
    centres = _begin(connection, place, cluster.id, count)
    for _ in range(_MOST_ROUNDS):
        before, centres = centres, parting.middles(connection, place, cluster.id, centres)
        if centres == before:
            break
    members = parting.nearest(connection, place, cluster.id, centres)
    found = _parts(connection, place.owner, members)
    if len(found) < count:
        raise Refused(409, "no_parts", f"These objects do not fall into {count} parts.")
    return found


def _begin(connection: Connection, place: Place, cluster_id: UUID, count: int) -> list[str]:
    """Members as unlike each other as there are."""
    centres: list[str] = []
    for _ in range(count):
        vector = parting.farthest(connection, place, cluster_id, centres)
        if vector is not None:
            centres.append(vector)
    return centres


def _parts(connection: Connection, owner: str, members: Sequence[Nearest]) -> list[Part]:
    part_of = {member.asset_id: member.part for member in members}
    for group in links.groups(connection, owner, list(part_of)):
        inside = [asset_id for asset_id in group if asset_id in part_of]
        part_of.update(dict.fromkeys(inside, part_of[inside[0]]))
    likeness = {member.asset_id: member.similarity for member in members}
    parts = []
    for number in sorted(set(part_of.values())):
        ids = [asset_id for asset_id, part in part_of.items() if part == number]
        parts.append(Part(ids, sum(likeness[each] for each in ids) / len(ids)))
    return sorted(parts, key=lambda part: (-len(part.asset_ids), part.asset_ids[0]))
