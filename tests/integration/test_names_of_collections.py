"""A collection is found by its name however that came, in libraries from before, too."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from mammothbox.catalog.migrate import FOLDER, migrate
from psycopg.rows import dict_row

from infra.local.postgres import DatabaseUrls, Server
from tests.house import House

# As a folder of macOS is called, with two spaces; and as people write it.
CAME = "Bu\u0308ro  2026"
NAME = "Büro 2026"


def test_a_name_that_came_written_otherwise_is_found_as_it_is_asked_for(house: House) -> None:
    client = house.client()
    house.put(f"drop/ada/{CAME}/one.ndjson", b'{"n": 1}\n')
    house.upload(client, b'{"n": 2}\n', filename="two.ndjson", collection=NAME)
    house.upload(client, b"a paper", filename="paper.txt", collection=f" {CAME} ")
    house.run_queues()

    (collection,) = client.get("/api/v1/collections").json()["items"]
    assert (collection["name"], collection["documents"]) == (NAME, 2)
    for name in (NAME, CAME):
        path = f"/api/v1/collections/{quote(name, safe='')}"
        assert client.get(path).json()["id"] == collection["id"]
        for asked in ({"query": f'collection:"{name}"'}, {"collection": name}):
            found = client.get("/api/v1/search", params=asked).json()["results"]
            assert len({one["id"] for one in found}) == 3
        assert len(client.get("/api/v1/objects", params={"collection": name}).json()["items"]) == 3


def test_a_name_that_functions_from_before_record_is_kept_as_it_is_asked_for(house: House) -> None:
    # Given JSON that older functions let through intake already, and files that are still to come,
    client = house.client()
    house.upload(client, b'{"n": 1}\n', collection=NAME)
    house.run_queues("intake")
    for content in (b'{"n": 2}\n', b"a paper"):
        house.upload(client, content, collection=NAME)
    house.rows(
        "UPDATE asset SET collection = %s, sent_to = replace(sent_to, %s, %s)", CAME, NAME, CAME
    )

    # when these functions take them up,
    house.run_queues()
    for content in (b'{"n": 1}\n', b'{"n": 2}\n'):
        house.upload(client, content, collection=NAME)
    house.run_queues()

    # then all are in the one collection that is asked for, and equal bytes are a group of it.
    (collection,) = client.get("/api/v1/collections").json()["items"]
    assert (collection["name"], collection["documents"]) == (NAME, 2)
    assert {row["collection"] for row in house.rows("SELECT collection FROM asset")} == {NAME}
    found = client.get("/api/v1/search", params={"collection": NAME}).json()["results"]
    assert len({one["id"] for one in found}) == 3
    statuses = house.rows("SELECT status FROM asset ORDER BY created_at")
    assert [row["status"] for row in statuses] == ["ready"] * 3 + ["duplicate"] * 2


@pytest.fixture
def before(postgres_server: Server, tmp_path: Path) -> Iterator[DatabaseUrls]:
    """A catalogue from before names were kept as they are asked for."""
    for path in FOLDER.glob("*.sql"):
        if path.name < "0023":
            shutil.copy(path, tmp_path)
    name = f"before_names_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    postgres_server.create_database(name, template="template0")
    urls = postgres_server.urls(name)
    migrate(urls.superuser, tmp_path)
    yield urls
    postgres_server.drop_database(name)


def rows(urls: DatabaseUrls, statement: str, *values: Any) -> list[dict[str, Any]]:
    with closing(psycopg.connect(urls.superuser, autocommit=True, row_factory=dict_row)) as open_:
        open_.execute("SET search_path = catalog, public")
        cursor = open_.execute(statement.encode(), values)
        return cursor.fetchall() if cursor.description else []


def test_names_from_before_become_what_they_are_asked_for_and_none_is_taken_twice(
    before: DatabaseUrls,
) -> None:
    long, grows = "x" * 119, "\u0958" * 128
    came = [NAME, CAME, f"{NAME} ", "attic\u202e", "\u3000", "plain"]
    came += [f"{long} y", f"{long}\u3000y", grows]
    for number, name in enumerate(came):
        rows(
            before,
            "INSERT INTO collection (owner, id, name, origin, docs_table)"
            " VALUES ('ada', gen_random_uuid(), %s, 'named', %s)",
            *(name, f"docs_{number}"),
        )
        rows(
            before,
            "INSERT INTO job (owner, id, request_id, source, objects)"
            " VALUES ('ada', %s, 'r', 'upload', 2)",
            *(f"{number:032x}",),
        )
        for ordinal, kind in enumerate(("json", "image")):
            rows(
                before,
                "WITH raw AS (INSERT INTO asset_raw (owner, id, bucket, key)"
                " VALUES ('ada', gen_random_uuid(), 'b', gen_random_uuid()::text) RETURNING id)"
                " INSERT INTO asset (owner, id, job_id, ordinal, raw_id, status, kind, collection,"
                " sent_to, sha256, verified) SELECT 'ada', id, %s, %s, id, 'ready', %s, %s, %s,"
                " repeat('a', 64), true FROM raw",
                *(f"{number:032x}", ordinal, kind, name, name + kind * (kind != "json")),
            )

    migrate(before.superuser)

    found = rows(before, "SELECT name FROM collection ORDER BY docs_table")
    names = [NAME, f"{NAME} 2", f"{NAME} 3", "attic", "\u3000", "plain"]
    names += [f"{long} y", f"{long} 2", grows]
    assert [row["name"] for row in found] == names
    by_kind = "SELECT collection, sent_to FROM asset WHERE kind = %s ORDER BY job_id"
    data = [(row["collection"], row["sent_to"]) for row in rows(before, by_kind, "json")]
    assert data == [(name, name) for name in names]
    files = [row["collection"] for row in rows(before, by_kind, "image")]
    assert files == [*[NAME] * 3, "attic", "\u3000", "plain", *[f"{long} y"] * 2, grows]
    assert len(rows(before, "SELECT 1 FROM searchable_walk")) == 1
