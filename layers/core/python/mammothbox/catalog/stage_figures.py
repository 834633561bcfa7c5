"""How work goes: what ended when and how fast, and what failed and why.

Each is asked for one owner, or for several by an operator.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from mammothbox.catalog.connection import Connection


@dataclass(frozen=True)
class Ended:
    """What ended of one stage in the bucket from `at` on. Milliseconds are of the last attempt."""

    stage: str
    at: datetime
    ended: int
    failed: int
    median_ms: int | None
    p95_ms: int | None


@dataclass(frozen=True)
class Lately:
    """How many of one stage ended of late, and how many of these failed."""

    ended: int
    failed: int


@dataclass(frozen=True)
class Failing:
    """Stages that failed for the same reason, and the one that did last."""

    stage: str
    code: str
    failures: int
    dead: int
    retryable: bool
    last_seen: datetime
    owner: str
    asset_id: UUID
    detail: str


@dataclass(frozen=True)
class FailedStage:
    """A stage that failed, and of what."""

    asset_id: UUID
    filename: str | None
    kind: str | None
    collection: str | None
    space: str
    part: int
    state: str
    attempt: int
    retryable: bool
    code: str
    detail: str
    finished_at: datetime


# An unsuccessful stage of what is neither in the trash nor being erased.
_FAILED = (
    " FROM stage s JOIN asset a ON a.owner = s.owner AND a.id = s.asset_id"
    " AND a.trashed_at IS NULL AND a.purging_at IS NULL"
    " WHERE s.owner = ANY(%(owners)s) AND s.state IN ('failed', 'dead')"
)
# Each takes a look along an index.
_MOST_UNFINISHED = 10_000
# Trying again may help: its attempts were spent, or some are left.
_RETRYABLE = "(s.state = 'dead' OR s.retryable)"


def throughput(
    connection: Connection,
    owners: Sequence[str],
    begin: datetime,
    end: datetime,
    bucket: timedelta,
) -> list[Ended]:
    """What ended from `begin` on and before `end`, in buckets counted from midnight of UTC."""
    rows = connection.execute(
        "SELECT name AS stage, date_bin(%(bucket)s, finished_at, '2000-01-01Z') AS at,"
        " count(*) AS ended, count(*) FILTER (WHERE state <> 'done') AS failed,"
        " percentile_disc(0.5) WITHIN GROUP (ORDER BY milliseconds) AS median_ms,"
        " percentile_disc(0.95) WITHIN GROUP (ORDER BY milliseconds) AS p95_ms"
        " FROM stage WHERE owner = ANY(%(owners)s) AND finished_at >= %(begin)s"
        " AND finished_at < %(end)s AND state IN ('done', 'failed', 'dead')"
        " GROUP BY 1, 2 ORDER BY 2, 1",
        {"owners": list(owners), "begin": begin, "end": end, "bucket": bucket},
    ).fetchall()
    return [Ended(**row) for row in rows]


def lately(connection: Connection, owners: Sequence[str], since: datetime) -> dict[str, Lately]:
    """What has ended from `since` on, by stage."""
    rows = connection.execute(
        "SELECT name, count(*) AS ended, count(*) FILTER (WHERE state <> 'done') AS failed"
        " FROM stage WHERE owner = ANY(%(owners)s) AND finished_at >= %(since)s"
        " AND state IN ('done', 'failed', 'dead') GROUP BY name",
        {"owners": list(owners), "since": since},
    ).fetchall()
    return {row["name"]: Lately(row["ended"], row["failed"]) for row in rows}


def oldest_waiting(connection: Connection, owners: Sequence[str]) -> dict[str, datetime]:
    """Since when the oldest work waits, by stage: of the oldest objects that are not finished.

    It costs what is still to be done, however much was done before, and no more than a bounded
    part of that. What is optional, and what was revived of an object that has failed, may wait
    behind the back of this.
    """
    rows = connection.execute(
        "SELECT w.name, min(w.queued_at) AS since FROM ("
        "SELECT owner, id FROM asset WHERE owner = ANY(%(owners)s)"
        " AND status IN ('queued', 'processing') ORDER BY created_at LIMIT %(most)s) a"
        " CROSS JOIN LATERAL ("
        # A bound keeps it apart: a look along the primary key, never through the whole table.
        "SELECT s.name, s.queued_at FROM stage s WHERE s.owner = a.owner AND s.asset_id = a.id"
        " AND (s.state = 'queued' OR (s.state = 'failed' AND s.retryable)"
        " OR (s.state = 'running' AND s.lease_until < now())) OFFSET 0) w"
        " GROUP BY w.name",
        {"owners": list(owners), "most": _MOST_UNFINISHED},
    ).fetchall()
    return {row["name"]: row["since"] for row in rows}


def failing(connection: Connection, owners: Sequence[str], limit: int) -> list[Failing]:
    """Failures by stage and code, those seen last first."""
    rows = connection.execute(
        "WITH failing AS MATERIALIZED (SELECT s.name, s.error_code, count(*) AS failures,"
        " count(*) FILTER (WHERE s.state = 'dead') AS dead,"
        f" bool_or({_RETRYABLE}) AS retryable, max(s.finished_at) AS last_seen"
        + _FAILED
        + " GROUP BY 1, 2 ORDER BY last_seen DESC, 1, 2 LIMIT %(limit)s)"
        " SELECT f.name AS stage, f.error_code AS code, f.failures, f.dead, f.retryable,"
        " f.last_seen, l.owner, l.asset_id, coalesce(l.error_detail, '') AS detail"
        " FROM failing f CROSS JOIN LATERAL (SELECT s.owner, s.asset_id, s.error_detail"
        + _FAILED
        + " AND s.name = f.name AND s.error_code = f.error_code"
        " AND s.finished_at = f.last_seen LIMIT 1) l"
        " ORDER BY f.last_seen DESC, 1, 2",
        {"owners": list(owners), "limit": limit},
    ).fetchall()
    return [Failing(**row) for row in rows]


def failed(
    connection: Connection,
    owner: str,
    stage: str,
    code: str,
    *,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[FailedStage]:
    """The owner's stages of that name that failed for that reason, the last ones first.

    From beyond the asset of `after`. Of an asset that failed in several parts or spaces, the last
    one stands for all.
    """
    at, asset_id = after or (None, None)
    rows = connection.execute(
        "SELECT s.asset_id, a.filename, a.kind, a.collection, s.space, s.part, s.state, s.attempt,"
        f" coalesce({_RETRYABLE}, false) AS retryable, s.error_code AS code,"
        " coalesce(s.error_detail, '') AS detail, s.finished_at"
        + _FAILED
        + " AND s.name = %(stage)s AND s.error_code = %(code)s"
        " AND (%(at)s::timestamptz IS NULL"
        " OR (s.finished_at, s.asset_id) < (%(at)s, %(asset_id)s::uuid))"
        " AND NOT EXISTS (SELECT FROM stage t WHERE t.owner = s.owner AND t.asset_id = s.asset_id"
        " AND t.name = s.name AND t.error_code = s.error_code AND t.state IN ('failed', 'dead')"
        " AND (t.finished_at, t.space, t.part) > (s.finished_at, s.space, s.part))"
        " ORDER BY s.finished_at DESC, s.asset_id DESC LIMIT %(limit)s",
        {
            "owners": [owner],
            "stage": stage,
            "code": code,
            "at": at,
            "asset_id": asset_id,
            "limit": limit,
        },
    ).fetchall()
    return [FailedStage(**row) for row in rows]
