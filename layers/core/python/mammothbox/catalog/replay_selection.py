"""Which ended stages of an owner a replay of many is about, asset by asset."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from mammothbox.catalog.connection import Connection
from mammothbox.catalog.stages_anew import queue_anew
from mammothbox.messages import WakeUp


@dataclass(frozen=True)
class Selection:
    """Stages that ended in one of `states` before a time. `None` does not narrow.

    Nothing of the trash, and nothing that is being erased.
    """

    states: Collection[str]
    ended_before: datetime
    stage: str | None = None
    code: str | None = None
    space: str | None = None
    kind: str | None = None
    collection: str | None = None
    system_ids: Collection[UUID] | None = None


_STAGES = {"stage": "s.name", "code": "s.error_code", "space": "s.space"}
_ASSETS = {"kind": "a.kind", "collection": "a.collection"}
# Planned for the failed ones, of which there are few, and which have an index.
_IS_FAILED = " AND s.state IN ('failed', 'dead')"


def page(
    connection: Connection, owner: str, selection: Selection, after: UUID | None, limit: int
) -> list[UUID]:
    """Assets with such stages, by id, from beyond `after`."""
    rows = connection.execute(
        "SELECT DISTINCT s.asset_id FROM stage s"
        " JOIN asset a ON a.owner = s.owner AND a.id = s.asset_id"
        " WHERE s.owner = %(owner)s AND a.trashed_at IS NULL AND a.purging_at IS NULL"
        " AND (%(after)s::uuid IS NULL OR s.asset_id > %(after)s)"
        + _meant(selection, {**_STAGES, **_ASSETS})
        + ("" if selection.system_ids is None else " AND s.asset_id = ANY(%(system_ids)s)")
        + " ORDER BY s.asset_id LIMIT %(limit)s",
        {**_values(selection), "owner": owner, "after": after, "limit": limit},
    ).fetchall()
    return [row["asset_id"] for row in rows]


def stages_of(connection: Connection, owner: str, asset_id: UUID, selection: Selection) -> set[str]:
    """The names of those stages of one asset."""
    rows = connection.execute(
        "SELECT DISTINCT s.name FROM stage s WHERE s.owner = %(owner)s"
        " AND s.asset_id = %(asset_id)s" + _meant(selection, _STAGES),
        {**_values(selection), "owner": owner, "asset_id": asset_id},
    ).fetchall()
    return {row["name"] for row in rows}


def revive(
    connection: Connection, owner: str, asset_id: UUID, selection: Selection, *, spare: str | None
) -> list[WakeUp]:
    """Queue those stages of one asset anew, with a fresh budget of attempts, but not `spare`.

    What failed in a space that is not in use any more is begun anew in the active one.
    """
    which = " AND s.name IS DISTINCT FROM %(spare)s" + _meant(selection, _STAGES)
    values = {**_values(selection), "owner": owner, "asset_id": asset_id, "spare": spare}
    return queue_anew(connection, which, values)


def _meant(selection: Selection, narrowing: dict[str, str]) -> str:
    # Columns come from the tables above, never from a client.
    narrowed = [
        f" AND {column} = %({name})s"
        for name, column in narrowing.items()
        if getattr(selection, name) is not None
    ]
    return (
        (_IS_FAILED if set(selection.states) == {"failed", "dead"} else "")
        + " AND s.state = ANY(%(states)s) AND s.finished_at < %(ended_before)s"
        + "".join(narrowed)
    )


def _values(selection: Selection) -> dict[str, Any]:
    ids = selection.system_ids
    return {
        **vars(selection),
        "states": list(selection.states),
        "system_ids": None if ids is None else list(ids),
    }
