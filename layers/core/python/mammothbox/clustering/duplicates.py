"""Finding what is the same picture in other bytes, across clusters."""

from __future__ import annotations

from uuid import UUID

from mammothbox.catalog import duplicates, fingerprints, spaces
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.duplicates import Evidence
from mammothbox.catalog.fingerprints import Seen
from mammothbox.catalog.spaces import SpaceRow
from mammothbox.clustering import sameness
from mammothbox.clustering.keeper import Copy, keeper
from mammothbox.clustering.sameness import Bounds
from mammothbox.ids import new_id

# Of a burst of a thousand each is put beside so many, the nearest. Pictures with little to see in
# them have many near that are others, so more are looked at.
MOST_PAIRS = 50
MOST_LOOKED_AT = 100
# Where nobody measured a space, only near hashes and colours tell.
_UNMEASURED = 2.0


def find(connection: Connection, owner: str, asset_id: UUID) -> int:
    """Put down with which other pictures of the owner this one is the same; returns with how many.

    Open pairs that look the same no more are forgotten. What people decided stays. Whoever calls
    this holds the owner's clustering lock, so that of two that come at once one sees the other.
    """
    pairs = duplicates.of_asset(connection, owner, asset_id)
    still_open = {pair.other_than(asset_id): pair.id for pair in pairs if pair.state == "open"}
    found = _same(connection, owner, asset_id, list(still_open))
    duplicates.forget(
        connection, owner, [pair_id for other, pair_id in still_open.items() if other not in found]
    )
    duplicates.put_down(
        connection, owner, asset_id, [(new_id(), other, why) for other, why in found.items()]
    )
    return len(found)


def _same(
    connection: Connection, owner: str, asset_id: UUID, known: list[UUID]
) -> dict[UUID, Evidence]:
    """What is the same picture by now: of what is near, and of what was found before."""
    space = spaces.active(connection)
    if space is None:
        return {}
    own = fingerprints.see(connection, owner, space.id, [asset_id]).get(asset_id)
    if own is None:
        return {}
    near = fingerprints.near(connection, owner, asset_id, own.phash, limit=MOST_LOOKED_AT)
    seen = fingerprints.see(connection, owner, space.id, sorted({*near, *known}))
    nearest = sorted(seen.values(), key=lambda one: (near.get(one.id, 0), one.id))
    judged = {one.id: _judge(space, own, one) for one in nearest}
    same = {other: why for other, why in judged.items() if why is not None}
    kept = {*list(same)[:MOST_PAIRS], *known}
    return {other: why for other, why in same.items() if other in kept}


def _judge(space: SpaceRow, own: Seen, other: Seen) -> Evidence | None:
    """The evidence, if they are the same picture."""
    one, another = _picture(space, own), _picture(space, other)
    evidence = sameness.compare(one, another)
    if sameness.verdict(evidence, _bounds(space)) != "same":
        return None
    suggested = keeper([_copy(own), _copy(other)])
    return Evidence(
        distance=evidence.distance,
        features=evidence.features,
        cosine=evidence.cosine,
        colours=evidence.colours,
        detail=evidence.detail,
        suggested=suggested.asset_id,
        reason=suggested.reason,
    )


def _bounds(space: SpaceRow) -> Bounds:
    measured = space.calibration or {}
    return Bounds(
        same_features=float(measured.get("same_picture_features") or _UNMEASURED),
        similar=float(measured.get("similar") or _UNMEASURED),
    )


def _picture(space: SpaceRow, seen: Seen) -> sameness.Picture:
    return sameness.Picture(
        phash=seen.phash,
        detail=seen.detail,
        miniature=seen.miniature,
        vector=seen.vector,
        features_from=int((space.calibration or {}).get("features_from") or 0),
    )


def _copy(seen: Seen) -> Copy:
    return Copy(
        asset_id=seen.id,
        width=seen.width,
        height=seen.height,
        content_type=seen.content_type or "",
        size_bytes=seen.size_bytes or 0,
        arrived_at=seen.created_at,
    )
