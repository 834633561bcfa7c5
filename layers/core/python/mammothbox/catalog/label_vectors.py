"""The vectors of a vocabulary's labels, and whose turn it is to make them."""

from __future__ import annotations

from collections.abc import Sequence

from pgvector import Vector
from psycopg.errors import LockNotAvailable

from mammothbox.catalog.connection import Connection
from mammothbox.catalog.embeddings import Floats
from mammothbox.errors import NotItsTurn

# No function of Lambda's lives longer.
_LONGEST_S = 900


def record(
    connection: Connection, space_id: int, digest: str, labels: Sequence[str], vectors: Floats
) -> None:
    """Add vectors of labels to an edition of the vocabulary; older editions of the space go."""
    connection.execute(
        "DELETE FROM vocabulary WHERE space_id = %s AND digest <> %s", [space_id, digest]
    )
    connection.cursor().executemany(
        "INSERT INTO vocabulary (space_id, digest, label, vector)"
        " VALUES (%s, %s, %s, %s::text::vector) ON CONFLICT DO NOTHING",
        [
            (space_id, digest, label, Vector(vector).to_text())
            for label, vector in zip(labels, vectors, strict=True)
        ],
    )


def of_edition(connection: Connection, space_id: int, digest: str) -> dict[str, Floats]:
    """What there is of an edition's label vectors, by label."""
    rows = connection.execute(
        "SELECT label, vector::text AS vector FROM vocabulary WHERE space_id = %s AND digest = %s",
        [space_id, digest],
    ).fetchall()
    return {row["label"]: Vector.from_text(row["vector"]).to_numpy() for row in rows}


def wait_for_turn(connection: Connection, space_id: int, patience_s: float) -> None:
    """Wait until nobody else makes label vectors of this space. The turn ends with the transaction.

    It ends with a crash, too, as the server then hangs up. Raises `NotItsTurn` when it did not
    come within `patience_s`, after which the transaction is of no use.
    """
    # A timeout of nothing would be none at all, and Postgres knows none of a month.
    milliseconds = max(1, int(min(patience_s, _LONGEST_S) * 1000))
    connection.execute("SELECT set_config('lock_timeout', %s, true)", [f"{milliseconds}ms"])
    try:
        connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"vocabulary:{space_id}"]
        ).fetchone()
    except LockNotAvailable:
        raise NotItsTurn("labels_in_the_making", "Another worker embeds the labels.") from None


def keep_turn(connection: Connection) -> None:
    """Show the server, which ends idle transactions, that this one is alive.

    Raises `Unavailable` when it has ended it.
    """
    connection.execute("SELECT 1").fetchone()
