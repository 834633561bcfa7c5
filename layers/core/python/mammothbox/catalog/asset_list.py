"""Lists of assets: filters that each have an index, newest first, page by page."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from mammothbox.catalog.assets import SELECT, Asset
from mammothbox.catalog.connection import Connection
from mammothbox.errors import Refused
from mammothbox.searching import query_values
from mammothbox.searching.filters import Box
from mammothbox.tagging.same_label import small_letters

Duplicates = Literal["include", "exclude", "only"]


@dataclass(frozen=True)
class AssetFilter:
    """What a list is narrowed to. `None` does not narrow."""

    kind: str | None = None
    status: str | None = None
    content_type: str | None = None
    collection: str | None = None
    sha256: str | None = None
    job_id: UUID | None = None
    duplicate_of: UUID | None = None
    duplicates: Duplicates = "include"
    created_from: datetime | None = None
    created_to: datetime | None = None
    trashed: bool = False
    tag: str | None = None
    taken_from: datetime | None = None
    taken_to: datetime | None = None
    box: Box | None = None
    # A cluster with all that are one with it; of none, nothing is listed.
    clusters: Sequence[UUID] | None = None


@dataclass(frozen=True)
class Position:
    """Behind which asset the next page begins."""

    created_at: datetime
    id: UUID

    def cursor(self) -> str:
        """An opaque word that `parse_cursor` reads back."""
        plain = f"{self.created_at.isoformat()} {self.id}"
        return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


# Bytes of comments in a page. An answer has up to 6 MiB, in which each may be three.
_MOST_WRITTEN = 1_000_000
_EQUAL = ("kind", "status", "content_type", "collection", "sha256", "job_id", "duplicate_of")


# A person said that it is the same picture as another that is there to be seen.
_KEPT_INSTEAD = (
    "(SELECT FROM duplicate p JOIN asset k ON k.owner = p.owner AND k.id = p.keeper"
    " AND k.trashed_at IS NULL AND k.purging_at IS NULL WHERE p.owner = a.owner"
    " AND p.yielding = a.id AND p.state = 'confirmed')"
)
_NEWEST_FIRST = " ORDER BY a.created_at DESC, a.id DESC"
_ACTIVE = "(SELECT name FROM embedding_space WHERE state = 'active')"
# The index holds tags in the list's order, so that a page reads no more of them than it shows.
# Several may have said the same of one asset: the first of them stands for all.
_TAGGED = (
    " JOIN tag t ON t.owner = a.owner AND t.asset_id = a.id"
    " AND (t.space = '' OR t.space = " + _ACTIVE + ") AND NOT EXISTS ("
    "SELECT FROM tag said WHERE said.owner = t.owner AND said.asset_id = t.asset_id"
    " AND lower(said.label) = ANY(%(tags)s)"
    " AND (said.source, said.space, said.label) < (t.source, t.space, t.label)"
    " AND (said.space = '' OR said.space = " + _ACTIVE + ") IS TRUE)"
)
_TAG = "lower(t.label) = %(tag)s"
# Of several ways to write it in small letters, which are rare, all have to be put in order.
_ANY_TAG = "lower(t.label) = ANY(%(tags)s)"
_AFTER = "(a.created_at, a.id) < (%(after_at)s, %(after_id)s)"
_TAGGED_AFTER = "(t.asset_created_at, t.asset_id) < (%(after_at)s, %(after_id)s)"
_NEWEST_TAGGED_FIRST = " ORDER BY t.asset_created_at DESC, t.asset_id DESC"
_IN_CLUSTER = (
    " JOIN joined cm ON cm.owner = a.owner AND cm.asset_id = a.id"
    " AND cm.cluster_id = ANY(%(clusters)s) AND cm.edition = ("
    "SELECT edition FROM clustering WHERE owner = %(owner)s)"
)
_WITH_MEDIA = " JOIN media m ON m.owner = a.owner AND m.asset_id = a.id"


def parse_cursor(cursor: str) -> Position:
    """Raises `Refused` when the word is none of ours."""
    try:
        plain = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        at, _, identifier = plain.partition(" ")
        created_at = datetime.fromisoformat(at)
        if created_at.tzinfo is None:
            raise ValueError("a time without its zone")
        return Position(created_at, UUID(identifier))
    except (ValueError, binascii.Error, OverflowError):
        raise Refused(
            422, "invalid_cursor", "Use the next_cursor of the page before, as it came."
        ) from None


def parse_box(text: str) -> Box:
    """`west,south,east,north`. Raises `Refused` when it is no part of the map."""
    try:
        return query_values.box([part.strip() for part in text.split(",")])
    except ValueError as error:
        raise Refused(422, "invalid_bbox", f"A bbox is {error}.") from None


def page(
    connection: Connection, owner: str, wanted: AssetFilter, after: Position | None, limit: int
) -> tuple[list[Asset], Position | None]:
    """One page, newest first, and where the next one begins if there is one."""
    conditions, values = _conditions(wanted, after)
    tagged = wanted.tag is not None
    rows = connection.execute(
        SELECT
        + (_TAGGED if tagged else "")
        + (_IN_CLUSTER if wanted.clusters is not None else "")
        + (_WITH_MEDIA if _is_about_media(wanted) else "")
        + " WHERE a.owner = %(owner)s AND a.purging_at IS NULL AND "
        + " AND ".join(conditions)
        + (_NEWEST_TAGGED_FIRST if tagged else _NEWEST_FIRST)
        + " LIMIT %(limit)s",
        {**values, "owner": owner, "limit": limit + 1},
    ).fetchall()
    assets = list(_within_an_answer(Asset(**row) for row in rows[:limit]))
    more = len(rows) > len(assets)
    return assets, Position(assets[-1].created_at, assets[-1].id) if more else None


def _within_an_answer(assets: Iterable[Asset]) -> Iterator[Asset]:
    """As many as an answer of Lambda holds with what people wrote about them; the first always."""
    written = 0
    for number, asset in enumerate(assets):
        written += len((asset.comments or "").encode())
        if number and written > _MOST_WRITTEN:
            return
        yield asset


def _conditions(wanted: AssetFilter, after: Position | None) -> tuple[list[str], dict[str, Any]]:
    values: dict[str, Any] = {}
    conditions = ["a.trashed_at IS NOT NULL" if wanted.trashed else "a.trashed_at IS NULL"]
    for name in _EQUAL:
        value = getattr(wanted, name)
        if value is not None:
            # Names come from the tuple above, never from a client.
            conditions.append("a." + name + " = %(" + name + ")s")
            values[name] = value
    if wanted.duplicates != "include":
        is_one = "(a.duplicate_of IS NOT NULL OR EXISTS " + _KEPT_INSTEAD + ")"
        conditions.append(is_one if wanted.duplicates == "only" else "NOT " + is_one)
    if wanted.created_from is not None:
        conditions.append("a.created_at >= %(created_from)s")
        values["created_from"] = wanted.created_from
    if wanted.created_to is not None:
        conditions.append("a.created_at < %(created_to)s")
        values["created_to"] = wanted.created_to
    if wanted.tag is not None:
        tags = sorted(small_letters(wanted.tag))
        conditions += ["t.owner = %(owner)s", _TAG if len(tags) == 1 else _ANY_TAG]
        values |= {"tag": tags[0], "tags": tags}
    if wanted.clusters is not None:
        values["clusters"] = list(wanted.clusters)
    if after is not None:
        conditions.append(_AFTER if wanted.tag is None else _TAGGED_AFTER)
        values |= {"after_at": after.created_at, "after_id": after.id}
    about_media = _about_media(wanted)
    return conditions + list(about_media), values | _values_about_media(wanted)


def _is_about_media(wanted: AssetFilter) -> bool:
    return any(_about_media(wanted))


def _about_media(wanted: AssetFilter) -> Iterator[str]:
    if wanted.taken_from is not None:
        yield "m.taken_at >= %(taken_from)s"
    if wanted.taken_to is not None:
        yield "m.taken_at < %(taken_to)s"
    if wanted.box is not None:
        yield "m.latitude BETWEEN %(south)s AND %(north)s"
        if wanted.box.west <= wanted.box.east:
            yield "m.longitude BETWEEN %(west)s AND %(east)s"
        else:
            yield "(m.longitude >= %(west)s OR m.longitude <= %(east)s)"


def _values_about_media(wanted: AssetFilter) -> dict[str, Any]:
    box = vars(wanted.box) if wanted.box else {}
    return {"taken_from": wanted.taken_from, "taken_to": wanted.taken_to, **box}
