"""Raw objects: what a client declared, and what intake observed, once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from mammothbox.catalog.connection import Connection


@dataclass(frozen=True)
class NewRaw:
    """Bytes that are announced or have just been found."""

    owner: str
    id: UUID
    bucket: str
    key: str
    version_id: str | None = None
    declared_content_type: str | None = None
    declared_size: int | None = None
    declared_sha256: str | None = None


@dataclass(frozen=True)
class Observed:
    """What the bytes turned out to be. Without `sha256` they were too many to hash."""

    version_id: str
    size_bytes: int
    sha256: str | None
    crc64nvme: str | None


@dataclass(frozen=True)
class RawObject:
    """Where one version lies."""

    bucket: str
    key: str
    version_id: str | None


def insert(connection: Connection, raws: Sequence[NewRaw]) -> None:
    """Record raw objects; those on record stay as they are."""
    connection.cursor().executemany(
        "INSERT INTO asset_raw (owner, id, bucket, key, version_id, declared_content_type,"
        " declared_size, declared_sha256) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT DO NOTHING",
        [
            (
                raw.owner,
                raw.id,
                raw.bucket,
                raw.key,
                raw.version_id,
                raw.declared_content_type,
                raw.declared_size,
                raw.declared_sha256,
            )
            for raw in raws
        ],
    )


def observe(connection: Connection, owner: str, raw_id: UUID, observed: Observed) -> None:
    """Fill in what was observed; a second observation changes nothing."""
    connection.execute(
        "UPDATE asset_raw SET version_id = %(version_id)s, size_bytes = %(size_bytes)s,"
        " sha256 = %(sha256)s, crc64nvme = %(crc64nvme)s, observed_at = now()"
        " WHERE owner = %(owner)s AND id = %(id)s AND observed_at IS NULL",
        {**vars(observed), "owner": owner, "id": raw_id},
    )


def begin_multipart(
    connection: Connection, owner: str, raw_id: UUID, upload_id: str, part_size: int
) -> str | None:
    """Note the upload's id unless another call was first, and return the one that stands.

    `None` when nothing is waited for any more: the bytes have come, or were erased.
    """
    row = connection.execute(
        "UPDATE asset_raw SET multipart_upload_id = coalesce(multipart_upload_id, %s),"
        " multipart_part_size = coalesce(multipart_part_size, %s)"
        " WHERE owner = %s AND id = %s AND observed_at IS NULL"
        " RETURNING multipart_upload_id",
        [upload_id, part_size, owner, raw_id],
    ).fetchone()
    return row["multipart_upload_id"] if row else None


def unfinished_uploads(connection: Connection, upload_ids: Sequence[str]) -> set[str]:
    """Those of S3's open uploads, of every owner, that somebody may still complete."""
    rows = connection.execute(
        "SELECT multipart_upload_id FROM asset_raw JOIN asset"
        " ON asset.owner = asset_raw.owner AND asset.raw_id = asset_raw.id"
        " WHERE multipart_upload_id = ANY(%s) AND asset.status = 'awaiting_upload'",
        [list(upload_ids)],
    ).fetchall()
    return {row["multipart_upload_id"] for row in rows}


def known_versions(
    connection: Connection, bucket: str, versions: Sequence[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Which of these keys and versions, of every owner, are on record."""
    rows = connection.execute(
        "SELECT key, version_id FROM asset_raw WHERE bucket = %s AND (key, version_id) IN ("
        "SELECT * FROM unnest(%s::text[], %s::text[]))",
        [bucket, [key for key, _ in versions], [version for _, version in versions]],
    ).fetchall()
    return {(row["key"], row["version_id"]) for row in rows}


def delete_if_unused(connection: Connection, owner: str, raw_id: UUID) -> None:
    """Forget a raw object that no asset refers to any more."""
    connection.execute(
        "DELETE FROM asset_raw WHERE owner = %(owner)s AND id = %(id)s"
        " AND NOT EXISTS (SELECT FROM asset WHERE owner = %(owner)s AND raw_id = %(id)s)",
        {"owner": owner, "id": raw_id},
    )
