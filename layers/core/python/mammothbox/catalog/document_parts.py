"""Pieces of JSON files, and the documents in them that could not be kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from mammothbox.catalog.connection import Connection

# Why a contract keeps a document out.
CONTRACT_CODES = ("schema_frozen", "row_discarded")
# How many documents of `asset a` were not kept, whatever the reason.
REFUSED = (
    "(SELECT coalesce(sum(coalesce(p.refused, 0) + p.kept_out), 0) FROM document_part p"
    " WHERE p.owner = a.owner AND p.asset_id = a.id)"
)


@dataclass(frozen=True)
class Part:
    """A piece of a file: bytes of the original, or of what was `unpacked` from it."""

    owner: str
    asset_id: UUID
    part: int
    collection_id: UUID
    unpacked: str | None
    first_byte: int
    end_byte: int


@dataclass(frozen=True)
class Refused:
    """A document that could not be kept: its place in the file, and why."""

    position: int
    code: str
    detail: str


def plan(connection: Connection, parts: Sequence[Part]) -> bool:
    """Put an asset's pieces on record; those on record stay as they are.

    Committed before a piece is read, so that a purge knows where to look for its documents.
    False when the asset is being purged, or is gone.
    """
    found = connection.execute(
        "SELECT 1 FROM asset WHERE owner = %s AND id = %s AND purging_at IS NULL FOR SHARE",
        [parts[0].owner, parts[0].asset_id],
    ).fetchone()
    if found is None:
        return False
    connection.cursor().executemany(
        "INSERT INTO document_part (owner, asset_id, part, collection_id, unpacked, first_byte,"
        " end_byte) VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        [
            (
                part.owner,
                part.asset_id,
                part.part,
                part.collection_id,
                part.unpacked,
                part.first_byte,
                part.end_byte,
            )
            for part in parts
        ],
    )
    return True


def get(connection: Connection, owner: str, asset_id: UUID, part: int) -> Part | None:
    row = connection.execute(
        "SELECT owner, asset_id, part, collection_id, unpacked, first_byte, end_byte"
        " FROM document_part WHERE owner = %s AND asset_id = %s AND part = %s",
        [owner, asset_id, part],
    ).fetchone()
    return Part(**row) if row else None


def last(connection: Connection, owner: str, asset_id: UUID) -> Part | None:
    """The asset's piece with the greatest number, but for a whole that was never read."""
    row = connection.execute(
        "SELECT owner, asset_id, part, collection_id, unpacked, first_byte, end_byte"
        " FROM document_part WHERE owner = %s AND asset_id = %s"
        " AND (part > 0 OR documents IS NOT NULL) ORDER BY part DESC LIMIT 1",
        [owner, asset_id],
    ).fetchone()
    return Part(**row) if row else None


def collections_of(connection: Connection, owner: str, asset_id: UUID) -> list[UUID]:
    """Where documents of the asset are."""
    rows = connection.execute(
        "SELECT DISTINCT collection_id FROM document_part WHERE owner = %s AND asset_id = %s",
        [owner, asset_id],
    ).fetchall()
    return sorted(row["collection_id"] for row in rows)


def was_read(connection: Connection, collection_id: UUID, owner: str, asset_id: UUID) -> bool:
    """Whether documents of the asset have ever been looked at for the collection."""
    row = connection.execute(
        "SELECT 1 FROM document_part WHERE owner = %s AND asset_id = %s AND collection_id = %s"
        " AND documents IS NOT NULL LIMIT 1",
        [owner, asset_id, collection_id],
    ).fetchone()
    return row is not None


def count(connection: Connection, part: Part, documents: int) -> None:
    """Put down how many documents of a piece were kept."""
    connection.execute(
        "UPDATE document_part SET documents = %s WHERE owner = %s AND asset_id = %s AND part = %s",
        [documents, part.owner, part.asset_id, part.part],
    )


def refuse(connection: Connection, part: Part, refused: int, first: Sequence[Refused]) -> None:
    """Put down which documents of a piece were not kept, in place of an earlier reading's.

    Only the first of them are told one by one.
    """
    key = [part.owner, part.asset_id, part.part]
    connection.execute(
        "UPDATE document_part SET refused = %s WHERE owner = %s AND asset_id = %s AND part = %s",
        [refused, *key],
    )
    connection.execute(
        "DELETE FROM document_refusal WHERE owner = %s AND asset_id = %s AND part = %s"
        " AND code <> ALL(%s)",
        [*key, list(CONTRACT_CODES)],
    )
    _tell(connection, part, first)


def keep_out(connection: Connection, part: Part, count: int, first: Sequence[Refused]) -> None:
    """Put down which documents the contract of the collection kept out, as `refuse` does."""
    key = [part.owner, part.asset_id, part.part]
    connection.execute(
        "UPDATE document_part SET kept_out = %s WHERE owner = %s AND asset_id = %s AND part = %s",
        [count, *key],
    )
    connection.execute(
        "DELETE FROM document_refusal WHERE owner = %s AND asset_id = %s AND part = %s"
        " AND code = ANY(%s)",
        [*key, list(CONTRACT_CODES)],
    )
    _tell(connection, part, first)


def refused(connection: Connection, owner: str, asset_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many documents of each of these assets were not kept."""
    rows = connection.execute(
        "SELECT a.id, " + REFUSED + " AS refused FROM asset a"
        " WHERE a.owner = %s AND a.id = ANY(%s)",
        [owner, list(asset_ids)],
    ).fetchall()
    return {row["id"]: row["refused"] for row in rows}


def first_refused(connection: Connection, owner: str, asset_id: UUID, limit: int) -> list[Refused]:
    """The first documents of the asset that were not kept, as far as they are told one by one."""
    rows = connection.execute(
        "SELECT position, code, detail FROM document_refusal WHERE owner = %s AND asset_id = %s"
        " ORDER BY part, position LIMIT %s",
        [owner, asset_id, limit],
    ).fetchall()
    return [Refused(**row) for row in rows]


def note_copies(connection: Connection, owner: str, asset_id: UUID) -> None:
    """The asset, back from the trash, may be a duplicate: its documents may be there twice."""
    connection.execute(
        "UPDATE collection SET has_copies = true WHERE owner = %(owner)s AND id IN (SELECT"
        " collection_id FROM document_part WHERE owner = %(owner)s AND asset_id = %(asset_id)s)",
        {"owner": owner, "asset_id": asset_id},
    )


def _tell(connection: Connection, part: Part, first: Sequence[Refused]) -> None:
    connection.cursor().executemany(
        "INSERT INTO document_refusal (owner, asset_id, part, position, code, detail)"
        " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        [
            (part.owner, part.asset_id, part.part, one.position, one.code, one.detail)
            for one in first
        ],
    )
