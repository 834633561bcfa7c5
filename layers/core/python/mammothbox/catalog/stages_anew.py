"""Stages that have ended are queued anew, with a fresh budget of attempts.

What failed in a space that has gone out of use may lack its model, too. An object can become ready
in the active space instead, so what is tried again there is the embedding, from which the rest
follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mammothbox.catalog.connection import Connection
from mammothbox.messages import WakeUp

# Of the stage `s`.
ANEW = (
    " SET state = 'queued', revived_at_attempt = s.attempt, queued_at = now(), woken_at = NULL,"
    " finished_at = NULL, error_code = NULL, error_detail = NULL, retryable = NULL"
)
_WAKE_UP = " RETURNING s.name AS stage, s.owner, s.asset_id, s.space, s.part, s.request_id"
_OF_ASSET = " WHERE s.owner = %(owner)s AND s.asset_id = %(asset_id)s AND"
# What is optional holds up no object.
_IS_LEFT_BEHIND = (
    " (s.space <> '' AND NOT s.optional AND s.state IN ('failed', 'dead') AND NOT EXISTS ("
    "SELECT FROM embedding_space e WHERE e.name = s.space AND e.state IN ('active', 'filling')))"
)
_WHERE_THEY_WERE = (
    "UPDATE stage s" + ANEW + _OF_ASSET + " NOT" + _IS_LEFT_BEHIND + "{which}" + _WAKE_UP
)
_IN_THE_ACTIVE_SPACE = (
    "WITH gone AS (UPDATE stage s SET state = 'skipped', optional = true, lease_until = NULL,"
    " finished_at = now(), error_code = 'space_not_in_use', retryable = false,"
    " error_detail = 'This embedding space is neither active nor being filled any more.'"
    + (_OF_ASSET + _IS_LEFT_BEHIND + "{which} RETURNING s.request_id)")
    + " INSERT INTO stage AS s (owner, asset_id, name, space, state, request_id)"
    " SELECT %(owner)s, %(asset_id)s, 'embed', e.name, 'queued', gone.request_id"
    " FROM embedding_space e, (SELECT request_id FROM gone LIMIT 1) gone WHERE e.state = 'active'"
    " ON CONFLICT (owner, asset_id, name, space, part) DO UPDATE"
    + (ANEW + ", optional = false WHERE s.state IN ('done', 'failed', 'dead', 'skipped')")
    + _WAKE_UP
)


def queue_anew(connection: Connection, which: str, values: Mapping[str, Any]) -> list[WakeUp]:
    """Queue those stages of one asset, and in place of those left behind its embedding.

    `which` are our own conditions on the stage `s`; `values` has `owner` and `asset_id`, too.
    """
    return [
        WakeUp(**row)
        for statement in (_WHERE_THEY_WERE, _IN_THE_ACTIVE_SPACE)
        for row in connection.execute(statement.format(which=which).encode(), values).fetchall()
    ]
