"""Assets: what the library holds, from the first announcement to its settled state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mammothbox.catalog import jobs
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.raws import RawObject


@dataclass(frozen=True)
class NewAsset:
    """An asset about to be recorded."""

    owner: str
    id: UUID
    job_id: UUID
    ordinal: int
    raw_id: UUID
    status: str = "awaiting_upload"
    filename: str | None = None
    content_type: str | None = None
    size_bytes: int | None = None
    collection: str | None = None
    comments: str | None = None


@dataclass(frozen=True)
class Asset:
    """An asset with the raw object behind it."""

    owner: str
    id: UUID
    job_id: UUID
    ordinal: int
    raw_id: UUID
    status: str
    kind: str | None
    filename: str | None
    content_type: str | None
    size_bytes: int | None
    sha256: str | None
    verified: bool
    duplicate_of: UUID | None
    collection: str | None
    # Of JSON: which collection its group of equal bytes is about.
    sent_to: str
    comments: str | None
    rating: int | None
    error_code: str | None
    error_detail: str | None
    error_retryable: bool | None
    created_at: datetime
    updated_at: datetime
    settled_at: datetime | None
    trashed_at: datetime | None
    request_id: str
    bucket: str
    key: str
    version_id: str | None
    declared_content_type: str | None
    declared_size: int | None
    declared_sha256: str | None
    multipart_upload_id: str | None
    multipart_part_size: int | None
    crc64nvme: str | None

    @property
    def raw(self) -> RawObject:
        return RawObject(self.bucket, self.key, self.version_id)


@dataclass(frozen=True)
class Sniffed:
    """What intake learned of the content."""

    kind: str
    content_type: str
    size_bytes: int
    sha256: str | None


@dataclass(frozen=True)
class Settled:
    """An asset that has just changed to a final state."""

    status: str
    duplicate_of: UUID | None
    kind: str | None
    job_id: UUID
    created_at: datetime
    # When its bytes were first heard of, the first time that it settles.
    arrived_at: datetime | None = None


SELECT = (
    "SELECT a.owner, a.id, a.job_id, a.ordinal, a.raw_id, a.status, a.kind, a.filename,"
    " a.content_type, a.size_bytes, a.sha256, a.verified, a.duplicate_of, a.collection,"
    " a.sent_to, a.comments, a.rating, a.error_code, a.error_detail, a.error_retryable,"
    " a.created_at, a.updated_at, a.settled_at, a.trashed_at, j.request_id, r.bucket,"
    " r.key, r.version_id, r.declared_content_type, r.declared_size, r.declared_sha256,"
    " r.multipart_upload_id, r.multipart_part_size, r.crc64nvme"
    " FROM asset a"
    " JOIN job j ON j.owner = a.owner AND j.id = a.job_id"
    " JOIN asset_raw r ON r.owner = a.owner AND r.id = a.raw_id"
)


def insert(connection: Connection, assets: Sequence[NewAsset]) -> None:
    """Record assets; those on record stay as they are."""
    connection.cursor().executemany(
        "INSERT INTO asset (owner, id, job_id, ordinal, raw_id, status, filename, content_type,"
        " size_bytes, collection, comments) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT DO NOTHING",
        [
            (
                asset.owner,
                asset.id,
                asset.job_id,
                asset.ordinal,
                asset.raw_id,
                asset.status,
                asset.filename,
                asset.content_type,
                asset.size_bytes,
                asset.collection,
                asset.comments,
            )
            for asset in assets
        ],
    )


def get(connection: Connection, owner: str, asset_id: UUID) -> Asset | None:
    """The asset, in the trash or not. One whose purge has begun is gone."""
    row = connection.execute(
        SELECT + " WHERE a.owner = %s AND a.id = %s AND a.purging_at IS NULL", [owner, asset_id]
    ).fetchone()
    return Asset(**row) if row else None


def of_job(connection: Connection, owner: str, job_id: UUID) -> list[Asset]:
    """The job's assets in the order they were asked for, without purged ones."""
    rows = connection.execute(
        SELECT + " WHERE a.owner = %s AND a.job_id = %s AND a.purging_at IS NULL"
        " ORDER BY a.ordinal",
        [owner, job_id],
    ).fetchall()
    return [Asset(**row) for row in rows]


def on_record(connection: Connection, assets: Sequence[tuple[str, UUID]]) -> set[tuple[str, UUID]]:
    """Which of these owners' assets there are, those that are being purged among them."""
    rows = connection.execute(
        "SELECT owner, id FROM asset"
        " WHERE (owner, id) IN (SELECT * FROM unnest(%s::text[], %s::uuid[]))",
        [[owner for owner, _ in assets], [asset_id for _, asset_id in assets]],
    ).fetchall()
    return {(row["owner"], row["id"]) for row in rows}


def lock(connection: Connection, owner: str, asset_id: UUID) -> None:
    """Take turns with everyone else who settles this asset. Foreign keys may refer to it."""
    connection.execute(
        "SELECT 1 FROM asset WHERE owner = %s AND id = %s FOR NO KEY UPDATE", [owner, asset_id]
    )


def begin(connection: Connection, owner: str, asset_id: UUID, *, status: str) -> None:
    """Show that work goes on. An asset that is ready, or a duplicate, stays so."""
    connection.execute(
        "UPDATE asset SET status = %s, error_code = NULL, error_detail = NULL,"
        " error_retryable = NULL, updated_at = now() WHERE owner = %s AND id = %s"
        " AND status IN ('awaiting_upload', 'queued', 'processing', 'failed')",
        [status, owner, asset_id],
    )


def sniffed(connection: Connection, owner: str, asset_id: UUID, found: Sniffed) -> None:
    """Record what the content is."""
    connection.execute(
        "UPDATE asset SET kind = %(kind)s, content_type = %(content_type)s,"
        " size_bytes = %(size_bytes)s, sha256 = %(sha256)s, updated_at = now()"
        " WHERE owner = %(owner)s AND id = %(id)s",
        {**vars(found), "owner": owner, "id": asset_id},
    )


def settle(connection: Connection, owner: str, asset_id: UUID) -> Settled | None:
    """Settle the asset if nothing is left to do: no stage of it goes on that matters.

    It becomes ready, or failed if a stage that matters has failed for good, unless it is a
    duplicate. The first time, its job counts it. `None` when there is something left, or when
    it was settled already.
    """
    row = connection.execute(
        "WITH before AS (SELECT settled_at IS NULL AS first, status = 'duplicate' AS is_duplicate"
        " FROM asset WHERE owner = %(owner)s AND id = %(id)s FOR NO KEY UPDATE), fault AS ("
        "SELECT error_code AS code, coalesce(error_detail, '') AS detail, state = 'dead' AS again"
        " FROM stage WHERE owner = %(owner)s AND asset_id = %(id)s AND NOT optional"
        " AND (state = 'dead' OR (state = 'failed' AND NOT retryable))"
        " ORDER BY finished_at DESC LIMIT 1)"
        " UPDATE asset SET settled_at = coalesce(settled_at, now()), updated_at = now(),"
        " status = CASE WHEN is_duplicate THEN status WHEN fault.code IS NULL THEN 'ready'"
        " ELSE 'failed' END,"
        " error_code = CASE WHEN NOT is_duplicate THEN fault.code END,"
        " error_detail = CASE WHEN NOT is_duplicate THEN fault.detail END,"
        " error_retryable = CASE WHEN NOT is_duplicate THEN fault.again END"
        " FROM before LEFT JOIN fault ON true WHERE owner = %(owner)s AND id = %(id)s"
        " AND (status IN ('queued', 'processing') OR (status = 'duplicate' AND before.first))"
        " AND NOT EXISTS (SELECT FROM stage WHERE owner = %(owner)s AND asset_id = %(id)s"
        " AND NOT optional AND (state IN ('queued', 'running') OR (state = 'failed'"
        " AND retryable)))"
        " RETURNING before.first, status, duplicate_of, kind, job_id, created_at,"
        " CASE WHEN before.first THEN (SELECT min(queued_at) FROM stage"
        " WHERE owner = %(owner)s AND asset_id = %(id)s) END AS arrived_at",
        {"owner": owner, "id": asset_id},
    ).fetchone()
    return _counted(connection, owner, row)


def fail(
    connection: Connection, owner: str, asset_id: UUID, *, code: str, detail: str, retryable: bool
) -> Settled | None:
    """Make the asset failed, unless an earlier result stands; a duplicate stays one, settled."""
    row = connection.execute(
        "WITH before AS (SELECT settled_at IS NULL AS first, status = 'duplicate' AS is_duplicate"
        " FROM asset WHERE owner = %(owner)s AND id = %(id)s FOR NO KEY UPDATE)"
        " UPDATE asset SET status = CASE WHEN is_duplicate THEN status ELSE 'failed' END,"
        " error_code = CASE WHEN NOT is_duplicate THEN %(code)s END,"
        " error_detail = CASE WHEN NOT is_duplicate THEN %(detail)s END,"
        " error_retryable = CASE WHEN NOT is_duplicate THEN %(retryable)s END,"
        " settled_at = coalesce(settled_at, now()), updated_at = now()"
        " FROM before WHERE owner = %(owner)s AND id = %(id)s"
        " AND (status NOT IN ('ready', 'duplicate', 'failed') OR (is_duplicate AND first))"
        " RETURNING before.first, status, duplicate_of, kind, job_id, created_at",
        {"owner": owner, "id": asset_id, "code": code, "detail": detail, "retryable": retryable},
    ).fetchone()
    return _counted(connection, owner, row)


def _counted(connection: Connection, owner: str, row: dict[str, object] | None) -> Settled | None:
    if row is None:
        return None
    first = row.pop("first")
    settled = Settled(**row)  # type: ignore[arg-type]
    if first:
        jobs.settle(connection, owner, settled.job_id, failed=settled.status == "failed")
    return settled


def awaiting_upload(
    connection: Connection, older_than_s: int, after: UUID | None, limit: int
) -> list[Asset]:
    """Announced uploads of every owner of which nothing was heard for a while, by id."""
    rows = connection.execute(
        SELECT + " WHERE a.status = 'awaiting_upload'"
        " AND a.created_at < now() - make_interval(secs => %s)"
        " AND (%s::uuid IS NULL OR a.id > %s) ORDER BY a.id LIMIT %s",
        [older_than_s, after, after, limit],
    ).fetchall()
    return [Asset(**row) for row in rows]


def describe(
    connection: Connection, owner: str, asset_id: UUID, values: Mapping[str, str | int | None]
) -> None:
    """Put down what a hand says: `comments` and `rating`, where `values` has them."""
    connection.execute(
        "UPDATE asset SET updated_at = now(),"
        " comments = CASE WHEN %(has_comments)s THEN %(comments)s ELSE comments END,"
        " rating = CASE WHEN %(has_rating)s THEN %(rating)s::smallint ELSE rating END"
        " WHERE owner = %(owner)s AND id = %(id)s",
        {
            "has_comments": "comments" in values,
            "comments": values.get("comments"),
            "has_rating": "rating" in values,
            "rating": values.get("rating"),
            "owner": owner,
            "id": asset_id,
        },
    )


def collect(connection: Connection, owner: str, asset_id: UUID, collection: str) -> None:
    """Put down which collection the asset is in: of JSON, where its documents went."""
    connection.execute(
        "UPDATE asset SET collection = %(collection)s, updated_at = now()"
        " WHERE owner = %(owner)s AND id = %(id)s AND collection IS DISTINCT FROM %(collection)s",
        {"collection": collection, "owner": owner, "id": asset_id},
    )
