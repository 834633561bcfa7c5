"""Decisions: every human act about clusters and pairs, append-only, and what depends on what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from mammothbox.catalog.connection import Connection


@dataclass(frozen=True)
class Decision:
    """An act about to be put down.

    `touches` and `needs` name facets of things, such as `name:<cluster>`, `members:<cluster>` or
    `pair:<duplicate>`: what it changes, and what has to stay for it to make sense. `asset_ids`
    are those it moved; `before` is what an undo puts back; `detail` is what was decided, for
    people. `undoes` names the decision it takes back.
    """

    owner: str
    id: UUID
    action: str
    actor: str
    request_id: str
    touches: Sequence[str]
    needs: Sequence[str] = ()
    cluster_ids: Sequence[UUID] = ()
    asset_ids: Sequence[UUID] = ()
    before: dict[str, Any] = field(default_factory=dict)
    detail: dict[str, Any] = field(default_factory=dict)
    undoes: UUID | None = None


@dataclass(frozen=True)
class Recorded:
    """A decision as it stands in the catalogue."""

    number: int
    id: UUID
    action: str
    actor: str
    request_id: str
    at: datetime
    touches: list[str]
    cluster_ids: list[UUID]
    asset_ids: list[UUID]
    before: dict[str, Any]
    detail: dict[str, Any]
    undoes: UUID | None
    undone_by: UUID | None


_SELECT = (
    "SELECT d.number, d.id, d.action, d.actor, d.request_id, d.at, d.touches, d.cluster_ids,"
    " d.asset_ids, d.before, d.detail, d.undoes, u.id AS undone_by FROM decision d"
    " LEFT JOIN decision u ON u.owner = d.owner AND u.undoes = d.id WHERE d.owner = %(owner)s"
)


def record(connection: Connection, decision: Decision) -> None:
    """Put a decision down, for ever."""
    connection.execute(
        "INSERT INTO decision (owner, id, action, actor, request_id, touches, needs,"
        " cluster_ids, asset_ids, before, detail, undoes)"
        # As bytes: of ten thousand assets that takes a tenth of the time.
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %b, %s, %s, %s)",
        [
            decision.owner,
            decision.id,
            decision.action,
            decision.actor,
            decision.request_id,
            list(decision.touches),
            list(decision.needs),
            list(decision.cluster_ids),
            list(decision.asset_ids),
            Jsonb(decision.before),
            Jsonb(decision.detail),
            decision.undoes,
        ],
    )


def get(connection: Connection, owner: str, decision_id: UUID) -> Recorded | None:
    """The decision of that id."""
    row = connection.execute(
        _SELECT + " AND d.id = %(id)s", {"owner": owner, "id": decision_id}
    ).fetchone()
    return Recorded(**row) if row else None


def page(
    connection: Connection,
    owner: str,
    *,
    cluster_id: UUID | None = None,
    asset_id: UUID | None = None,
    action: str | None = None,
    after: int | None,
    limit: int,
) -> list[Recorded]:
    """Decisions, newest first, from beyond the number `after`.

    All, or those about a cluster, about an asset, or of one kind.
    """
    rows = connection.execute(
        _SELECT + " AND (%(cluster)s::uuid IS NULL OR d.cluster_ids @> ARRAY[%(cluster)s::uuid])"
        " AND (%(asset)s::uuid IS NULL OR d.asset_ids @> ARRAY[%(asset)s::uuid]"
        # A pair of duplicates stays where it is, and only the detail tells of its halves.
        " OR jsonb_path_exists(d.detail, '$.** ? (@ == $asset)',"
        " jsonb_build_object('asset', %(asset)s::text)))"
        " AND (%(action)s::text IS NULL OR d.action = %(action)s)"
        " AND (%(after)s::bigint IS NULL OR d.number < %(after)s)"
        " ORDER BY d.number DESC LIMIT %(limit)s",
        {
            "owner": owner,
            "cluster": cluster_id,
            "asset": asset_id,
            "action": action,
            "after": after,
            "limit": limit,
        },
    ).fetchall()
    return [Recorded(**row) for row in rows]


def depending(connection: Connection, owner: str, decision: Recorded) -> list[Recorded]:
    """Later decisions that stand on this one, the newest first; those undone do not."""
    rows = connection.execute(
        _SELECT + " AND d.number > %(number)s AND d.undoes IS NULL AND u.id IS NULL"
        " AND (d.touches && %(touches)s OR d.needs && %(touches)s"
        " OR d.asset_ids && %(asset_ids)b) ORDER BY d.number DESC LIMIT 10",
        {
            "owner": owner,
            "number": decision.number,
            "touches": decision.touches,
            "asset_ids": decision.asset_ids,
        },
    ).fetchall()
    return [Recorded(**row) for row in rows]


@dataclass(frozen=True)
class Holding:
    """A decision that holds whoever was in a cluster then, what it was before, and whether it
    stands."""

    number: int
    before: dict[str, Any]
    stands: bool


def holding(connection: Connection, owner: str, cluster_id: UUID) -> list[Holding]:
    """All that have held the members of this cluster, the newest first."""
    rows = connection.execute(
        "SELECT d.number, d.before, u.id IS NULL AS stands FROM decision d"
        " LEFT JOIN decision u ON u.owner = d.owner AND u.undoes = d.id"
        " WHERE d.owner = %(owner)s AND d.undoes IS NULL AND d.needs @> ARRAY[%(needs)s]"
        " AND d.action IN ('confirm', 'merge', 'split', 'move', 'link') ORDER BY d.number DESC",
        {"owner": owner, "needs": f"cluster:{cluster_id}"},
    ).fetchall()
    return [Holding(**row) for row in rows]
