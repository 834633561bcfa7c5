"""Vectors of texts that were asked before, so that asking again needs no model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b

from mammothbox.catalog import space_index
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.spaces import SpaceRow


@dataclass(frozen=True)
class Known:
    """The active space, if there is one, and the text's vector in it, as pgvector writes it."""

    space: SpaceRow | None
    vector: str | None
    # How many vectors its index has; see `vector_plan.Expected`.
    indexed: float | None = None


def digest(text: str) -> bytes:
    """The same for texts that mean the same to a model, but for capitals and spaces."""
    return blake2b(normalised(text).encode(), digest_size=16).digest()


def normalised(text: str) -> str:
    """The text as a model is to read it."""
    return " ".join(text.casefold().split())


def find(connection: Connection, owner: str, text: str) -> Callable[[], Known]:
    """Asks for the text's vector in the active space; what is returned reads the answer.

    A vector that is in use is noted to be once a day.
    """
    cursor = connection.execute(
        "SELECT s.id, s.name, s.model, s.weights_sha256, s.dimension, s.state, s.calibration,"
        " s.activated_at, v.vector::text AS vector,"
        " v.used_at < now() - interval '1 day' AS unnoted, " + space_index.INDEXED + " AS indexed"
        " FROM embedding_space s LEFT JOIN query_vector v ON v.owner = %(owner)s"
        " AND v.space_id = s.id AND v.digest = %(digest)s WHERE s.state = 'active'",
        {"owner": owner, "digest": digest(text)},
        prepare=True,
    )

    def read() -> Known:
        row = cursor.fetchone()
        if row is None:
            return Known(None, None)
        vector, unnoted, indexed = row.pop("vector"), row.pop("unnoted"), row.pop("indexed")
        space = SpaceRow(**row)
        if unnoted:
            _note_use(connection, owner, space, text)
        return Known(space, vector, indexed)

    return read


def keep(connection: Connection, owner: str, space: SpaceRow, text: str, vector: str) -> None:
    """Keep the text's vector for whoever of the owner asks next."""
    connection.execute(
        "INSERT INTO query_vector (owner, space_id, digest, vector)"
        " VALUES (%s, %s, %s, %s::text::vector) ON CONFLICT DO NOTHING",
        [owner, space.id, digest(text), vector],
    )


def _note_use(connection: Connection, owner: str, space: SpaceRow, text: str) -> None:
    connection.execute(
        "UPDATE query_vector SET used_at = now()"
        " WHERE owner = %s AND space_id = %s AND digest = %s",
        [owner, space.id, digest(text)],
    )
