"""Documents read by their ids: one that is asked for, or the small ones of a page of results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias
from uuid import UUID

from psycopg import sql

from mammothbox.catalog.collections import Collection
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.document_query import PAGE_BYTES, Document
from mammothbox.catalog.document_tables import VIEWS
from mammothbox.searching.answer import Result

# Reads what was asked for: the texts of documents, by their ids.
Pending: TypeAlias = Callable[[], dict[UUID, str]]

SMALL_BYTES = 4096
# Binary JSON has no more bytes for one of its text; what has more need not be written out.
_BINARY_BYTES = 16
_ONE = sql.SQL(
    "SELECT document_id, asset_id, octet_length(text) AS size,"
    " CASE WHEN octet_length(text) <= %(most)s THEN text END AS text"
    " FROM (SELECT d.document_id, d.asset_id, d.doc::text AS text FROM {docs} d"
    " JOIN asset a ON a.owner = %(owner)s AND a.id = d.asset_id"
    " WHERE d.document_id = %(id)s AND a.trashed_at IS NULL AND a.purging_at IS NULL"
    " OFFSET 0) written"
)
_SMALL = sql.SQL(
    "SELECT document_id, text FROM (SELECT d.document_id, d.doc::text AS text FROM {docs} d"
    " WHERE d.document_id = ANY(%(ids)s) AND pg_column_size(d.doc) <= %(binary)s OFFSET 0) written"
    " WHERE octet_length(text) <= %(most)s"
)


def one(connection: Connection, collection: Collection, document_id: UUID) -> Document | None:
    """The document, its text as the server writes it; `None` if it is not there, or in the trash.

    One that is too large for an answer comes without its text.
    """
    row = connection.execute(
        _ONE.format(docs=sql.Identifier(VIEWS, collection.docs_table)),
        {"owner": collection.owner, "id": document_id, "most": PAGE_BYTES},
    ).fetchone()
    return Document(**row) if row else None


def small(connection: Connection, owner: str, page: Sequence[Result]) -> Pending:
    """The texts of those documents among the results that are small.

    Where they are is asked at once, and answered together with whatever is read next; the texts
    themselves are one more round trip, if there are any.
    """
    ids = [result.document_id for result in page if result.document_id is not None]
    if not ids:
        return dict
    files = [result.asset_id for result in page if result.document_id is not None]
    cursor = connection.execute(
        "SELECT c.docs_table FROM collection c WHERE c.owner = %(owner)s AND c.id IN ("
        "SELECT p.collection_id FROM document_part p"
        " WHERE p.owner = %(owner)s AND p.asset_id = ANY(%(files)s))",
        {"owner": owner, "files": files},
    )

    def read() -> dict[UUID, str]:
        tables = [row["docs_table"] for row in cursor.fetchall()]
        if not tables:
            return {}
        several = [_SMALL.format(docs=sql.Identifier(VIEWS, table)) for table in tables]
        rows = connection.execute(
            sql.SQL(" UNION ALL ").join(several),
            {"ids": ids, "most": SMALL_BYTES, "binary": _BINARY_BYTES * SMALL_BYTES},
        ).fetchall()
        return {row["document_id"]: row["text"] for row in rows}

    return read
