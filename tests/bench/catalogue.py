"""A catalogue of very many assets, filled by COPY with the variety of a real library."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from mammothbox.storage.keys import incoming_key

OWNER = "ada"
OTHERS = ("bob", "eve", "grace")
TYPES = {
    "image": (("image/jpeg", 70), ("image/png", 20), ("image/heic", 10)),
    "video": (("video/mp4", 80), ("video/quicktime", 20)),
    "audio": (("audio/mpeg", 60), ("audio/flac", 40)),
    "json": (("application/json", 100),),
    "other": (("application/pdf", 50), ("text/plain", 40), ("application/zip", 10)),
}
KINDS = (("image", 60), ("video", 10), ("audio", 5), ("json", 20), ("other", 5))
PER_JOB = 20
_BEGIN = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Filled:
    """Some of what was filled in, to ask for."""

    asset_ids: list[UUID]
    job_ids: list[UUID]


def fill(url: str, assets: int) -> Filled:
    """Fill an empty catalogue: nine assets in ten are `OWNER`'s."""
    random.seed(7)
    rows = [_asset(number) for number in range(assets)]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET search_path = catalog, public")
        # Foreign keys are not checked one by one; every row below has what it refers to.
        connection.execute("SET session_replication_role = replica")
        for into, made in (
            (_JOB, (_job(row) for row in rows)),
            (_RAW, (_raw(row) for row in rows)),
            (_ASSET, (tuple(row.values()) for row in rows)),
            (_STAGE, (_stage(row) for row in rows)),
        ):
            _copy(connection, into, made)
        connection.execute("VACUUM ANALYZE job, asset_raw, asset, stage")
    mine = [row for row in rows if row["owner"] == OWNER]
    chosen = random.sample(mine, min(500, len(mine)))
    return Filled([row["id"] for row in chosen], [row["job_id"] for row in chosen])


_ASSET = (
    "asset (owner, id, job_id, ordinal, raw_id, status, kind, filename, content_type, size_bytes,"
    " sha256, verified, duplicate_of, collection, error_code, created_at, trashed_at)"
)
_JOB = "job (owner, id, request_id, source, objects, settled, failed, created_at, finished_at)"
_RAW = "asset_raw (owner, id, bucket, key, version_id, declared_size)"
_STAGE = "stage (owner, asset_id, name, state, attempt, request_id, queued_at, finished_at)"
# Job `n` is that of the assets from `n` on which share its owner; it is recorded with the first.
_JOBS = 1 << 100
_ASSETS = 2 << 100


def _asset(number: int) -> dict[str, Any]:
    owner = OWNER if number % 10 else OTHERS[number // 10 % len(OTHERS)]
    job = number if owner != OWNER else number - number % PER_JOB + 1
    kind = _pick(KINDS)
    status = _pick((("ready", 96), ("duplicate", 3), ("failed", 1)))
    if number < PER_JOB or owner != OWNER:
        status = "ready"
    return {
        "owner": owner,
        "id": UUID(int=_ASSETS + number),
        "job_id": UUID(int=_JOBS + job),
        "ordinal": number % PER_JOB,
        "raw_id": UUID(int=_ASSETS + number),
        "status": status,
        "kind": kind,
        "filename": f"file-{number}",
        "content_type": _pick(TYPES[kind]),
        "size_bytes": number + 1,
        "sha256": f"{number:064x}",
        "verified": True,
        "duplicate_of": UUID(int=_ASSETS + 1) if status == "duplicate" else None,
        "collection": f"collection-{number % 50}" if kind == "json" else None,
        "error_code": "decoder_crashed" if status == "failed" else None,
        "created_at": _BEGIN + timedelta(seconds=number * 60),
        "trashed_at": _BEGIN if random.random() < 0.01 and number > PER_JOB else None,
    }


def _job(row: dict[str, Any]) -> tuple[object, ...] | None:
    if row["owner"] == OWNER and row["ordinal"] != 1:
        return None
    objects = PER_JOB - 2 if row["owner"] == OWNER else 1
    at = row["created_at"]
    return (row["owner"], row["job_id"], "request", "upload", objects, objects, 0, at, at)


def _raw(row: dict[str, Any]) -> tuple[object, ...]:
    key = incoming_key(row["owner"], row["id"])
    return (row["owner"], row["raw_id"], "mammothbox-raw", key, row["filename"], 1)


def _stage(row: dict[str, Any]) -> tuple[object, ...]:
    at = row["created_at"]
    return (row["owner"], row["id"], "intake", "done", 1, "request", at, at)


def _pick(weighted: tuple[tuple[str, int], ...]) -> str:
    names, weights = zip(*weighted, strict=True)
    return str(random.choices(names, weights)[0])


def _copy(
    connection: psycopg.Connection, into: str, rows: Iterable[tuple[object, ...] | None]
) -> None:
    with connection.cursor().copy(f"COPY {into} FROM STDIN".encode()) as copy:
        for row in rows:
            if row is not None:
                copy.write_row(row)
