"""Making anew, in pieces, what search looks at.

All of it after an upgrade and when a space is activated; of a purge, what the purged one lent to
others. Where that stands is in the catalogue; whoever has time does the next piece.
"""

from __future__ import annotations

from itertools import groupby
from time import monotonic

from mammothbox.catalog import originals, searchable_walk, searchables
from mammothbox.catalog.assets import Asset
from mammothbox.catalog.connection import Database
from mammothbox.errors import Unavailable

# A piece takes some tenths of a second, during which its assets wait for nothing else.
_ASSETS_PER_PIECE = 250
_SECONDS_PER_RUN = 20.0
_DUPLICATES_PER_PIECE = 100
# Whoever asked for a purge waits.
_SECONDS_PER_PURGE = 10.0


def go_on(database: Database) -> int:
    """Do pieces for some seconds; returns how many assets were looked at.

    Begins anew when the rules by which it is made are new. Raises `Unavailable` when a piece would
    have to wait for others: a later run does it.
    """
    with database.transaction() as connection:
        searchable_walk.begin_by_new_rules(connection, searchables.RULES)
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
            searchables.refresh_only(connection, owner, [each.id for each in assets])
        return len(piece)


def without(database: Database, original: Asset) -> None:
    """Take what was known of an asset that is being purged from its exact duplicates, all of them.

    Raises `Unavailable` when there are more than some seconds do; asked again, it goes on there.
    """
    until = monotonic() + _SECONDS_PER_PURGE
    while _do_some_without(database, original):
        if monotonic() >= until:
            raise Unavailable("the purge takes longer: it has many duplicates; it goes on later")


def _do_some_without(database: Database, original: Asset) -> bool:
    """Whether there may be more to do."""
    if original.sha256 is None:
        return False
    with database.transaction(original.owner) as connection:
        # The bytes first, then assets: the order in which everyone takes these locks.
        originals.lock(connection, original.owner, original.sha256)
        told = searchables.lock_told_by(
            connection, original.owner, original.id, _DUPLICATES_PER_PIECE
        )
        if told:
            searchables.refresh_only(connection, original.owner, told)
        return bool(told)
