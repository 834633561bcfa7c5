"""Captions, and the tokens they cost: reserved before a model is asked, settled after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from mammothbox.catalog.connection import Connection
from mammothbox.tagging.budget import Used


@dataclass(frozen=True)
class Captioned:
    """What a model said of a picture."""

    asset_id: UUID
    caption: str
    visible_text: str
    model: str
    tokens: int
    at: datetime


def record(connection: Connection, owner: str, found: Captioned) -> bool:
    """Put down the caption, in place of an earlier one; whether it is another than that."""
    row = connection.execute(
        "INSERT INTO caption (owner, asset_id, caption, visible_text, model, tokens, at)"
        " VALUES (%(owner)s, %(asset_id)s, %(caption)s, %(visible_text)s, %(model)s,"
        " %(tokens)s, %(at)s) ON CONFLICT (owner, asset_id) DO UPDATE SET"
        " caption = excluded.caption, visible_text = excluded.visible_text,"
        " model = excluded.model, tokens = excluded.tokens, at = excluded.at"
        " WHERE caption.at <> excluded.at RETURNING 1",
        {**vars(found), "owner": owner},
    ).fetchone()
    return row is not None


def lock_use(connection: Connection, owner: str, day: date) -> Used:
    """What the owner has used, while nobody else reserves for them."""
    connection.execute(
        "INSERT INTO token_use (owner, day) VALUES (%s, %s)"
        " ON CONFLICT (owner, day) DO UPDATE SET day = excluded.day",
        [owner, day],
    )
    return used(connection, owner, day)


def used(connection: Connection, owner: str, day: date) -> Used:
    """What the owner has used on that day, and in the whole of its month."""
    row = connection.execute(
        "SELECT coalesce(sum(spent) FILTER (WHERE day = %(day)s), 0)::bigint AS spent_today,"
        " coalesce(sum(reserved) FILTER (WHERE day = %(day)s), 0)::bigint AS reserved_today,"
        " coalesce(sum(spent), 0)::bigint AS spent_this_month,"
        " coalesce(sum(reserved), 0)::bigint AS reserved_this_month FROM token_use"
        " WHERE owner = %(owner)s AND day >= date_trunc('month', %(day)s::date)",
        {"owner": owner, "day": day},
    ).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always has its row
    return Used(**row)


def reserve(connection: Connection, owner: str, asset_id: UUID, day: date, tokens: int) -> None:
    """Reserve tokens for one asset, in place of what was reserved for it before."""
    _release(connection, owner, asset_id)
    connection.execute(
        "INSERT INTO token_reservation (owner, asset_id, day, tokens) VALUES (%s, %s, %s, %s)",
        [owner, asset_id, day, tokens],
    )
    connection.execute(
        "INSERT INTO token_use (owner, day, reserved) VALUES (%s, %s, %s)"
        " ON CONFLICT (owner, day) DO UPDATE SET reserved = token_use.reserved + excluded.reserved",
        [owner, day, tokens],
    )


def is_ordered(connection: Connection, owner: str, asset_id: UUID) -> bool:
    """Whether a caption was ordered, or refused, before."""
    row = connection.execute(
        "SELECT 1 FROM stage WHERE owner = %s AND asset_id = %s AND name = 'caption'",
        [owner, asset_id],
    ).fetchone()
    return row is not None


def uncaptioned_picture(
    connection: Connection, owner: str, asset_id: UUID, name: str
) -> tuple[int, int] | None:
    """Width and height of the derivative that a captioner would be shown.

    `None` when there is none, or a caption is on record: its answer is stored and nobody is
    asked again.
    """
    row = connection.execute(
        "SELECT width, height FROM derivative WHERE owner = %(owner)s"
        " AND asset_id = %(asset_id)s AND name = %(name)s AND NOT EXISTS ("
        "SELECT FROM caption WHERE owner = %(owner)s AND asset_id = %(asset_id)s)",
        {"owner": owner, "asset_id": asset_id, "name": name},
    ).fetchone()
    return (row["width"], row["height"]) if row else None


def settle(connection: Connection, owner: str, asset_id: UUID, *, spent: int) -> None:
    """Turn a reservation into what was spent. What was not reserved counts for today."""
    day = _release(connection, owner, asset_id) or datetime.now(UTC).date()
    connection.execute(
        "INSERT INTO token_use (owner, day, spent) VALUES (%s, %s, %s)"
        " ON CONFLICT (owner, day) DO UPDATE SET spent = token_use.spent + excluded.spent",
        [owner, day, spent],
    )


def _release(connection: Connection, owner: str, asset_id: UUID) -> date | None:
    """End the asset's reservation, as the end of its caption stage does; of which day it was."""
    row = connection.execute(
        "DELETE FROM token_reservation WHERE owner = %s AND asset_id = %s RETURNING day",
        [owner, asset_id],
    ).fetchone()
    return row["day"] if row else None
