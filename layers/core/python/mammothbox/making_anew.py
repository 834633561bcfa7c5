"""Making anew, in pieces, what search looks at: after an upgrade, and when a space is activated.

Where that stands is in the catalogue; whoever has time does the next piece.
"""

from __future__ import annotations

from itertools import groupby
from time import monotonic

from mammothbox.catalog import searchable_walk, searchables
from mammothbox.catalog.connection import Database

# A piece takes some tenths of a second, during which its assets wait for nothing else.
_ASSETS_PER_PIECE = 250
_SECONDS_PER_RUN = 20.0


def go_on(database: Database) -> int:
    """Do pieces for some seconds; returns how many assets were looked at.

    Raises `Unavailable` when a piece would have to wait for others: a later run does it.
    """
    until = monotonic() + _SECONDS_PER_RUN
    looked_at = 0
    while monotonic() < until:
        found = _do_a_piece(database)
        looked_at += found
        if not found:
            break
    return looked_at


def _do_a_piece(database: Database) -> int:
    """How many assets the piece was; none when there is no more to do."""
    with database.transaction() as connection:
        after = searchable_walk.take_turn(connection)
        if after is None:
            return 0
        piece = searchable_walk.lock_next(connection, after, _ASSETS_PER_PIECE)
        searchable_walk.move(connection, piece[-1] if piece else None)
        for owner, assets in groupby(piece, key=lambda each: each.owner):
            searchables.refresh(connection, owner, [each.id for each in assets])
        return len(piece)
