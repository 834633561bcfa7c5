"""The catalogue: its migrations, what each role may do, and that each question has an index."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from mammothbox.catalog import api_keys, asset_list, assets, jobs, lineage, shown, stages
from mammothbox.catalog.asset_list import AssetFilter, Position
from mammothbox.catalog.connection import Connection, Database
from mammothbox.catalog.migrate import FOLDER, MigrationError, migrate, read_migrations
from mammothbox.searching.filters import Box
from psycopg import errors, sql
from psycopg.rows import dict_row

from infra.local.postgres import DatabaseUrls, Server

NAMES = [path.stem for path in sorted(FOLDER.glob("*.sql"))]
ROLES = ("app", "worker", "operator", "ddl")
_numbers = count()


@pytest.fixture
def empty_urls(postgres_server: Server) -> Iterator[DatabaseUrls]:
    """A database without any migration."""
    name = f"bare_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{next(_numbers)}"
    postgres_server.create_database(name, template="template0")
    yield postgres_server.urls(name)
    postgres_server.drop_database(name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two small migrations of our own."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_first.sql").write_text("CREATE TABLE one (id int);")
    (folder / "0002_second.sql").write_text("CREATE TABLE two AS SELECT 2 AS id;")
    return folder


def query(url: str, statement: str, *values: Any, **settings: str) -> list[dict[str, Any]]:
    """Run a statement in a transaction of its own, with these settings."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        for name, value in settings.items():
            connection.execute("SELECT set_config(%s, %s, true)", [name.replace("__", "."), value])
        cursor = connection.execute(statement.encode(), values)
        return cursor.fetchall() if cursor.description else []


def tables(urls: DatabaseUrls) -> set[str]:
    rows = query(urls.superuser, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return {row["tablename"] for row in rows}


def applied(urls: DatabaseUrls) -> list[int]:
    rows = query(urls.superuser, "SELECT number FROM public.migration ORDER BY number")
    return [row["number"] for row in rows]


# --- migrations


def test_a_fresh_database_gets_all_migrations_and_then_none(empty_urls: DatabaseUrls) -> None:
    assert migrate(empty_urls.superuser) == NAMES
    assert migrate(empty_urls.superuser) == []
    assert applied(empty_urls) == list(range(1, len(NAMES) + 1))


def test_migrations_at_once_apply_each_file_once(empty_urls: DatabaseUrls) -> None:
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(migrate, [empty_urls.superuser] * 4))

    assert sorted(done) == [[], [], [], NAMES]


def test_databases_of_one_server_are_migrated_at_once(postgres_server: Server) -> None:
    names = [f"beside_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{n}" for n in range(3)]
    for name in names:
        postgres_server.create_database(name, template="template0")
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(migrate, [postgres_server.urls(name).superuser for name in names]))
    for name in names:
        postgres_server.drop_database(name)

    assert done == [NAMES] * 3


def test_a_new_migration_is_applied_alone(empty_urls: DatabaseUrls, folder: Path) -> None:
    migrate(empty_urls.superuser, folder)
    (folder / "0003_third.sql").write_text("CREATE TABLE three (id int);")

    assert migrate(empty_urls.superuser, folder) == ["0003_third"]


def test_an_edited_migration_is_refused(empty_urls: DatabaseUrls, folder: Path) -> None:
    migrate(empty_urls.superuser, folder)
    (folder / "0001_first.sql").write_text("CREATE TABLE one (id bigint);")
    (folder / "0003_third.sql").write_text("CREATE TABLE three (id int);")

    with pytest.raises(MigrationError, match=r"0001_first was edited .* new migration"):
        migrate(empty_urls.superuser, folder)
    assert "three" not in tables(empty_urls)


@pytest.mark.parametrize("missing", ["0001_first", "0002_second"])
def test_a_missing_migration_is_refused(
    empty_urls: DatabaseUrls, folder: Path, missing: str
) -> None:
    migrate(empty_urls.superuser, folder)
    (folder / f"{missing}.sql").unlink()

    with pytest.raises(MigrationError, match=r"missing|without gap"):
        migrate(empty_urls.superuser, folder)
    assert applied(empty_urls) == [1, 2]


def test_the_last_missing_migration_is_named(empty_urls: DatabaseUrls, folder: Path) -> None:
    migrate(empty_urls.superuser, folder)
    (folder / "0002_second.sql").unlink()

    with pytest.raises(MigrationError, match=r"0002_second was applied .* missing"):
        migrate(empty_urls.superuser, folder)


def test_a_version_that_is_taken_back_leaves_a_newer_database_alone(
    empty_urls: DatabaseUrls, folder: Path
) -> None:
    migrate(empty_urls.superuser, folder)
    (folder / "0002_second.sql").unlink()

    assert migrate(empty_urls.superuser, folder, may_be_newer=True) == []
    assert applied(empty_urls) == [1, 2]
    (folder / "0001_first.sql").write_text("CREATE TABLE one (id bigint);")
    with pytest.raises(MigrationError, match="0001_first was edited"):
        migrate(empty_urls.superuser, folder, may_be_newer=True)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("0004_gap.sql", "without gap"),
        ("0002_again.sql", "without gap or repeat"),
        ("third.sql", "NNNN_what_it_does"),
        ("3_third.sql", "NNNN_what_it_does"),
        ("0003_Third.sql", "NNNN_what_it_does"),
        ("0003-third.sql", "NNNN_what_it_does"),
    ],
)
def test_bad_names_are_refused_before_anything_happens(
    empty_urls: DatabaseUrls, folder: Path, name: str, says: str
) -> None:
    (folder / name).write_text("SELECT 1;")

    with pytest.raises(MigrationError, match=says):
        migrate(empty_urls.superuser, folder)
    assert tables(empty_urls) == set()


def test_a_failed_migration_leaves_nothing_and_can_be_mended(
    empty_urls: DatabaseUrls, folder: Path
) -> None:
    third = folder / "0003_third.sql"
    third.write_text("CREATE TABLE three (id int); SELECT 1 / 0;")

    with pytest.raises(errors.DivisionByZero):
        migrate(empty_urls.superuser, folder)

    assert tables(empty_urls) == {"migration", "one", "two"}
    assert applied(empty_urls) == [1, 2]
    third.write_text("CREATE TABLE three (id int);")
    assert migrate(empty_urls.superuser, folder) == ["0003_third"]


def test_line_ends_do_not_matter_to_whoever_checks_out(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "copy")

    assert [one.checksum for one in read_migrations(tmp_path / "copy")] == [
        one.checksum for one in read_migrations()
    ]


# --- roles


def put_job(urls: DatabaseUrls, owner: str) -> UUID:
    """One job with one asset of an owner, by the worker."""
    identifier = UUID(int=next(_numbers) + 1)
    for statement in (
        "INSERT INTO job (owner, id, request_id, source, objects)"
        " VALUES (%s, %s, 'r', 'upload', 1)",
        "INSERT INTO asset_raw (owner, id, bucket, key) VALUES (%s, %s, 'b', gen_random_uuid())",
    ):
        query(urls.worker, statement, owner, identifier)
    query(
        urls.worker,
        "INSERT INTO asset (owner, id, job_id, ordinal, raw_id, status)"
        " VALUES (%s, %s, %s, 0, %s, 'queued')",
        owner,
        *[identifier] * 3,
    )
    query(
        urls.worker,
        "INSERT INTO lineage (owner, request_id, event, actor, asset_id)"
        " VALUES (%s, 'r', 'asset.announced', 'test', %s)",
        owner,
        identifier,
    )
    return identifier


def catalogue_tables(urls: DatabaseUrls) -> list[str]:
    rows = query(urls.superuser, "SELECT tablename FROM pg_tables WHERE schemaname = 'catalog'")
    return [row["tablename"] for row in rows]


def test_app_has_no_right_on_any_table(database_urls: DatabaseUrls) -> None:
    names = catalogue_tables(database_urls)
    assert len(names) >= 8
    for name in names:
        rows = query(
            database_urls.superuser,
            "SELECT privilege FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE',"
            " 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS privilege"
            " WHERE has_table_privilege('app', 'catalog.' || quote_ident(%s), privilege)",
            name,
        )
        assert rows == [], name
        with pytest.raises(errors.InsufficientPrivilege):
            query(database_urls.app, f"SELECT * FROM catalog.{name}")


def test_every_view_of_app_checks_the_owner(database_urls: DatabaseUrls) -> None:
    views = query(
        database_urls.superuser,
        "SELECT table_name, check_option, view_definition, is_updatable, is_insertable_into"
        " FROM information_schema.views WHERE table_schema = 'owned'",
    )

    # Spaces belong to the house: nobody who sees them sees an owner's things by that.
    owners = [view for view in views if view["table_name"] != "embedding_space"]
    assert len(owners) >= 12
    for view in owners:
        # What joins tables cannot be written to at all.
        read_only = view["is_updatable"] == view["is_insertable_into"] == "NO"
        assert view["check_option"] == "CASCADED" or read_only, view["table_name"]
        assert "current_setting('app.owner'" in view["view_definition"]


def test_app_sees_its_owner_alone(database_urls: DatabaseUrls) -> None:
    ada, _ = put_job(database_urls, "ada"), put_job(database_urls, "eve")

    for view in ("job", "asset", "asset_raw"):
        rows = query(database_urls.app, f"SELECT id FROM {view}", app__owner="ada")
        assert [row["id"] for row in rows] == [ada], view
    seen = query(database_urls.app, "SELECT DISTINCT owner FROM lineage", app__owner="ada")
    assert seen == [{"owner": "ada"}]
    assert query(database_urls.app, "SELECT * FROM asset", app__owner="nobody") == []


def test_what_a_foreign_key_asks_is_planned_once_and_not_for_each_row(
    database_urls: DatabaseUrls,
) -> None:
    """Or to merge two large clusters would take twice as long."""
    identifier = put_job(database_urls, "ada")
    # Who looks into the server's memory is nobody less.
    with closing(Database(database_urls.superuser)) as database, database.transaction() as ours:
        ours.execute(
            "INSERT INTO catalog.stage (owner, asset_id, name, state, request_id)"
            " SELECT 'ada', %s, 'step ' || n, 'queued', 'r' FROM generate_series(1, 20) n",
            [identifier],
        )
        kept = ours.execute(
            "SELECT ident FROM pg_backend_memory_contexts WHERE name = 'CachedPlan'"
            " AND ident LIKE 'SELECT 1 FROM ONLY%FOR KEY SHARE%'"
        ).fetchall()

    assert len(kept) == 1


@pytest.mark.parametrize("view", ["job", "asset", "asset_raw", "stage", "lineage", "outbox"])
def test_app_reads_nothing_before_it_says_for_whom(database_urls: DatabaseUrls, view: str) -> None:
    put_job(database_urls, "ada")

    with pytest.raises(errors.UndefinedObject, match=r"app\.owner"):
        query(database_urls.app, f"SELECT * FROM {view}")


def test_the_owner_is_forgotten_with_the_transaction(database_urls: DatabaseUrls) -> None:
    put_job(database_urls, "ada")
    database = Database(database_urls.app)
    with closing(database):
        with database.transaction("ada") as connection:
            assert len(connection.execute("SELECT id FROM asset").fetchall()) == 1
        with database.session() as connection:
            # Postgres remembers the name of the setting, and no owner is called ''.
            assert connection.execute("SELECT id FROM asset").fetchall() == []


def test_app_cannot_write_for_another_owner(database_urls: DatabaseUrls) -> None:
    mine, theirs = put_job(database_urls, "ada"), put_job(database_urls, "eve")
    insert = (
        "INSERT INTO job (owner, id, request_id, source, objects)"
        " VALUES ('eve', gen_random_uuid(), 'r', 'upload', 1)"
    )

    with pytest.raises(errors.WithCheckOptionViolation):
        query(database_urls.app, insert, app__owner="ada")
    with pytest.raises(errors.WithCheckOptionViolation):
        give_away = "UPDATE job SET owner = 'eve' WHERE id = %s"
        other = UUID(int=10**6)
        query(
            database_urls.app,
            "INSERT INTO job (owner, id, request_id, source, objects)"
            " VALUES ('ada', %s, 'r', 'upload', 1)",
            other,
            app__owner="ada",
        )
        query(database_urls.app, give_away, other, app__owner="ada")
    query(database_urls.app, "DELETE FROM asset WHERE id = %s", theirs, app__owner="ada")
    query(database_urls.app, "UPDATE asset SET comments = 'x'", app__owner="ada")
    rows = query(database_urls.worker, "SELECT id, comments FROM asset ORDER BY owner")
    assert rows == [{"id": mine, "comments": "x"}, {"id": theirs, "comments": None}]


@pytest.mark.parametrize("role", [*ROLES, "superuser"])
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET event = 'x'", "DELETE FROM {}", "TRUNCATE {}"]
)
def test_nobody_rewrites_history(database_urls: DatabaseUrls, role: str, statement: str) -> None:
    put_job(database_urls, "ada")
    table = "owned.lineage" if role == "app" else "catalog.lineage"

    refusals = (
        errors.InsufficientPrivilege,
        errors.IntegrityConstraintViolation,
        errors.WrongObjectType,
    )
    with pytest.raises(refusals):
        query(getattr(database_urls, role), statement.format(table), app__owner="ada")
    assert len(query(database_urls.worker, "SELECT id FROM lineage")) == 1


@pytest.mark.parametrize("role", ["worker", "app", "superuser"])
def test_what_was_observed_never_changes(database_urls: DatabaseUrls, role: str) -> None:
    identifier = put_job(database_urls, "ada")
    table = "owned.asset_raw" if role == "app" else "catalog.asset_raw"
    url = getattr(database_urls, role)
    observe = f"UPDATE {table} SET size_bytes = 1, observed_at = now() WHERE id = %s"

    query(url, observe, identifier, app__owner="ada")

    for change in ("size_bytes = 2", "key = 'other'", "observed_at = NULL", "sha256 = NULL"):
        with pytest.raises(errors.IntegrityConstraintViolation, match="never changes"):
            query(url, f"UPDATE {table} SET {change} WHERE id = %s", identifier, app__owner="ada")


@pytest.mark.parametrize("change", ["key = 'x'", "bucket = 'x'", "id = gen_random_uuid()"])
def test_the_identity_of_bytes_never_changes(database_urls: DatabaseUrls, change: str) -> None:
    put_job(database_urls, "ada")

    with pytest.raises((errors.IntegrityConstraintViolation, errors.ForeignKeyViolation)):
        query(database_urls.worker, f"UPDATE asset_raw SET {change}")


def test_ddl_makes_tables_in_its_schema_and_nowhere_else(database_urls: DatabaseUrls) -> None:
    query(database_urls.ddl, "CREATE TABLE docs_x (id int); INSERT INTO docs_x VALUES (1)")
    assert query(database_urls.ddl, "SELECT id FROM collections.docs_x") == [{"id": 1}]

    for statement in (
        *(f"CREATE TABLE {schema}.x (id int)" for schema in ("catalog", "owned", "public")),
        "CREATE SCHEMA x",
        *(f"SELECT * FROM catalog.{name}" for name in catalogue_tables(database_urls)),
        "SELECT * FROM owned.asset",
        "SELECT * FROM owned.authenticate('x')",
        "DROP TABLE catalog.asset",
    ):
        with pytest.raises(errors.InsufficientPrivilege):
            query(database_urls.ddl, statement)


@pytest.mark.parametrize("role", ROLES)
def test_no_role_is_more_than_it_must_be(database_urls: DatabaseUrls, role: str) -> None:
    (row,) = query(
        database_urls.superuser,
        "SELECT rolsuper, rolcreaterole, rolcreatedb, rolbypassrls FROM pg_roles"
        " WHERE rolname = %s",
        role,
    )

    assert not any(row.values())
    for statement in ("CREATE TABLE public.x (id int)", "SELECT * FROM pg_authid"):
        with pytest.raises(errors.InsufficientPrivilege):
            query(getattr(database_urls, role), statement)


def test_keys_are_looked_up_through_one_door(database_urls: DatabaseUrls) -> None:
    key = api_keys.create(database_urls.superuser, owner="ada", role="viewer", name="test")
    database = Database(database_urls.app)

    with closing(database):
        found = api_keys.find(database, key)
        assert found is not None
        assert (found.owner, found.role, found.expired, found.revoked) == (
            "ada",
            "viewer",
            False,
            False,
        )
        assert api_keys.find(database, key + "x") is None
    for role in ROLES:
        with pytest.raises(errors.InsufficientPrivilege):
            query(getattr(database_urls, role), "SELECT * FROM catalog.api_key")
    for role in ("worker", "operator", "ddl"):
        with pytest.raises(errors.InsufficientPrivilege):
            query(getattr(database_urls, role), "SELECT * FROM owned.authenticate('x')")
    # A trigger's function cannot be called.
    functions = query(
        database_urls.superuser,
        "SELECT proname FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace"
        " WHERE prosecdef AND prorettype <> 'trigger'::regtype"
        " AND nspname IN ('owned', 'catalog', 'public', 'collections')",
    )
    assert functions == [{"proname": "authenticate"}]


# --- plans

# 20,000 assets of four owners.
FILL = """
INSERT INTO job (owner, id, request_id, source, objects, created_at)
SELECT 'owner-' || n % 4, md5('job' || n)::uuid, 'r', 'upload', 10,
       '2026-01-01'::timestamptz + n * interval '1 min'
FROM generate_series(0, 1999) n;
INSERT INTO asset_raw (owner, id, bucket, key, version_id)
SELECT 'owner-' || n % 4, md5('asset' || n)::uuid, 'b', 'k' || n, 'v'
FROM generate_series(0, 19999) n;
INSERT INTO asset (owner, id, job_id, ordinal, raw_id, status, kind, content_type, size_bytes,
                   sha256, verified, duplicate_of, collection, trashed_at, created_at, error_code)
SELECT 'owner-' || n % 4, md5('asset' || n)::uuid,
       md5('job' || n % 2000)::uuid, n / 2000, md5('asset' || n)::uuid,
       CASE WHEN n % 50 = 7 THEN 'failed' WHEN n % 40 = 4 THEN 'duplicate'
            WHEN n % 100 = 3 THEN 'awaiting_upload' ELSE 'ready' END,
       (ARRAY['image', 'video', 'audio', 'json', 'other'])[1 + n % 5],
       (ARRAY['image/png', 'video/mp4', 'audio/mpeg', 'application/json'])[1 + (n / 7) % 4],
       n, encode(sha256(n::text::bytea), 'hex'), n % 40 <> 4,
       CASE WHEN n % 40 = 4 AND n % 50 <> 7 THEN md5('asset' || n - n % 40)::uuid END,
       CASE WHEN n % 3 = 0 THEN 'collection-' || n % 30 END,
       CASE WHEN n % 60 = 1 THEN now() END,
       '2026-01-01'::timestamptz + n * interval '1 min',
       CASE WHEN n % 50 = 7 THEN 'broken' END
FROM generate_series(0, 19999) n;
INSERT INTO stage (owner, asset_id, name, state, request_id)
SELECT owner, id, 'intake', 'done', 'r' FROM asset;
INSERT INTO embedding_space (name, model, weights_sha256, dimension, state)
VALUES ('a-space', 'm', '0', 3, 'active');
INSERT INTO media (owner, asset_id, everything, taken_at, latitude, longitude)
SELECT owner, id, '{}', created_at, size_bytes % 90, size_bytes % 180 FROM asset
WHERE kind IN ('image', 'video');
INSERT INTO tag (owner, asset_id, label, source, space, asset_created_at)
SELECT owner, id, label, 'zero-shot', space, created_at FROM asset,
       (VALUES ('everywhere', ''), ('everywhere', 'a-space'), ('tenth', 'a-space'),
               ('rare', 'a-space'), ('tenth', 'another-space')) AS said (label, space)
WHERE label = 'everywhere' OR (label = 'tenth' AND size_bytes % 40 = 0)
   OR (label = 'rare' AND size_bytes % 2000 = 0);
INSERT INTO caption (owner, asset_id, caption, visible_text, model, tokens, at)
SELECT owner, id, 'c', '', 'm', 1, now() FROM asset WHERE kind = 'image';
INSERT INTO derivative (owner, asset_id, name, content_type, width, height, size_bytes)
SELECT owner, id, name, 'image/webp', 1, 1, 1 FROM asset, unnest(ARRAY['a', 'b', 'c']) name
WHERE kind = 'image';
INSERT INTO embedding (owner, asset_id, space_id, frame, vector)
SELECT a.owner, a.id, s.id, 0, '[1,2,3]' FROM asset a, embedding_space s WHERE kind = 'image';
INSERT INTO lineage (owner, request_id, asset_id, event, actor)
SELECT owner, 'r', id, event, 'test' FROM asset, unnest(ARRAY['a', 'b', 'c']) event;
"""
TABLES = (
    "job",
    "asset_raw",
    "asset",
    "stage",
    "media",
    "tag",
    "caption",
    "derivative",
    "embedding",
    "lineage",
)
OWNER = "owner-0"
ASSET = UUID("05a3ba74-8f9d-94f9-1ba4-e2dbfd3f214b")
JOB = UUID("b857e495-b136-ee0e-1f2e-e30b2f200195")
MIDDLE = datetime(2026, 1, 7, tzinfo=UTC)


@pytest.fixture(scope="module")
def filled_urls(postgres_server: Server) -> Iterator[DatabaseUrls]:
    """A catalogue of several owners, with the statistics a running server has of it."""
    name = f"filled_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    postgres_server.create_database(name, template="migrated")
    urls = postgres_server.urls(name)
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        connection.execute("SET search_path = catalog, public")
        connection.execute(FILL.encode())
        for table in TABLES:
            connection.execute(sql.SQL("VACUUM ANALYZE {}").format(sql.Identifier(table)))
    yield urls
    postgres_server.drop_database(name)


class Explaining:
    """A connection that, instead of answering, keeps the plan of each statement."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.plans: list[dict[str, Any]] = []

    def execute(self, statement: str, values: Any) -> psycopg.Cursor[Any]:
        explain = "EXPLAIN (FORMAT json) " + statement
        (row,) = self._connection.execute(explain.encode(), values).fetchall()
        self.plans.append(row["QUERY PLAN"][0]["Plan"])
        return self._connection.execute(statement.encode(), values)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from nodes(inner)


def plans_as_app(urls: DatabaseUrls, ask: Callable[[Any], object]) -> list[dict[str, Any]]:
    database = Database(urls.app)
    with closing(database), database.transaction(OWNER) as connection:
        explaining = Explaining(connection)
        ask(explaining)
    return explaining.plans


FILTERS = {
    "nothing": AssetFilter(),
    "kind": AssetFilter(kind="image"),
    "status": AssetFilter(status="failed"),
    "status that is rare": AssetFilter(status="awaiting_upload"),
    "status that nothing has": AssetFilter(status="processing"),
    "content type": AssetFilter(content_type="image/png"),
    "content type that nothing has": AssetFilter(content_type="image/webp"),
    "collection": AssetFilter(collection="collection-12"),
    "collection that nothing is in": AssetFilter(collection="none"),
    "hash": AssetFilter(sha256="ab" * 32),
    "job": AssetFilter(job_id=JOB),
    "duplicates of one": AssetFilter(duplicate_of=ASSET),
    "trash": AssetFilter(trashed=True),
    "from": AssetFilter(created_from=MIDDLE),
    "to": AssetFilter(created_to=MIDDLE),
    "a day": AssetFilter(created_from=MIDDLE, created_to=MIDDLE + timedelta(days=1)),
    "kind and status": AssetFilter(kind="video", status="ready"),
    "type and status": AssetFilter(content_type="image/png", status="ready"),
    "no duplicates": AssetFilter(duplicates="exclude"),
    "only duplicates": AssetFilter(duplicates="only"),
    "a tag that all have": AssetFilter(tag="everywhere"),
    "a tag that some have": AssetFilter(tag="tenth"),
    "a tag that few have": AssetFilter(tag="rare"),
    "a tag that none has": AssetFilter(tag="none"),
    "a tag and a kind": AssetFilter(tag="everywhere", kind="image"),
    "taken on a day": AssetFilter(
        taken_from=datetime(2026, 1, 7), taken_to=datetime(2026, 1, 7, 12)
    ),
    "a small part of the map": AssetFilter(box=Box(west=10, south=10, east=11, north=11)),
}
# What is as small as one job or one group of duplicates may be sorted.
FEW = 200


@pytest.mark.parametrize("after", [None, Position(MIDDLE, ASSET)], ids=["first", "later"])
@pytest.mark.parametrize("wanted", FILTERS.values(), ids=FILTERS)
def test_every_list_has_an_index(
    filled_urls: DatabaseUrls, wanted: AssetFilter, after: Position | None
) -> None:
    (plan,) = plans_as_app(
        filled_urls, lambda connection: asset_list.page(connection, OWNER, wanted, after, 50)
    )

    _assert_short(plan)


@pytest.mark.parametrize(
    "ask",
    [
        lambda connection: assets.get(connection, OWNER, ASSET),
        lambda connection: stages.of_assets(connection, OWNER, [ASSET]),
        lambda connection: shown.of_assets(connection, OWNER, [ASSET]),
        lambda connection: jobs.get(connection, OWNER, JOB),
        lambda connection: assets.of_job(connection, OWNER, JOB),
        lambda connection: jobs.by_idempotency_key(connection, OWNER, "key"),
        lambda connection: lineage.of_asset(connection, OWNER, ASSET, 0, 100),
        lambda connection: lineage.of_asset(connection, OWNER, ASSET, 5000, 100),
    ],
    ids=[
        "get",
        "its stages",
        "its media",
        "job",
        "its assets",
        "idempotency key",
        "lineage",
        "lineage later",
    ],
)
def test_every_look_has_an_index(
    filled_urls: DatabaseUrls, ask: Callable[[Connection], object]
) -> None:
    for plan in plans_as_app(filled_urls, ask):
        _assert_short(plan)


def _assert_short(plan: dict[str, Any]) -> None:
    shown = json.dumps(plan, indent=1)
    for node in nodes(plan):
        assert node["Node Type"] != "Seq Scan", shown
        if "Sort" in node["Node Type"]:
            assert node["Plans"][0]["Plan Rows"] <= FEW, shown
