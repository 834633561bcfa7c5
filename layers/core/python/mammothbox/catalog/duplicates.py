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


def reopen(connection: Connection, owner: str, decision: UUID) -> list[UUID]:
    """Nobody has decided about what that decision was about; returns the halves.

    That is one pair, and the same of another asset with the same bytes.
    """
    rows = connection.execute(
        "UPDATE duplicate SET state = 'open', keeper = NULL, decision = NULL, decided_at = NULL"
        " WHERE owner = %s AND decision = %s AND state IN ('confirmed', 'dismissed')"
        " RETURNING asset_a, asset_b",
        [owner, decision],
    ).fetchall()
    return sorted({half for row in rows for half in (row["asset_a"], row["asset_b"])})


def hand_over(connection: Connection, owner: str, asset_id: UUID, heir: UUID) -> None:
    """What a hand said of this one's pairs counts for the heir of its bytes.

    A pair of this one that was dismissed is one of the heir, dismissed; and the heir yields to what
    this one yields to. What yields to this one does not yield to the heir, which lacks what this
    one got by it. What a hand said of the heir itself stays as it is.
    """
    heirs = {pair.other_than(heir): pair for pair in of_asset(connection, owner, heir)}
    for pair in of_asset(connection, owner, asset_id):
        other = pair.other_than(asset_id)
        there = heirs.get(other)
        if (
            pair.state == "open"
            or pair.keeper == asset_id
            or other == heir
            or (there is not None and there.state != "open")
        ):
            continue
        if there is None:
            _give(connection, owner, pair, asset_id, heir)
        else:
            _say_the_same(connection, owner, pair, there)


def _give(connection: Connection, owner: str, pair: Pair, asset_id: UUID, heir: UUID) -> None:
    other = pair.other_than(asset_id)
    connection.execute(
        "UPDATE duplicate SET asset_a = %s, asset_b = %s, suggested = %s"
        " WHERE owner = %s AND id = %s",
        [
            min(heir, other),
            max(heir, other),
            other if pair.suggested == other else heir,
            owner,
            pair.id,
        ],
    )


def _say_the_same(connection: Connection, owner: str, pair: Pair, there: Pair) -> None:
    connection.execute(
        "UPDATE duplicate SET state = %s, keeper = %s, decision = %s, decided_at = %s"
        " WHERE owner = %s AND id = %s",
        [pair.state, pair.keeper, pair.decision, pair.decided_at, owner, there.id],
    )


def is_yielding(connection: Connection, owner: str, asset_id: UUID) -> bool:
    """Whether a hand said that another is kept in its place."""
    row = connection.execute(
        "SELECT 1 FROM duplicate"
        " WHERE owner = %s AND yielding = %s AND state = 'confirmed' LIMIT 1",
        [owner, asset_id],
        prepare=True,
    ).fetchone()
    return row is not None


def yields_to(connection: Connection, owner: str, asset_id: UUID, keeper: UUID) -> bool:
    """Whether the asset yields to `keeper`, directly or through others.

    All with the same bytes are one here: which of them is the original may change.
    """
    row = connection.execute(
        "WITH RECURSIVE above (id) AS (SELECT %(id)s::uuid UNION SELECT each.id FROM above"
        " CROSS JOIN LATERAL (SELECT d.keeper AS id FROM duplicate d WHERE d.owner = %(owner)s"
        "   AND d.yielding = above.id AND d.state = 'confirmed'"
        "  UNION ALL SELECT a.duplicate_of FROM asset a WHERE a.owner = %(owner)s"
        "   AND a.id = above.id AND a.duplicate_of IS NOT NULL"
        "  UNION ALL SELECT a.id FROM asset a WHERE a.owner = %(owner)s"
        "   AND a.duplicate_of = above.id) each)"
        " SELECT 1 FROM above WHERE id = %(keeper)s",
        {"owner": owner, "id": asset_id, "keeper": keeper},
    ).fetchone()
    return row is not None
