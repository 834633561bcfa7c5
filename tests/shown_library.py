"""Rows that search looks at, put down by themselves: many of them, in no time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

import psycopg


def put_down(
    url: str,
    at: Sequence[datetime],
    places: Sequence[tuple[float, float] | None] = (),
    *,
    owner: str = "ada",
    kind: str = "image",
    tag: str = "beach",
    hidden: bool = False,
    duplicate: bool = False,
) -> list[UUID]:
    """One searchable for each time, as `url`'s superuser; there is no asset behind any."""
    ids = [uuid4() for _ in at]
    located = [*places, *[None] * (len(at) - len(places))]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET search_path = catalog, public")
        connection.execute("SET session_replication_role = replica")
        connection.cursor().executemany(
            "INSERT INTO searchable (owner, asset_id, kind, created_at, at, latitude, longitude,"
            " facets, words, hidden, duplicate)"
            " VALUES (%s, %s, %s, now(), %s, %s, %s, %s, '', %s, %s)",
            [
                (
                    owner,
                    asset_id,
                    kind,
                    each,
                    *(place or (None, None)),
                    [f"kind:{kind}", f"tag:{tag}", *(["has:place"] if place else [])],
                    hidden,
                    duplicate,
                )
                for asset_id, each, place in zip(ids, at, located, strict=True)
            ],
        )
    return ids
