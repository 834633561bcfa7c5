"""Jobs: what one request or one drop brought, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from mammothbox.catalog.connection import Connection

Source = Literal["upload", "ingest", "drop"]


@dataclass(frozen=True)
class NewJob:
    """A job about to be recorded."""

    owner: str
    id: UUID
    request_id: str
    source: Source
    objects: int
    comments: str | None = None
    idempotency_key: str | None = None
    request_digest: bytes | None = None


@dataclass(frozen=True)
class Job:
    """A job on record. Once `finished_at` is set nothing of it changes."""

    id: UUID
    request_id: str
    source: Source
    objects: int
    settled: int
    failed: int
    comments: str | None
    request_digest: bytes | None
    created_at: datetime
    finished_at: datetime | None


_SELECT = (
    "SELECT id, request_id, source, objects, settled, failed, comments, request_digest,"
    " created_at, finished_at FROM job"
)


def insert(connection: Connection, job: NewJob) -> bool:
    """Record the job. `False` when one with the same id or idempotency key stands already.

    Of callers at the same time one gets `True`; the others wait until it has committed.
    """
    row = connection.execute(
        "INSERT INTO job (owner, id, request_id, source, objects, comments, idempotency_key,"
        " request_digest) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT DO NOTHING RETURNING id",
        [
            job.owner,
            job.id,
            job.request_id,
            job.source,
            job.objects,
            job.comments,
            job.idempotency_key,
            job.request_digest,
        ],
    ).fetchone()
    return row is not None


def get(connection: Connection, owner: str, job_id: UUID) -> Job | None:
    row = connection.execute(_SELECT + " WHERE owner = %s AND id = %s", [owner, job_id]).fetchone()
    return Job(**row) if row else None


def by_idempotency_key(connection: Connection, owner: str, key: str) -> Job | None:
    row = connection.execute(
        _SELECT + " WHERE owner = %s AND idempotency_key = %s", [owner, key]
    ).fetchone()
    return Job(**row) if row else None


def settle(connection: Connection, owner: str, job_id: UUID, *, failed: bool) -> None:
    """Count one more object as settled; the last one finishes the job."""
    connection.execute(
        "UPDATE job SET settled = settled + 1, failed = failed + %(failed)s,"
        " finished_at = CASE WHEN settled + 1 = objects THEN now() END"
        " WHERE owner = %(owner)s AND id = %(id)s",
        {"owner": owner, "id": job_id, "failed": int(failed)},
    )


def forget_comments(connection: Connection, owner: str, job_id: UUID) -> None:
    """Drop the client's words once nothing of the job is left."""
    connection.execute(
        "UPDATE job SET comments = NULL WHERE owner = %(owner)s AND id = %(id)s"
        " AND NOT EXISTS (SELECT FROM asset WHERE owner = %(owner)s AND job_id = %(id)s)",
        {"owner": owner, "id": job_id},
    )
