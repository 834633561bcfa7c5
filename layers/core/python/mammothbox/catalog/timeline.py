"""How much there is of each year, month or day, over the filters of a search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from psycopg import sql

from mammothbox.catalog import search_filter
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.document_parts import REFUSED
from mammothbox.searching.filters import NOTHING, Filters

Bucket = Literal["year", "month", "day"]


@dataclass(frozen=True)
class Counted:
    """What is of one year, month or day. `cover` is its newest picture or video, if it has one."""

    at: datetime
    count: int
    cover: UUID | None


# From one bucket to the one before, along the index of what is newest, which counts each by
# itself: of a million in a tenth of the time that putting all in their buckets takes.
_WALKED = sql.SQL(
    "WITH RECURSIVE walk AS ((SELECT date_trunc({bucket}, s.at) AS at FROM searchable s"
    " WHERE {conditions} ORDER BY s.at DESC LIMIT 1)"
    " UNION ALL SELECT (SELECT date_trunc({bucket}, s.at) FROM searchable s"
    "  WHERE {conditions} AND s.at < walk.at ORDER BY s.at DESC LIMIT 1)"
    " FROM walk WHERE walk.at IS NOT NULL),"
    " bucket AS MATERIALIZED (SELECT walk.at, (SELECT count(*) FROM searchable s"
    "  WHERE {conditions} AND s.at >= walk.at AND s.at < walk.at + {step}::interval) AS count"
    " FROM walk WHERE walk.at IS NOT NULL LIMIT %(limit)s)"
)
# Where other indexes find the few that match.
_PUT_TOGETHER = sql.SQL(
    "WITH bucket AS MATERIALIZED (SELECT date_trunc({bucket}, s.at) AS at, count(*) AS count"
    " FROM searchable s WHERE {conditions} GROUP BY 1 ORDER BY 1 DESC LIMIT %(limit)s)"
)
# Looked up by the index of what is newest, once for each bucket that is shown.
_WITH_COVERS = sql.SQL(
    " SELECT bucket.at, bucket.count,"
    " (SELECT s.asset_id FROM searchable s WHERE {conditions} AND s.at >= bucket.at"
    "  AND s.at < bucket.at + {step}::interval AND s.kind IN ('image', 'video')"
    "  ORDER BY s.at DESC, s.asset_id DESC LIMIT 1) AS cover"
    " FROM bucket ORDER BY bucket.at DESC"
)


def buckets(
    connection: Connection,
    owner: str,
    filters: Filters,
    bucket: Bucket,
    *,
    before: datetime | None,
    limit: int,
) -> Sequence[Counted]:
    """The latest `limit` buckets that anything falls into, behind the bucket `before`."""
    assert bucket in get_args(Bucket)  # noqa: S101 - the contract allows no other
    conditions, values = search_filter.conditions(filters)
    if before is not None:
        conditions = conditions + sql.SQL(" AND s.at < %(before)s::timestamp")
    is_about_time = replace(filters, at_from=None, at_to=None, duplicates="exclude") == NOTHING
    parts = {
        "bucket": sql.Literal(bucket),
        "conditions": conditions,
        "step": sql.Literal(f"1 {bucket}"),
    }
    buckets_of = _WALKED if is_about_time else _PUT_TOGETHER
    rows = connection.execute(
        buckets_of.format(**parts) + _WITH_COVERS.format(**parts),
        {**values, "owner": owner, "before": before, "limit": limit},
    ).fetchall()
    return [Counted(**row) for row in rows]


@dataclass(frozen=True)
class Standing:
    """What falls into a bucket, and how far it is. `documents_refused` as `shown.Shown` has it."""

    id: UUID
    status: str
    documents_refused: int


# Only of the part that is shown is looked up how it stands.
_OF_BUCKET = sql.SQL(
    "WITH part AS MATERIALIZED (SELECT s.asset_id, s.at FROM searchable s WHERE {conditions}"
    " AND s.at >= %(at)s::timestamp AND s.at < %(at)s::timestamp + {step}::interval"
    " ORDER BY s.at DESC, s.asset_id DESC OFFSET %(skip)s LIMIT %(limit)s)"
    " SELECT a.id, a.status, CASE WHEN a.kind = 'json' THEN {refused} ELSE 0 END"
    " AS documents_refused FROM part JOIN asset a ON a.owner = %(owner)s"
    " AND a.id = part.asset_id ORDER BY part.at DESC, a.id DESC"
)


def of_bucket(
    connection: Connection,
    owner: str,
    filters: Filters,
    bucket: Bucket,
    at: datetime,
    *,
    skip: int,
    limit: int,
) -> list[Standing]:
    """What falls into the bucket that begins at `at`, the newest first, from the `skip`th on.

    What is skipped is counted along the index, so that any part of a bucket is as near as its
    beginning: of a million, the end is found in a tenth of a second.
    """
    assert bucket in get_args(Bucket)  # noqa: S101 - the contract allows no other
    conditions, values = search_filter.conditions(filters)
    rows = connection.execute(
        _OF_BUCKET.format(
            conditions=conditions, step=sql.Literal(f"1 {bucket}"), refused=sql.SQL(REFUSED)
        ),
        {**values, "owner": owner, "at": at, "skip": skip, "limit": limit},
    ).fetchall()
    return [Standing(**row) for row in rows]
