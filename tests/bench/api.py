"""The API through its Lambda handler, on a large catalogue, with AWS played by moto."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from typing import Any

import boto3
from mammothbox.catalog.migrate import migrate
from moto import mock_aws

from infra.local import postgres
from infra.topology import EVENT_BUS, LIBRARY_BUCKET, RAW_BUCKET, WORKERS
from tests.bench.catalogue import OWNER, fill
from tests.bench.figures import row, scratch_folder, timed
from tests.house import Context, House, event, forget_everything

LISTS: dict[str, dict[str, str]] = {
    "newest": {},
    "kind=image": {"kind": "image"},
    "status=failed": {"status": "failed"},
    "kind=video, status=failed": {"kind": "video", "status": "failed"},
    "content_type=audio/flac": {"content_type": "audio/flac"},
    "content_type, status=duplicate": {"content_type": "video/mp4", "status": "duplicate"},
    "collection": {"collection": "collection-25"},
    "duplicates=only": {"duplicates": "only"},
    "kind=json, duplicates=only": {"kind": "json", "duplicates": "only"},
    "a month": {"from": "2024-06-01T00:00:00Z", "to": "2024-07-01T00:00:00Z"},
    "a month, kind=audio, failed": {
        "from": "2024-06-01T00:00:00Z",
        "to": "2024-07-01T00:00:00Z",
        "kind": "audio",
        "status": "failed",
    },
    "trashed": {"trashed": "true"},
    "trashed, kind=audio": {"trashed": "true", "kind": "audio"},
    "no match (collection of images)": {"collection": "collection-1", "kind": "image"},
}


def run(assets: int) -> None:
    """Print what an upload's acknowledgement, status, get and lists take."""
    with _house(assets) as (call, filled):
        jobs, ids = cycle(filled.job_ids), cycle(filled.asset_ids)
        announced = {"filename": "a.jpg", "content_type": "image/jpeg", "size_bytes": 1000}
        one, many = {"files": [announced]}, {"files": [announced] * 100}
        row("POST /uploads, 1 file", timed(lambda: call("POST", "/uploads", body=one), 200))
        row("POST /uploads, 100 files", timed(lambda: call("POST", "/uploads", body=many), 20))
        row(
            "status of a job of 18", timed(lambda: call("GET", f"/ingest/{next(jobs)}/status"), 200)
        )
        row("get an object", timed(lambda: call("GET", f"/objects/{next(ids)}"), 200))
        for name, query in LISTS.items():
            _list(call, name, query)


def _list(call: Any, name: str, query: dict[str, str]) -> None:
    """The first page, and one far behind it if there is one."""
    row(f"list 50: {name}", timed(lambda: call("GET", "/objects", query), 100))
    cursor = None
    for _ in range(20):
        page = call("GET", "/objects", {**query, "limit": "200", **_at(cursor)})
        cursor = page["next_cursor"]
        if cursor is None:
            return
    deep = {**query, **_at(cursor)}
    row("  the page behind 4,000", timed(lambda: call("GET", "/objects", deep), 100))


def _at(cursor: str | None) -> dict[str, str]:
    return {"cursor": cursor} if cursor else {}


@contextmanager
def _house(assets: int) -> Iterator[Any]:
    with (
        scratch_folder() as folder,
        postgres.lease(folder / "pg") as server,
    ):
        server.create_database("bench")
        urls = server.urls("bench")
        migrate(urls.superuser)
        began = time.perf_counter()
        filled = fill(urls.superuser, assets)
        print(f"  {assets:,} assets filled in {time.perf_counter() - began:.0f} s")
        os.environ |= {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "DATABASE_URL": urls.app,
            "OPERATOR_DATABASE_URL": urls.operator,
            "RAW_BUCKET": RAW_BUCKET,
            "LIBRARY_BUCKET": LIBRARY_BUCKET,
            "EVENT_BUS": EVENT_BUS,
        }
        with mock_aws():
            forget_everything()
            house = House.build(urls, boto3.Session(), [worker.name for worker in WORKERS])
            os.environ |= house.environment()
            yield _caller(house.key("operator", OWNER)), filled
            forget_everything()


def _caller(key: str) -> Any:
    from functions.api.handler import handler

    template = json.loads(event("api_gateway_list_objects.json"))

    def call(method: str, path: str, query: dict[str, str] | None = None, body: Any = None) -> Any:
        request = {
            **template,
            "httpMethod": method,
            "path": f"/api/v1{path}",
            "queryStringParameters": query,
            "multiValueQueryStringParameters": {k: [v] for k, v in (query or {}).items()},
            "body": json.dumps(body) if body else None,
            "multiValueHeaders": {
                "authorization": [f"Bearer {key}"],
                "content-type": ["application/json"],
            },
        }
        answer = handler(request, Context())  # type: ignore[arg-type]
        if answer["statusCode"] >= 400:
            raise RuntimeError(answer["body"])
        return json.loads(answer["body"])

    return call
