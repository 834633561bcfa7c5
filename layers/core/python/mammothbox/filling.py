"""Filling a space with the vectors of what is there already, in pieces, and calling that off.

Which walks are under way, and where each stands, is in the catalogue; whoever has time does
the next piece.
"""

from __future__ import annotations

from time import monotonic

from mammothbox.catalog import space_walks
from mammothbox.catalog.connection import Database

# A piece takes some tenths of a second, during which its assets cannot be purged.
_ASSETS_PER_PIECE = 2000
_SECONDS_PER_RUN = 20.0


def go_on(database: Database) -> int:
    """Do pieces of the walks that are under way, for some seconds; returns how many assets were
    looked at. Raises `Unavailable` when a piece would have to wait: a later run does it."""
    until = monotonic() + _SECONDS_PER_RUN
    looked_at = 0
    while monotonic() < until:
        found = _do_a_piece(database)
        if found is None:
            break
        looked_at += found
    return looked_at


def _do_a_piece(database: Database) -> int | None:
    """How many assets the piece was; `None` when no walk is under way."""
    with database.transaction() as connection:
        turn = space_walks.take_turn(connection)
        if turn is None:
            return None
        if not turn.known:
            space_walks.set_out(connection, turn)
            return 0
        if turn.aim == "fill":
            piece = space_walks.queue_lacking(connection, turn, _ASSETS_PER_PIECE)
        else:
            piece = space_walks.skip_waiting(connection, turn, _ASSETS_PER_PIECE)
        space_walks.move(connection, turn, piece)
        return piece.looked_at if piece else 0
