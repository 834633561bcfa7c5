"""Collections of documents, and their typed tables: as little as those need, without any file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
from mammothbox.catalog import collections, document_tables, schema_defs, typed_tables
from mammothbox.catalog.collections import Collection
from mammothbox.catalog.connection import Database
from mammothbox.catalog.document_tables import TABLES, Place
from mammothbox.catalog.schema_defs import SchemaDef
from mammothbox.catalog.typed_columns import document_of
from mammothbox.documents import proposals
from mammothbox.documents.build import build
from mammothbox.documents.design import Column, TableDesign, from_json
from mammothbox.documents.naming import docs_table_name
from mammothbox.documents.proposals import By, Wanted
from mammothbox.documents.prove import prove
from mammothbox.documents.rollback import undo
from mammothbox.ids import new_id
from psycopg import sql
from psycopg.rows import dict_row

from infra.local.postgres import DatabaseUrls

PLENTY = 600.0


def plenty() -> float:
    """As much time as anything takes."""
    return PLENTY


@dataclass
class TypedLibrary:
    """One owner's collection, as the worker and the api see it."""

    urls: DatabaseUrls
    worker: Database
    app: Database
    owner: str
    collection: Collection
    assets: list[UUID] = field(default_factory=list)

    @classmethod
    def open(cls, urls: DatabaseUrls, owner: str = "ada", name: str = "orders") -> TypedLibrary:
        worker, collection_id = Database(urls.worker), new_id()
        table = docs_table_name(name, collection_id)
        with worker.transaction() as connection:
            collections.insert(
                connection,
                owner,
                collection_id,
                name=name,
                origin="named",
                key_paths=[],
                docs_table=table,
            )
            document_tables.create(connection, owner, name, table)
            made = collections.get(connection, owner, collection_id)
        assert made is not None
        return cls(urls, worker, Database(urls.app), owner, made)

    def close(self) -> None:
        """Leave no table behind."""
        for name in {self.collection.docs_table, *self._typed_tables()}:
            table = sql.Identifier(TABLES, name)
            self.rows(sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(table))
        self.rows("DELETE FROM schema_def; DELETE FROM collection; DELETE FROM chore")
        self.worker.close()
        self.app.close()

    def _typed_tables(self) -> set[str]:
        rows = self.rows("SELECT table_name FROM schema_def WHERE table_name IS NOT NULL")
        return {row["table_name"] for row in rows}

    @property
    def by(self) -> By:
        return By(self.owner, "key:test", "request")

    def add(self, texts: Iterable[str], asset_id: UUID | None = None, part: int = 0) -> UUID:
        """Store documents as a part of an asset, with their typed rows if there is a table."""
        asset_id = asset_id or new_id()
        number = asset_id.int >> 40 << 40 | part << 20
        rows = [(number + place, place, text) for place, text in enumerate(texts)]
        place = Place(asset_id, part)
        with self.worker.session() as connection, connection.transaction():
            collections.add_to(connection, self.collection.id)
            typed_tables.let_go(connection, self.collection, place)
            document_tables.delete_part(connection, self.collection.docs_table, place)
            document_tables.write(connection, self.collection.docs_table, place, rows)
            typed_tables.take_in(connection, self.collection, place)
        self.assets.append(asset_id)
        return asset_id

    def purge(self, asset_id: UUID) -> None:
        """Erase an asset's documents, as the api does."""
        with self.app.transaction(self.owner) as connection:
            collections.rebuild(connection, self.collection.id)
            typed_tables.forget_asset(connection, self.collection, asset_id)
            document_tables.delete_asset(connection, self.collection.docs_table, asset_id)

    def propose(self, *columns: Column, structure: str = "s") -> UUID | None:
        wanted = Wanted("sql", structure, 1.0, [], {}, TableDesign(columns))
        with self.worker.transaction() as connection:
            return proposals.propose(connection, self.collection, wanted, "request")

    def proposed(self, *columns: Column, structure: str = "s") -> UUID:
        schema_id = self.propose(*columns, structure=structure)
        assert schema_id is not None
        return schema_id

    def prove(self) -> None:
        while not prove(self.worker, self.owner, plenty):
            pass

    def approve(self, schema_id: UUID) -> None:
        with self.app.transaction(self.owner) as connection:
            proposals.approve(connection, self.by, schema_id)

    def build(self) -> None:
        while not build(self.worker, self.owner, plenty):
            pass

    def roll_back(self, schema_id: UUID) -> None:
        with self.app.transaction(self.owner) as connection:
            proposals.request_rollback(connection, self.by, schema_id)
        self.undo()

    def undo(self) -> None:
        while not undo(self.worker, self.owner):
            pass

    def built(self, *columns: Column, structure: str = "s") -> SchemaDef:
        """A table of these columns, from the proposal to the last row."""
        schema_id = self.proposed(*columns, structure=structure)
        self.prove()
        self.approve(schema_id)
        self.build()
        made = self.schema(schema_id)
        assert made.status == "active", made
        return made

    def schema(self, schema_id: UUID) -> SchemaDef:
        with self.app.transaction(self.owner) as connection:
            found = schema_defs.get(connection, self.owner, schema_id)
        assert found is not None
        return found

    def rows(
        self, query: str | sql.Composable, values: dict[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """What stands in the tables; or change it, as a superuser."""
        text = query if isinstance(query, str) else query.as_string()
        with psycopg.connect(
            self.urls.superuser, autocommit=True, row_factory=dict_row
        ) as connection:
            connection.execute("SET search_path = catalog, collections, public")
            cursor = connection.execute(text.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def typed(self, definition: SchemaDef) -> list[dict[str, Any]]:
        """The rows of the table, in the order of their documents."""
        assert definition.table_name is not None
        table = sql.Identifier(TABLES, definition.table_name)
        return self.rows(sql.SQL("SELECT * FROM {} ORDER BY document_id").format(table))

    def texts(self) -> list[str]:
        """The documents, as the server writes them."""
        docs = sql.Identifier(TABLES, self.collection.docs_table)
        rows = self.rows(
            sql.SQL("SELECT doc::text AS doc FROM {} ORDER BY document_id").format(docs)
        )
        return [row["doc"] for row in rows]

    def texts_again(self, definition: SchemaDef) -> list[str]:
        """The documents as the typed rows say them."""
        assert definition.table_name is not None
        assert definition.design is not None
        rows = self.rows(
            sql.SQL("SELECT ({})::text AS doc FROM {} AS typed ORDER BY document_id").format(
                document_of(from_json(definition.design), sql.SQL("typed")),
                sql.Identifier(TABLES, definition.table_name),
            )
        )
        return [row["doc"] for row in rows]

    def relations(self) -> set[tuple[Any, ...]]:
        """Everything that has a name, an owner or rights in this database, but for toast."""
        rows = self.rows(
            "SELECT 'relation' AS what, relnamespace::regnamespace::text AS place, relname AS name,"
            " relkind::text || relowner::regrole::text || coalesce(relacl::text, '') AS detail"
            " FROM pg_class WHERE relnamespace <> 'pg_toast'::regnamespace"
            " UNION ALL SELECT 'column', attrelid::regclass::text, attname, atttypid::text"
            " FROM pg_attribute WHERE attnum > 0 AND attrelid IN (SELECT oid FROM pg_class"
            " WHERE relnamespace <> 'pg_toast'::regnamespace)"
            " UNION ALL SELECT 'function', pronamespace::text, proname, prosrc FROM pg_proc"
            " UNION ALL SELECT 'schema', '', nspname, coalesce(nspacl::text, '') FROM pg_namespace"
            " WHERE nspname NOT LIKE 'pg_temp%' AND nspname NOT LIKE 'pg_toast_temp%'"
            " UNION ALL SELECT 'role', '', rolname, rolconfig::text FROM pg_roles"
            " UNION ALL SELECT 'trigger', tgrelid::text, tgname, '' FROM pg_trigger"
            " UNION ALL SELECT 'rule', ev_class::regclass::text, rulename, '' FROM pg_rewrite"
            " UNION ALL SELECT 'extension', '', extname, '' FROM pg_extension"
        )
        return {tuple(row.values()) for row in rows}


def documents(*values: object) -> Sequence[str]:
    """Values as documents' texts."""
    return [json.dumps(value) for value in values]
