"""How an asset leaves: into the trash and back, or for good, first hidden and then forgotten."""

from __future__ import annotations

from uuid import UUID

from mammothbox.catalog import assets
from mammothbox.catalog.assets import Asset
from mammothbox.catalog.connection import Connection


def trash(connection: Connection, owner: str, asset_id: UUID) -> None:
    """Put the asset into the trash; it stays where it is if it is there."""
    connection.execute(
        "UPDATE asset SET trashed_at = coalesce(trashed_at, now()), updated_at = now()"
        " WHERE owner = %s AND id = %s",
        [owner, asset_id],
    )


def restore(connection: Connection, owner: str, asset_id: UUID) -> None:
    """Take the asset out of the trash."""
    connection.execute(
        "UPDATE asset SET trashed_at = NULL, updated_at = now() WHERE owner = %s AND id = %s",
        [owner, asset_id],
    )


def begin_purge(connection: Connection, owner: str, asset_id: UUID) -> None:
    """From here on the asset is gone for everyone; its bytes follow.

    It lets go of its original, which may be erased before it.
    """
    connection.execute(
        "UPDATE asset SET purging_at = now(), duplicate_of = NULL,"
        " status = CASE status WHEN 'duplicate' THEN 'ready' ELSE status END"
        " WHERE owner = %s AND id = %s",
        [owner, asset_id],
    )


def in_purge(connection: Connection, owner: str, asset_id: UUID) -> Asset | None:
    """The asset whose purge has begun, and no other."""
    row = connection.execute(
        assets.SELECT + " WHERE a.owner = %s AND a.id = %s AND a.purging_at IS NOT NULL",
        [owner, asset_id],
    ).fetchone()
    return Asset(**row) if row else None


def purging(connection: Connection, older_than_s: int, limit: int) -> list[Asset]:
    """Assets of every owner whose purge began and did not come to its end."""
    rows = connection.execute(
        assets.SELECT + " WHERE a.purging_at < now() - make_interval(secs => %s)"
        " ORDER BY a.purging_at LIMIT %s",
        [older_than_s, limit],
    ).fetchall()
    return [Asset(**row) for row in rows]


def raw_is_shared(connection: Connection, asset: Asset) -> bool:
    """Whether another asset, not being purged itself, needs the same bytes."""
    row = connection.execute(
        "SELECT 1 FROM asset WHERE owner = %s AND raw_id = %s AND id <> %s"
        " AND purging_at IS NULL LIMIT 1",
        [asset.owner, asset.raw_id, asset.id],
    ).fetchone()
    return row is not None


def delete(connection: Connection, owner: str, asset_id: UUID) -> None:
    """Forget the asset, with its stages."""
    connection.execute("DELETE FROM asset WHERE owner = %s AND id = %s", [owner, asset_id])
