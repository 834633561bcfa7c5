"""Pairs of pictures that look like the same one: found by machines, decided by people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mammothbox.catalog.connection import Connection


@dataclass(frozen=True)
class Evidence:
    """Why two pictures look the same, and which of them is worth keeping, and why that one."""

    distance: int
    features: float
    cosine: float
    colours: float | None
    detail: float | None
    suggested: UUID
    reason: str


@dataclass(frozen=True)
class Pair:
    """A pair as it stands. `state` is open, confirmed or dismissed; only a confirmed pair has a
    keeper, and the other one yields to it."""

    id: UUID
    asset_a: UUID
    asset_b: UUID
    state: str
    distance: int
    features: float
    cosine: float
    colours: float | None
    detail: float | None
    suggested: UUID
    reason: str
    keeper: UUID | None
    yielding: UUID | None
    found_at: datetime
    decided_at: datetime | None
    decision: UUID | None

    def other_than(self, asset_id: UUID) -> UUID:
        """The other half."""
        return self.asset_b if asset_id == self.asset_a else self.asset_a


_SELECT = (
    "SELECT id, asset_a, asset_b, state, distance, features, cosine, colours, detail,"
    " suggested, reason, keeper, yielding, found_at, decided_at, decision"
    " FROM duplicate WHERE owner = %(owner)s"
)


def get(connection: Connection, owner: str, pair_id: UUID) -> Pair | None:
    """The pair of that id."""
    row = connection.execute(
        _SELECT + " AND id = %(id)s", {"owner": owner, "id": pair_id}
    ).fetchone()
    return Pair(**row) if row else None


def of_asset(connection: Connection, owner: str, asset_id: UUID) -> list[Pair]:
    """All pairs that the asset is a half of."""
    rows = connection.execute(
        _SELECT + " AND asset_a = %(id)s UNION ALL " + _SELECT + " AND asset_b = %(id)s",
        {"owner": owner, "id": asset_id},
    ).fetchall()
    return [Pair(**row) for row in rows]


def put_down(
    connection: Connection,
    owner: str,
    asset_id: UUID,
    found: Sequence[tuple[UUID, UUID, Evidence]],
) -> None:
    """Put down pairs of the asset: an id for a new one, the other half, and the evidence.

    An open pair that is there already gets the new evidence; a decided one stays as it is.
    """
    connection.cursor().executemany(
        "INSERT INTO duplicate (owner, id, asset_a, asset_b, distance, features, cosine,"
        " colours, detail, suggested, reason) VALUES (%(owner)s, %(id)s, %(a)s, %(b)s,"
        " %(distance)s, %(features)s, %(cosine)s, %(colours)s, %(detail)s, %(suggested)s,"
        " %(reason)s) ON CONFLICT (owner, asset_a, asset_b) DO UPDATE"
        " SET distance = excluded.distance, features = excluded.features,"
        " cosine = excluded.cosine, colours = excluded.colours,"
        " detail = excluded.detail, suggested = excluded.suggested, reason = excluded.reason"
        " WHERE duplicate.state = 'open'",
        [
            {
                **vars(evidence),
                "owner": owner,
                "id": pair_id,
                "a": min(asset_id, other),
                "b": max(asset_id, other),
            }
            for pair_id, other, evidence in found
        ],
    )


def forget(connection: Connection, owner: str, pair_ids: Sequence[UUID]) -> None:
    """These pairs look the same no more. What people decided about stays."""
    connection.execute(
        "DELETE FROM duplicate WHERE owner = %s AND id = ANY(%s) AND state = 'open'",
        [owner, list(pair_ids)],
    )


def decide(
    connection: Connection, owner: str, pair_id: UUID, decision: UUID, *, keeper: UUID | None
) -> None:
    """The pair is the same picture, of which `keeper` is kept; without one it is dismissed."""
    connection.execute(
        "UPDATE duplicate SET state = CASE WHEN %(keeper)s::uuid IS NULL THEN 'dismissed'"
        " ELSE 'confirmed' END, keeper = %(keeper)s, decision = %(decision)s, decided_at = now()"
        " WHERE owner = %(owner)s AND id = %(id)s",
        {"keeper": keeper, "decision": decision, "owner": owner, "id": pair_id},
    )


def reopen(connection: Connection, owner: str, pair_id: UUID) -> None:
    """Nobody has decided about the pair."""
    connection.execute(
        "UPDATE duplicate SET state = 'open', keeper = NULL, decision = NULL, decided_at = NULL"
        " WHERE owner = %s AND id = %s",
        [owner, pair_id],
    )


def hand_over(connection: Connection, owner: str, asset_id: UUID, heir: UUID) -> None:
    """Of what a hand said is another picture than this one, the heir of its bytes is another, too.

    What the heir makes a pair with already stays as it is.
    """
    connection.execute(
        "UPDATE duplicate d SET asset_a = least(%(heir)s, half.other),"
        " asset_b = greatest(%(heir)s, half.other),"
        " suggested = CASE d.suggested WHEN %(id)s THEN %(heir)s ELSE d.suggested END"
        " FROM (SELECT id, CASE asset_a WHEN %(id)s THEN asset_b ELSE asset_a END AS other"
        "  FROM duplicate WHERE owner = %(owner)s AND state = 'dismissed'"
        "  AND %(id)s IN (asset_a, asset_b)) half"
        " WHERE d.owner = %(owner)s AND d.id = half.id AND half.other <> %(heir)s"
        " AND NOT EXISTS (SELECT FROM duplicate there WHERE there.owner = %(owner)s"
        "  AND there.asset_a = least(%(heir)s, half.other)"
        "  AND there.asset_b = greatest(%(heir)s, half.other))",
        {"owner": owner, "id": asset_id, "heir": heir},
    )


def yields_to(connection: Connection, owner: str, asset_id: UUID, keeper: UUID) -> bool:
    """Whether the asset yields to `keeper`, directly or through others."""
    row = connection.execute(
        "WITH RECURSIVE above AS (SELECT %(id)s::uuid AS id UNION"
        " SELECT d.keeper FROM above JOIN duplicate d ON d.owner = %(owner)s"
        " AND d.yielding = above.id AND d.state = 'confirmed')"
        " SELECT 1 FROM above WHERE id = %(keeper)s",
        {"owner": owner, "id": asset_id, "keeper": keeper},
    ).fetchone()
    return row is not None
